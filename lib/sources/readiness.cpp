// SPDX-License-Identifier: Apache-2.0
// Asks the readiness probes from this host. No answer is an answer: the component is not ready.
#include "lib/sources/readiness.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/checks/samples.hpp"
#include "lib/sources/given_url.hpp"

namespace obsctl::health {
namespace {

Result<Samples> probe(const Context& context, const std::string& url) {
  constexpr std::size_t k_longest = 1 << 20;
  const auto start = context.services.clock.monotonic();
  const auto response = get(context, url, k_longest);
  if (!response &&
      (response.error().code == Code::interrupted || response.error().code == Code::terminated)) {
    return Failure(response.error());
  }
  const int status = response ? response->status : 0;
  SampleLabels why;
  if (!response) {
    why["error"] = response.error().message;
  } else if (status / 100 != 2) {
    why["error"] = fmt::format("HTTP status {}", status);
  }
  Samples out;
  put_flag(out, "probe_success", why.empty(), why);
  put(out, "probe_status", status);
  put(out, "probe_seconds", context.services.clock.since(start).seconds);
  return out;
}

// Of a given program only one port is known: its own, which has to be that of the probe.
std::optional<std::string> base_of(const Context& context, const Component& component) {
  const int port = component.probes->readiness.port;
  auto url = url_of(context, component, port);
  if (!url || context.subject.own()) {
    return url;
  }
  const GivenUrl given = read_given_url(*url, component.metrics_path);
  return given.port == port || component.metrics_port == port ? std::optional(given.base)
                                                              : std::nullopt;
}

}  // namespace

std::vector<Inquiry> readiness_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  for (const Component& component : context.components()) {
    if (!component.probes || component.probes->readiness.port == 0) {
      continue;
    }
    if (const auto base = base_of(context, component)) {
      const std::string url = *base + component.probes->readiness.path;
      out.push_back({.component = component.name,
                     .source = Source::readiness,
                     .from = shown_url(url),
                     .read = [context, url] { return probe(context, url); }});
    }
  }
  return out;
}

}  // namespace obsctl::health
