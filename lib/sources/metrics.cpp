// SPDX-License-Identifier: Apache-2.0
// Reads /metrics pages, in one form of names whatever version wrote them.
#include "lib/sources/metrics.hpp"

#include <fmt/format.h>

#include <iterator>

#include "lib/base/text.hpp"
#include "lib/prom/exposition.hpp"
#include "lib/prom/otelcol.hpp"
#include "lib/sources/given_url.hpp"

namespace obsctl::health {
namespace {

bool is_web_page(std::string_view body) {
  const std::string start = lower(trim(body.substr(0, 512)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

Result<Samples> read_page(const Context& context, const std::string& url) {
  constexpr std::size_t k_longest = 4 << 20;
  OBS_TRY_ASSIGN(const HttpResponse response, get(context, url, k_longest));
  if (response.status != 200) {
    return wrong_status(url, response.status, "metrics in Prometheus' text format");
  }
  if (is_web_page(response.body)) {
    return fail(Code::failed,
                fmt::format("'{}' answers with a web page, expected metrics in Prometheus' text "
                            "format",
                            shown_url(url)),
                "check that this is the right address: a proxy or a login may be in between");
  }
  OBS_TRY_ASSIGN(auto families, prom::parse_exposition(response.body, shown_url(url)));
  Samples out;
  for (auto& family : families) {
    for (Sample& sample : family.samples) {
      out.push_back(prom::in_one_form(std::move(sample)));
    }
  }
  return out;
}

}  // namespace

std::vector<Inquiry> metrics_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  for (const Component& component : context.components()) {
    const auto base = component.metrics_path.empty()
                          ? std::nullopt
                          : url_of(context, component, component.metrics_port);
    if (!base) {
      continue;
    }
    const std::string url =
        read_given_url(*base, component.metrics_path).base + component.metrics_path;
    out.push_back({.component = component.name,
                   .source = Source::metrics,
                   .from = shown_url(url),
                   .twice = true,
                   .read = [context, url] { return read_page(context, url); }});
  }
  return out;
}

}  // namespace obsctl::health
