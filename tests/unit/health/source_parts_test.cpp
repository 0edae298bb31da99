// SPDX-License-Identifier: Apache-2.0
// The small readers that the sources are made of.
#include <doctest/doctest.h>

#include "lib/checks/samples.hpp"
#include "lib/sources/given_url.hpp"
#include "lib/sources/loopback.hpp"
#include "lib/sources/moment.hpp"
#include "lib/sources/promql_names.hpp"

using namespace obsctl;
using namespace obsctl::health;

namespace {

std::set<std::string> names(std::string_view promql) {
  return selected_names(promql).names;
}

}  // namespace

TEST_CASE("a moment has any fraction and offset; the year 1 is never") {
  const auto noon = parse_time("2026-11-26T12:00:00Z");
  REQUIRE(noon);
  CHECK(parse_moment("2026-11-26T12:00:00Z") == noon);
  CHECK(parse_moment("2026-11-26T13:00:00+01:00") == noon);
  CHECK(parse_moment("2026-11-26T06:30:00.000-05:30") == noon);
  CHECK(*parse_moment("2026-11-26T12:00:00.123456789Z") - *noon == std::chrono::milliseconds(123));
  for (const char* text :
       {"", "0001-01-01T00:00:00Z", "2026-11-26T12:00:00", "2026-11-26", "2026-11-26T12:00:00+1:00",
        "2026-13-26T12:00:00Z", "yesterday at noon, or"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_moment(text));
  }
}

TEST_CASE("labels are text of a bounded length, whatever came") {
  CHECK(shown_label("plain Ü") == "plain Ü");
  CHECK(shown_label("a\x1b[2J\nb\xff") == "a?[2J?b?");
  CHECK(shown_label("\xc2\x9b"
                    "1m") == "?1m");
  CHECK(shown_label(std::string(500, 'x')).size() == 200);
  const std::string cut = shown_label(std::string(199, 'x') + "Ü");
  CHECK(cut == std::string(199, 'x'));
}

TEST_CASE("names of metrics are told from functions, keywords, labels and values") {
  CHECK(names(R"(rate(foo_total{job="bar", le=~"a|b"}[5m]) > 0)") ==
        std::set<std::string>{"foo_total"});
  CHECK(names("sum by (job, le) (rate(a[5m])) / on (job) group_left (x) b offset 5m") ==
        std::set<std::string>{"a", "b"});
  CHECK(names("sum(a) without (instance) > bool 1e3 and b") == std::set<std::string>{"a", "b"});
  CHECK(names(R"(max_over_time(job:up:ratio[1h:5m] @ end()) < Inf # c)") ==
        std::set<std::string>{"job:up:ratio"});
  CHECK(names(R"({__name__="a", job!="x"} or {"b.c", d="e"} or {__name__=~"f.*"})") ==
        std::set<std::string>{"a", "b.c"});
  CHECK(names(R"(label_replace(a, "b", "$1 c", "d", "(.*)\"e"))") == std::set<std::string>{"a"});
  CHECK(names("a unless on (job) b") == std::set<std::string>{"a"});
  CHECK(names("(a unless b) > c") == std::set<std::string>{"a", "c"});
  CHECK(names("absent(a) and absent_over_time(b[5m])").empty());
  CHECK(names(R"(count(ALERTS{severity="critical"}) > 2)").empty());
  CHECK(selected_names("a or b").any);
  CHECK(selected_names("a > 0 or on () vector(1)").always);
  CHECK(selected_names("absent(a) or b > 1").always);
  CHECK_FALSE(selected_names("vector(1) and a").always);
  for (const char* broken :
       {"{", "\"", "a{", "a{b=", "a[", "by (", ")))", "'\\", "a{\"", "", "unless"}) {
    CAPTURE(broken);
    static_cast<void>(selected_names(broken));
  }
}

TEST_CASE("the name that is meant differs in a suffix or in two letters") {
  const KnownNames known({"otelcol_exporter_sent_spans_total", "up", "node_cpu_seconds_total"});
  CHECK(known.has("up"));
  CHECK_FALSE(known.has("otelcol_exporter_sent_spans"));
  CHECK(known.near("otelcol_exporter_sent_spans") == "otelcol_exporter_sent_spans_total");
  CHECK(known.near("otelcol_exporter_sent") == "otelcol_exporter_sent_spans_total");
  CHECK(known.near("otelcol_exporter_sent_spans__spans__total") ==
        "otelcol_exporter_sent_spans_total");
  CHECK(known.near("otelcol_exporter_sent_log_records_total").empty());
  CHECK(known.near("nod_cpu_secnds_total") == "node_cpu_seconds_total");
  CHECK(known.near("something_else").empty());
}

TEST_CASE("ports that listen on loopback alone are found in the kernel's tables") {
  ListeningPorts ports;
  read_listening(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001\n"
      "   1: 00000000:10DE 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001\n"
      "   2: 0100007F:22B8 0100007F:C350 01 00000000:00000000 00:00000000 00000000 10001\n",
      ports);
  read_listening(
      "   0: 00000000000000000000000001000000:1F90 0:0000 0A 0:0 0 0\n"
      "   1: 0000000000000000FFFF00000100007F:1F91 0:0000 0A 0:0 0 0\n"
      "   2: 00000000000000000000000000000000:1F92 0:0000 0A 0:0 0 0\n"
      "garbage 0A 0A 0A\n: : : 0A\n",
      ports);
  CHECK(ports.loopback == std::set<int>{4317, 8080, 8081});
  CHECK(ports.reachable == std::set<int>{4318, 8082});
}

TEST_CASE("a given URL is a base or that of the metrics") {
  CHECK(read_given_url("http://host:9090/", "/metrics").base == "http://host:9090");
  CHECK(read_given_url("http://host:9090/metrics", "/metrics").base == "http://host:9090");
  CHECK(read_given_url("http://host:9090/metrics", "/metrics").port == 9090);
  CHECK(read_given_url("https://user:pass@host/prom", "/metrics").port == 443);
  CHECK(read_given_url("http://[::1]", "").port == 80);
  CHECK(read_given_url("http://[::1]:8888/x:1", "").port == 8888);
  CHECK(read_given_url("http://host:99999999", "").port == 0);
}
