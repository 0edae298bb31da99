// SPDX-License-Identifier: Apache-2.0
// What the lines of a query log and of Grafana's requests add up to.
#include "lib/checks/samples.hpp"
#include "lib/sources/log_queries.hpp"
#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

// As Prometheus 3.16 writes it.
LogLine logged(const std::string& query, double seconds, const std::string& origin) {
  return {
      .at = {},
      .text = fmt::format(
          R"({{"time":"2026-11-26T12:00:00Z","level":"INFO","source":"file.go:107","msg":"promql query logged",)"
          R"("params":{{"end":"2026-11-26T12:00:00Z","query":"{}","start":"2026-11-26T11:00:00Z","step":15}},)"
          R"("stats":{{"timings":{{"evalTotalTime":{},"execTotalTime":9}}}},{}}})",
          query, seconds, origin)};
}

const std::string k_grafana =
    R"("httpRequest":{"clientIP":"172.18.0.9","method":"POST","path":"/api/v1/query_range"})";
const std::string k_rule = R"("ruleGroup":{"file":"/etc/x.yml","name":"slow rules"})";

LogLine completed(const std::string& referer, int status, int milliseconds,
                  const std::string& path = "/api/ds/query") {
  return {
      .at = {},
      .text = fmt::format(
          R"(logger=context userId=1 orgId=1 uname=admin t=2026-11-26T12:00:00Z level=info msg="Request Completed" )"
          R"(method=POST path={} status={} remote_addr=172.18.0.1 time_ms={} duration=1s size=90 )"
          R"(referer="{}" handler=/api/ds/query)",
          path, status, milliseconds, referer)};
}

}  // namespace

TEST_CASE("times are added up by query and by who asks, the longest first") {
  std::vector<LogLine> lines = {logged("sum( a\\n ) by (x)", 2, k_grafana),
                                logged("sum( a\\n ) by (x)", 3, k_grafana),
                                logged("sum(b)", 4, k_rule),
                                logged("up", 0.5, R"("httpRequest":{"clientIP":"10.0.0.7"})"),
                                {.at = {}, .text = R"({"msg":"promql query logged","stats":7})"},
                                {.at = {}, .text = R"(cut "promql query logged" {"params")"},
                                {.at = {}, .text = "level=INFO msg=other"}};
  for (int i = 0; i < 9; ++i) {
    lines.push_back(logged(fmt::format("many_{}", i), 0.01, k_grafana));
  }
  const Samples samples = query_samples(lines, {{"172.18.0.9", "grafana"}});
  const SampleLabels first = {{"query", "sum( a ) by (x)"}, {"asked_by", "grafana"}};
  CHECK(value_of(samples, "query_seconds", first) == 5);
  CHECK(value_of(samples, "query_runs", first) == 2);
  CHECK(value_of(samples, "query_slowest_seconds", first) == 3);
  CHECK(value_of(samples, "query_seconds", {{"asked_by", "rule group slow rules"}}) == 4);
  CHECK(value_of(samples, "query_seconds", {{"query", "up"}, {"asked_by", "10.0.0.7"}}) == 0.5);
  CHECK(value_of(samples, "query_log_lines") == 13);
  CHECK(*value_of(samples, "query_log_seconds") == doctest::Approx(9.59));
  CHECK(std::ranges::count(samples, "query_seconds", &Sample::name) == 5);
  CHECK(query_samples({lines[6]}, {}).empty());
}

TEST_CASE("requests to data sources are added up by the dashboard that made them") {
  const std::string slow = "http://localhost:3000/d/abc-1/everything?orgId=1&from=now-30d";
  const Samples samples =
      dashboard_samples({completed(slow, 400, 30000),
                         completed(slow, 200, 6000),
                         completed(slow, 200, 100),
                         completed("http://localhost:3000/d-solo/one?panelId=2", 200, 7000),
                         completed("http://localhost:3000/explore", 200, 9000),
                         completed("", 200, 9000),
                         completed(slow, 200, 9000, "/api/search"),
                         {.at = {}, .text = "msg=\"Request Completed\""}});
  CHECK(*value_of(samples, "dashboard_seconds", {{"dashboard", "abc-1"}}) == doctest::Approx(36.1));
  CHECK(value_of(samples, "dashboard_requests", {{"dashboard", "abc-1"}}) == 3);
  CHECK(value_of(samples, "dashboard_slow_requests", {{"dashboard", "abc-1"}}) == 2);
  CHECK(value_of(samples, "dashboard_slowest_seconds", {{"dashboard", "abc-1"}}) == 30);
  CHECK(value_of(samples, "dashboard_seconds", {{"dashboard", "one"}}) == 7);
  CHECK(std::ranges::count(samples, "dashboard_seconds", &Sample::name) == 2);
}
