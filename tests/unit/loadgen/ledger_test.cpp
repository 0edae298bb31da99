// SPDX-License-Identifier: Apache-2.0
// The ledger: reading a collector's exposition, and a balance that finds what is missing.
#include "lib/loadgen/ledger.hpp"

#include <doctest/doctest.h>

#include "lib/loadgen/report.hpp"
#include "lib/loadgen/sampling.hpp"
#include "lib/loadgen/search.hpp"
#include "lib/loadgen/sink_counts.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;

namespace {

constexpr const char* k_plain = R"(# HELP otelcol_receiver_accepted_spans Number of spans
# TYPE otelcol_receiver_accepted_spans counter
otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"} 900
otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 100
otelcol_receiver_refused_spans{receiver="otlp",transport="grpc"} 3
otelcol_exporter_sent_spans{exporter="otlp_grpc/traces","server.address"="jaeger"} 990
otelcol_exporter_sent_spans{exporter="debug"} 1000
otelcol_processor_incoming_items{otel_signal="traces",processor="filter/noise"} 1000
otelcol_processor_outgoing_items{otel_signal="traces",processor="filter/noise"} 990
otelcol_exporter_queue_size{exporter="otlp_grpc/traces"} 2
otelcol_process_memory_rss 6.5e+07
otelcol_process_cpu_seconds 0.69
otelcol_process_uptime NaN
)";
constexpr const char* k_total = R"(otelcol_receiver_accepted_spans_total{receiver="otlp"} 1000
otelcol_process_cpu_seconds_total 1.5
otelcol_process_memory_rss_bytes 7
)";

}  // namespace

TEST_CASE("names are read with and without _total, labels with dots, NaN not at all") {
  const Snapshot plain = read_snapshot(*prom::parse_exposition(k_plain, "plain"));
  CHECK(plain.signals[0].accepted == 1000);
  CHECK(plain.signals[0].refused == 3);
  CHECK(plain.exporters.at("traces debug") == 1000);
  CHECK(plain.removed.at("traces filter/noise") == 10);
  CHECK(plain.queued == 2);
  CHECK(plain.rss_bytes == 6.5e7);
  CHECK_FALSE(plain.samples);
  const Snapshot total = read_snapshot(*prom::parse_exposition(k_total, "total"));
  CHECK(total.signals[0].accepted == 1000);
  CHECK(total.cpu_seconds == 1.5);
  CHECK(total.rss_bytes == 7);
}

TEST_CASE("names are read in every form that collectors write, and other counters are not items") {
  struct Form {
    const char* accepted;
    const char* sent;
    const char* queue;
  };
  const Form forms[] = {
      {"otelcol_receiver_accepted_log_records", "otelcol_exporter_sent_log_records",
       "otelcol_exporter_queue_size"},
      {"otelcol_receiver_accepted_log_records_total", "otelcol_exporter_sent_log_records_total",
       "otelcol_exporter_queue_size"},
      {"otelcol_receiver_accepted_log_records__records__total",
       "otelcol_exporter_sent_log_records__records__total",
       "otelcol_exporter_queue_size__batches_"},
      {"otelcol_receiver_accepted_log_records_records_total",
       "otelcol_exporter_sent_log_records_records_total", "otelcol_exporter_queue_size_batches"},
      {"receiver_accepted_log_records_ratio_total", "exporter_sent_log_records_ratio_total",
       "exporter_queue_size_ratio"},
      {"edge_otelcol_receiver_accepted_log_records_total",
       "edge_otelcol_exporter_sent_log_records_total", "edge_otelcol_exporter_queue_size"},
  };
  for (const Form& form : forms) {
    CAPTURE(form.accepted);
    const std::string page =
        std::string(form.accepted) + "{receiver=\"otlp\",service_name=\"x\"} 7\n" + form.sent +
        "{exporter=\"debug\",otel_scope_name=\"y\"} 5\n" + form.queue + " 3\n" +
        "otelcol_receiver_accepted_log_records_created 99\notelcol_receiver_requests_total 98\n";
    const auto families = prom::parse_exposition(page, "test");
    REQUIRE(families);
    const Snapshot read = read_snapshot(*families);
    CHECK(read.signals[2].accepted == 7);
    CHECK(read.signals[2].counted);
    CHECK_FALSE(read.signals[0].counted);
    CHECK(read.exporters.at("logs debug") == 5);
    CHECK(read.queued == 3);
  }
}

