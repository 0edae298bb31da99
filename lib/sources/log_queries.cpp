// SPDX-License-Identifier: Apache-2.0
// Adds up the times of queries and of dashboards' requests.
#include "lib/sources/log_queries.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "lib/base/secret_forms.hpp"
#include "lib/base/text.hpp"
#include "lib/checks/samples.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_npos = std::string_view::npos;
constexpr std::size_t k_shown = 5;
constexpr std::size_t k_most = 2000;  // as many as lines are read
constexpr double k_slow = 5;

struct Times {
  double seconds = 0;
  double runs = 0;
  double slow = 0;
  double slowest = 0;

  void add(double one) {
    seconds += one;
    runs += 1;
    slow += one >= k_slow ? 1 : 0;
    slowest = std::max(slowest, one);
  }
};

using ByLabels = std::map<SampleLabels, Times>;

void add(ByLabels& to, SampleLabels labels, double seconds) {
  if (to.size() < k_most || to.contains(labels)) {
    to[std::move(labels)].add(seconds);
  }
}

// Those that took most.
std::vector<std::pair<SampleLabels, Times>> longest(const ByLabels& all) {
  std::vector<std::pair<SampleLabels, Times>> out(all.begin(), all.end());
  std::ranges::stable_sort(
      out, [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  out.resize(std::min(out.size(), k_shown));
  return out;
}

std::string in_one_line(const std::string& text) {
  std::string out;
  for (const char c : trim(text)) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return secret_forms::without_forms(out);
}

std::string asked_by(const Json& line, const std::map<std::string, std::string>& services) {
  if (const std::string group = engine::text(engine::part(line, "ruleGroup"), "name");
      !group.empty()) {
    return "rule group " + group;
  }
  const std::string address = engine::text(engine::part(line, "httpRequest"), "clientIP");
  const auto service = services.find(address);
  return address.empty() ? "?" : service == services.end() ? address : service->second;
}

// The value of a field of a line in logfmt, or of JSON without blanks.
std::string_view field(std::string_view line, std::string_view name) {
  for (const auto& [before, after] : {std::pair(" " + std::string(name) + "=", ' '),
                                      std::pair("\"" + std::string(name) + "\":", ',')}) {
    const auto at = line.find(before);
    if (at == k_npos) {
      continue;
    }
    std::string_view value = line.substr(at + before.size());
    if (value.starts_with('"')) {
      value.remove_prefix(1);
      return value.substr(0, value.find('"'));
    }
    return value.substr(0, value.find_first_of(std::string{after, '}'}));
  }
  return {};
}

// "http://localhost:3000/d/abc/title?orgId=1" -> "abc"
std::string_view dashboard_in(std::string_view referer) {
  for (const std::string_view before : {"/d/", "/d-solo/"}) {
    if (const auto at = referer.find(before); at != k_npos) {
      const std::string_view uid = referer.substr(at + before.size());
      return uid.substr(0, uid.find_first_of("/?"));
    }
  }
  return {};
}

}  // namespace

Samples query_samples(const std::vector<LogLine>& lines,
                      const std::map<std::string, std::string>& services) {
  constexpr std::string_view k_query_log = "\"promql query logged\"";
  ByLabels all;
  Times total;
  for (const LogLine& one : lines) {
    const auto begin = one.text.find('{');
    if (begin == k_npos || one.text.find(k_query_log) == k_npos) {
      continue;
    }
    const Json line = Json::parse(one.text.substr(begin), nullptr, false);
    const auto seconds =
        engine::number(engine::part(engine::part(line, "stats"), "timings"), "evalTotalTime");
    if (!seconds) {
      continue;
    }
    total.add(*seconds);
    add(all,
        {{"query", shown_label(in_one_line(engine::text(engine::part(line, "params"), "query")))},
         {"asked_by", asked_by(line, services)}},
        *seconds);
  }
  Samples out;
  if (total.runs == 0) {
    return out;
  }
  put(out, "query_log_lines", total.runs);
  put(out, "query_log_seconds", total.seconds);
  for (const auto& [labels, times] : longest(all)) {
    put(out, "query_seconds", times.seconds, labels);
    put(out, "query_runs", times.runs, labels);
    put(out, "query_slowest_seconds", times.slowest, labels);
  }
  return out;
}

Samples dashboard_samples(const std::vector<LogLine>& lines) {
  ByLabels all;
  for (const LogLine& one : lines) {
    if (one.text.find("Request Completed") == k_npos ||
        field(one.text, "path") != "/api/ds/query") {
      continue;
    }
    const std::string_view dashboard = dashboard_in(field(one.text, "referer"));
    const auto milliseconds = parse_number(std::string(field(one.text, "time_ms")));
    if (!dashboard.empty() && milliseconds) {
      add(all, {{"dashboard", std::string(dashboard)}}, *milliseconds / 1000);
    }
  }
  Samples out;
  for (const auto& [labels, times] : longest(all)) {
    put(out, "dashboard_seconds", times.seconds, labels);
    put(out, "dashboard_requests", times.runs, labels);
    put(out, "dashboard_slow_requests", times.slow, labels);
    put(out, "dashboard_slowest_seconds", times.slowest, labels);
  }
  return out;
}

}  // namespace obsctl::health
