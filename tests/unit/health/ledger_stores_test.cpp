// SPDX-License-Identifier: Apache-2.0
// What the counters of stores do to a ledger: reasons named, items that were thrown away after a yes
// found, nothing taken twice or from whom it does not belong to.
#include <doctest/doctest.h>

#include "lib/checks/ledger.hpp"
#include "lib/sources/subject.hpp"
#include "tests/unit/health/readings.hpp"

namespace obsctl::health {
namespace {

using Reasons = std::map<std::string, double>;

const std::vector<catalog::Discard>& rows() {
  static const auto k_rows = catalog::parse_discards({R"(
discards:
  - {signal: logs, metric: store_discarded, by: reason, values: [rate], told: ResourceExhausted}
  - {signal: logs, metric: store_discarded, by: reason, values: [streams], told: ResourceExhausted, rest: kept}
  - {signal: logs, metric: store_discarded, by: reason, values: [silent]}
  - {signal: logs, metric: store_discarded, by: reason, told: InvalidArgument, rest: kept}
  - {signal: logs, metric: store_too_old, reason: too old, told: InvalidArgument}
)",
                                                      "ledger.yaml"},
                                                     "store")
                                 .value();
  return k_rows;
}

Evidence seen(const std::string& collector, const std::string& store, int collectors = 1) {
  Evidence out;
  for (int i = 0; i < collectors; ++i) {
    out.readings.push_back(metrics_reading("collector-" + std::to_string(i), "x 1\n", collector));
  }
  out.readings.push_back(
      metrics_reading("store", "store_discarded_total{reason=\"old\"} 0\n", store));
  return out;
}

LedgerLine line_of(const std::string& collector, const std::string& store) {
  return ledger(seen(collector, store), rows()).at(0);
}

const std::string k_all_sent =
    "otelcol_receiver_accepted_log_records 600\notelcol_exporter_sent_log_records{exporter=\"a\"} 600\n";

std::string refused(const char* permanent, const char* type) {
  return std::string(
             "otelcol_receiver_accepted_log_records 600\n"
             "otelcol_exporter_sent_log_records{exporter=\"a\"} 400\n"
             "otelcol_exporter_send_failed_log_records{exporter=\"a\",error_permanent=\"") +
         permanent + "\",error_type=\"" + type + "\"} 200\n";
}

double sum(const LedgerLine& line) {
  return line.stored + line.waiting + line.filtered + line.sampled + line.unknown +
         line.lost_per_second();
}

}  // namespace

TEST_CASE("what a store threw away after a yes is lost, not stored") {
  const LedgerLine line = line_of(k_all_sent, "store_discarded_total{reason=\"silent\"} 150\n");
  CHECK(line.stored == 45);
  CHECK(line.lost == Reasons{{"thrown away by store: silent", 15}});
  CHECK(sum(line) == line.accepted);
}

TEST_CASE("a store throws away no more than it was sent by the collector") {
  const LedgerLine line = line_of(k_all_sent, "store_discarded_total{reason=\"silent\"} 900\n");
  CHECK(line.stored == 0);
  CHECK(line.lost == Reasons{{"thrown away by store: silent", 60}});
}

TEST_CASE("of requests that were refused in part the rest is stored") {
  const LedgerLine line =
      line_of(refused("true", "InvalidArgument"), "store_discarded_total{reason=\"behind\"} 50\n");
  CHECK(line.stored == 55);
  CHECK(line.lost == Reasons{{"refused for good: InvalidArgument (store: behind)", 5}});
  CHECK(sum(line) == line.accepted);
}

TEST_CASE("a store that takes requests apart may say yes to all of one") {
  const LedgerLine line = line_of(k_all_sent, "store_discarded_total{reason=\"streams\"} 100\n");
  CHECK(line.lost == Reasons{{"thrown away by store: streams", 10}});
  // While something waits, it may be what is counted again and again.
  const LedgerLine waiting = line_of(
      "otelcol_receiver_accepted_log_records 600\notelcol_exporter_queue_size{exporter=\"a\","
      "data_type=\"logs\"} 3\notelcol_exporter_sent_log_records{exporter=\"a\"} 400\n",
      "store_discarded_total{reason=\"streams\"} 100\n");
  CHECK(waiting.lost.empty());
  CHECK(waiting.waiting == 20);
}

TEST_CASE("what is sent again is counted again, so that only its reason is taken") {
  CHECK(line_of(refused("false", "ResourceExhausted"),
                "store_discarded_total{reason=\"streams\"} 900\n")
            .lost == Reasons{{"given up: ResourceExhausted (store: streams)", 20}});
  CHECK(line_of(refused("true", "InvalidArgument"), "store_too_old_total 3\n").lost ==
        Reasons{{"refused for good: InvalidArgument (store: too old)", 20}});
}

TEST_CASE(
    "a refusal of another kind keeps its reason, and so does one that the store does not count") {
  const Reasons as_it_was = {{"refused for good: Unauthenticated", 20}};
  CHECK(line_of(refused("true", "Unauthenticated"), "store_too_old_total 3\n").lost == as_it_was);
  CHECK(line_of(refused("true", "Unauthenticated"), "store_discarded_total{reason=\"rate\"} 0\n")
            .lost == as_it_was);
}

TEST_CASE("of several collectors nobody knows whose items a store threw away") {
  const auto lines =
      ledger(seen(k_all_sent, "store_discarded_total{reason=\"silent\"} 150\n", 2), rows());
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].lost.empty());
  CHECK(lines[1].lost.empty());
}

TEST_CASE("mistakes in a ledger.yaml are all reported with their places") {
  const auto mistaken = [](const std::string& row) {
    const auto parsed =
        catalog::parse_discards({"discards:\n  - " + row + "\n", "ledger.yaml"}, "own");
    REQUIRE_FALSE(parsed);
    REQUIRE(parsed.error().at);
    return parsed.error().message;
  };
  CHECK(mistaken("{signal: noise, metric: m, by: reason}").find("'noise' is not a signal") !=
        std::string::npos);
  CHECK(mistaken("{signal: logs, metric: m}").find("either 'by' or 'reason'") != std::string::npos);
  CHECK(mistaken("{signal: logs, metric: m, reason: r, values: [a]}").find("'values'") !=
        std::string::npos);
  CHECK(mistaken("{signal: logs, metric: m, by: r, rest: lost}").find("not 'lost'") !=
        std::string::npos);
  CHECK(mistaken("{signal: logs, metric: m, by: r, silent: true}").find("silent") !=
        std::string::npos);
}

TEST_CASE("the rows of every component are valid") {
  OsFileSystem files;
  auto templates = stack::load_templates(files, Environment{}, {}, {});
  REQUIRE(templates);
  auto spec = read_spec("tier: small\ntraces: {backend: tempo}\n", "obsctl.yaml");
  REQUIRE(spec);
  auto stack = stack::assemble({}, *spec, std::move(*templates));
  REQUIRE(stack);
  const auto found = discards_of(*stack);
  REQUIRE(found);
  CHECK(found->size() >= 9);
}

}  // namespace obsctl::health