TEST_CASE("what no counter tells is no loss, and is named") {
  Report report;
  report.result.signals[0].sent = report.result.signals[0].accepted = 300;
  const auto text = [&report](const Snapshot& before, const Snapshot& after) {
    report.ledger = balance(before, after, report.result, 1);
    return report_text(report, false);
  };
  const std::string none = text({}, {});
  CHECK(none.find("no item counter found: looked for otelcol_receiver_accepted_spans") !=
        std::string::npos);
  CHECK(none.find("NOT accounted") == std::string::npos);
  CHECK(report.passed());
  CHECK(report_json(report).find("\"accounted\": null") != std::string::npos);

  Snapshot before;
  Snapshot after;
  after.signals[0].counted = true;
  const std::string still = text(before, after);
  CHECK(still.find("does not count this load") != std::string::npos);
  CHECK_FALSE(report.passed());

  after.signals[0].accepted = 300;  // and no exporter that counts
  const std::string arrived = text(before, after);
  CHECK(arrived.find("only their arrival is told") != std::string::npos);
  CHECK(report.passed());
  after.queued = 5;  // its exporter has sent nothing yet
  text(before, after);
  CHECK_FALSE(report.passed());

  before.signals[0].accepted = 1000;
  CHECK(text(before, after).find("started again") != std::string::npos);
  CHECK(report.passed());
}

TEST_CASE("a balance accounts for every item or says where it is missing") {
  RunResult result;
  result.signals[0].sent = 1000;
  result.signals[0].accepted = 1000;
  Snapshot before;
  Snapshot after;
  after.signals[0].accepted = 1000;
  after.exporters["traces out"] = 1000;
  CHECK(balance(before, after, result, 1).balanced());

  after.signals[0].accepted = 998;
  after.exporters["traces out"] = 998;
  const LedgerReport lost = balance(before, after, result, 1);
  CHECK_FALSE(lost.balanced());
  CHECK(lost.lines.front().missing == 2);

  after.signals[0].accepted = 1000;
  CHECK(balance(before, after, result, 1).lines.front().held_back == 2);
  CHECK_FALSE(balance(before, after, result, 1).balanced());
  after.removed["traces filter/noise"] = 2;
  CHECK(balance(before, after, result, 1).balanced());
  after.signals[0].send_failed = 1;
  CHECK_FALSE(balance(before, after, result, 1).balanced());
}

TEST_CASE("items without an answer may have arrived, and then there are more than acknowledged") {
  RunResult result;
  result.signals[2].sent = 100;
  result.signals[2].accepted = 90;
  result.signals[2].unknown = 10;
  Snapshot after;
  after.signals[2].accepted = 97;
  after.exporters["logs out"] = 97;
  CHECK(balance({}, after, result, 1).balanced());
  after.signals[2].accepted = 101;
  after.exporters["logs out"] = 101;
  CHECK_FALSE(balance({}, after, result, 1).balanced());
}

TEST_CASE("the sampling check fails when an error is lost or the random share is off") {
  SamplingReport report;
  report.traces = 100'000;
  report.errors = 500;
  report.slow = 2'000;
  report.rest = 97'500;
  report.expected = 12'250;
  report.deviation = 93.7;
  Snapshot after;
  after.samples = true;
  const auto kept = [&](double traces) {
    after.sampled_traces = traces;
    after.dropped_traces = 100'000 - traces;
    check_sampling(report, {}, after);
    return report.holds;
  };
  CHECK(kept(12'250));
  CHECK(kept(12'600));
  CHECK_FALSE(kept(12'700));
  CHECK_FALSE(kept(2'400));
  after.sampled_traces = 12'250;
  after.dropped_traces = 100'000 - 12'250 - 1;  // one trace without a decision
  check_sampling(report, {}, after);
  CHECK_FALSE(report.holds);
}

TEST_CASE("how many traces came below the rate up to which all are kept is told by the sampler") {
  SamplingReport report;
  report.policy.keep = 0.1;
  report.policy.keep_all_below = 1000;
  report.traces = report.rest = 100'000;
  Snapshot after;
  after.samples = true;
  after.policies["up-to-rate"] = 20'000;
  after.sampled_traces = 28'000;  // and a tenth of the other 80,000
  after.dropped_traces = 72'000;
  check_sampling(report, {}, after);
  CHECK(report.below == doctest::Approx(0.2));
  CHECK(report.expected == doctest::Approx(28'000));
  CHECK(report.holds);
  after.sampled_traces = 20'000;
  after.dropped_traces = 80'000;
  check_sampling(report, {}, after);
  CHECK_FALSE(report.holds);
}

TEST_CASE("traces of health checks, which the sampler drops, are none that it decided on") {
  const auto families = prom::parse_exposition(
      "otelcol_processor_tail_sampling_global_count_traces_sampled{decision=\"dropped\",sampled=\"false\"} 7\n"
      "otelcol_processor_tail_sampling_global_count_traces_sampled{decision=\"not_sampled\",sampled=\"false\"} 5\n",
      "test");
  REQUIRE(families);
  CHECK(read_snapshot(*families).dropped_traces == 5);
}

TEST_CASE("thresholds are judged by what was measured") {
  Report report;
  report.duration = 10;
  report.result.seconds = 10;
  SignalTally& spans = report.result.signals[0];
  spans.sent = 9'900;
  spans.accepted = 9'800;
  spans.refused = 100;
  spans.unsent = 100;
  spans.requests = 99;
  for (int i = 1; i <= 1000; ++i) {
    report.result.latency.record(i * 1'000'000);
  }
  const auto met = [&](const char* text) {
    const auto threshold = parse_threshold(text);
    REQUIRE(threshold);
    return judge(*threshold, report).met;
  };
  CHECK(met("p50<510ms"));
  CHECK_FALSE(met("p50 < 490ms"));
  CHECK(met("p99.9<1010ms"));
  CHECK(met("errors<2.1%"));
  CHECK_FALSE(met("errors<1.9%"));
  CHECK(met("loss<1.1%"));
  CHECK_FALSE(met("unsent<0.9%"));
  CHECK(met("rate>97%"));
  CHECK(met("rate>979/s"));
  CHECK_FALSE(met("rate>981/s"));
  CHECK_FALSE(met("queue<100"));  // nobody measured it
  report.ledger.emplace();
  report.ledger->after.queued = 99;
  CHECK(met("queue<100"));
  CHECK_FALSE(met("queue<99"));
  for (const char* wrong : {"p99", "p42<5ms", "p99<5", "speed<3ms", "errors<5ms"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_threshold(wrong));
  }
}

TEST_CASE("reports go through JSON and merge exactly") {
  Report report;
  report.scenario = "shop";
  report.fingerprint = "abc";
  report.result.signals[1].sent = 10;
  report.result.signals[1].accepted = 10;
  report.result.latency.record(1234567);
  report.result.causes["UNAVAILABLE"] = 3;
  report.verdicts.push_back({"p99<1ms", "1.2 ms", false});
  const auto back = read_report(report_json(report), "a.json");
  REQUIRE(back);
  CHECK(report_json(*back) == report_json(report));
  const auto part = [&back](std::int64_t shard) {
    Report out = *back;
    out.name = std::to_string(shard) + ".json";
    out.shard = shard;
    out.shards = 3;
    return out;
  };
  const auto merged = merge_reports({part(0), part(1), part(2)});
  REQUIRE(merged);
  CHECK(merged->result.signals[1].accepted == 30);
  CHECK(merged->result.latency.count() == 3);
  CHECK(merged->result.causes.at("UNAVAILABLE") == 9);
  CHECK(merged->shards == 1);
  CHECK(merged->verdicts.size() == 1);
  Report other = part(1);
  other.fingerprint = "def";
  CHECK_FALSE(merge_reports({part(0), other}));
  CHECK_FALSE(merge_reports({part(0), *back}));  // a plan in one part
  const auto twice = merge_reports({part(2), part(1), part(2)});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().message == "'2.json' and '2.json' are both about shard 2/3");
  CHECK_FALSE(read_report("{}", "x"));
  CHECK_FALSE(read_report("{", "x"));
}

TEST_CASE("a sink tells what arrived too often, and nothing about items without identity") {
  RunResult result;
  result.signals[1].sent = result.signals[1].accepted = 100;
  SinkSnapshot before;
  SinkSnapshot after;
  const auto judged = [&] {
    SinkReport out = sink_difference("", before, after);
    judge_sink(out, result);
    return out;
  };
  after.signals[1] = {.items = 100, .distinct = 0, .duplicates = 0};
  CHECK(judged().holds());
  CHECK(judged().seen.signals[1].untold() == 100);
  after.signals[1].items = 101;
  CHECK_FALSE(judged().holds());
  result.signals[1].unknown = 1;
  CHECK(judged().holds());
  after.signals[1] = {.items = 60, .distinct = 50, .duplicates = 10};  // behind a filter
  CHECK_FALSE(judged().holds());
  result.signals[1].retried = 10;
  CHECK(judged().holds());
  before.signals[1].items = 1000;
  REQUIRE(judged().findings.size() == 1);
  CHECK(judged().seen.signals[1].items == 60);
}

TEST_CASE("a merge that lacks a shard has not passed") {
  Report part;
  part.shards = 3;
  part.duration = 1;
  part.result.signals[0].sent = 100;
  part.result.signals[0].accepted = 100;
  part.tier.emplace().held = true;
  const Threshold rate = *parse_threshold("rate>299/s");
  part.verdicts.push_back(judge(rate, part));
  CHECK(part.passed());  // 100/s by each of three
  part.expected = 101;   // requests are not split: another shard sends the item
  CHECK(judge(rate, part).met);
  part.result.signals[0].unsent = 2;
  CHECK_FALSE(judge(rate, part).met);
  part.result.signals[0].unsent = 0;
  std::vector<Report> parts = {part, part, part};
  parts[1].shard = 1;
  parts[2].shard = 2;
  CHECK(merge_reports(parts)->passed());
  parts[2].tier->held = false;
  CHECK_FALSE(merge_reports(parts)->passed());
  parts.pop_back();
  const auto merged = merge_reports(parts);
  REQUIRE(merged);
  CHECK_FALSE(merged->passed());
  REQUIRE(merged->verdicts.size() == 2);
  CHECK_FALSE(merged->verdicts[0].met);  // 200/s
  CHECK(merged->verdicts[1].actual == "2 of 3");
}

TEST_CASE("the search finds a known knee and confirms it") {
  const double knee = 43'210;
  int runs = 0;
  const auto model = [&](double rate) -> Result<Report> {
    ++runs;
    Report report;
    report.duration = 1;
    report.result.seconds = 1;
    report.result.signals[0].sent = static_cast<std::uint64_t>(rate);
    report.result.signals[0].accepted = static_cast<std::uint64_t>(rate);
    report.result.latency.record(rate <= knee ? 5'000'000 : 900'000'000);
    return report;
  };
  for (const double start : {100.0, 1000.0, 1e6}) {
    const auto found = find_max({.start = start, .max_trials = 30, .thresholds = {}}, model);
    REQUIRE(found);
    CHECK(found->search.highest <= knee);
    CHECK(found->search.highest >= knee * 0.9);
    CHECK(found->search.trials.back().held);
  }
  // A target that carries what it is given once and not again, except for low rates.
  int tries = 0;
  std::map<double, int> seen;
  const auto tired = [&](double rate) -> Result<Report> {
    OBS_TRY_ASSIGN(Report report, model(rate));
    if (++seen[rate] > 1 && rate > 30'000) {
      report.result.signals[0].accepted = 0;
    }
    ++tries;
    return report;
  };
  const auto lower = find_max({.start = 1000, .max_trials = 30, .thresholds = {}}, tired);
  REQUIRE(lower);
  CHECK(lower->search.confirmed());
  CHECK(lower->search.highest > 15'000);
  CHECK(lower->search.highest <= 30'000);
  seen.clear();
  const auto unconfirmed =
      find_max({.start = 1000, .max_trials = 30, .max_confirmations = 1, .thresholds = {}}, tired);
  REQUIRE(unconfirmed);
  CHECK_FALSE(unconfirmed->search.confirmed());
  CHECK(unconfirmed->search.highest > 30'000);
  CHECK(unconfirmed->search.met == 1);
  CHECK(unconfirmed->search.tried == 2);
  Report told;
  told.search = unconfirmed->search;
  CHECK(report_text(told, false).find("Best unconfirmed rate") != std::string::npos);
  CHECK_FALSE(told.passed());
  // A target that is gone after some trials.
  int answered = 0;
  const auto gone = [&](double rate) -> Result<Report> {
    return ++answered > 3 ? fail(Code::unreachable, "connection refused") : model(rate);
  };
  const auto early = find_max({.start = 1000, .max_trials = 30, .thresholds = {}}, gone);
  REQUIRE(early);
  CHECK(early->search.trials.size() == 3);
  CHECK(early->search.highest == 4000);
  CHECK_FALSE(early->search.confirmed());
  told.search = early->search;
  CHECK(report_text(told, false).find("The search ended early: connection refused") !=
        std::string::npos);
  const auto never = find_max({.start = 1e6, .max_trials = 3, .thresholds = {}}, model);
  REQUIRE(never);
  CHECK(never->search.highest == 0);
  told.search = never->search;
  CHECK(report_text(told, false).find("No rate meets the objective, not even") !=
        std::string::npos);
  CHECK(runs > 10);
}
