// SPDX-License-Identifier: Apache-2.0
// The probe from end to end: a real receiver, stores that hold what it received, and every state.
#include "lib/probe/probe.hpp"

#include <algorithm>

#include "tests/unit/health/probe_bed.hpp"

using namespace obsctl;
using namespace obsctl::health;
using catalog::Signal;
using obsctl::test::ProbeBed;

namespace {

const ProbeResult& of(const ProbeReport& report, Signal signal, otlp::Protocol protocol) {
  const auto at = std::ranges::find_if(report.results, [&](const ProbeResult& result) {
    return result.signal == signal && result.protocol == protocol;
  });
  REQUIRE(at != report.results.end());
  return *at;
}

std::size_t count(const ProbeReport& report, ProbeState state) {
  return static_cast<std::size_t>(std::ranges::count(report.results, state, &ProbeResult::state));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("all signals over both protocols are found again") {
  ProbeBed bed;
  const ProbeReport report = bed.run();
  const std::string text = probe_text(report, false);
  CAPTURE(text);
  CHECK(report.results.size() == 6);
  CHECK(report.found() == 6);
  for (const ProbeResult& result : report.results) {
    CHECK(result.acknowledged);
    CHECK(result.stopped.empty());
    REQUIRE(result.stores.size() == 1);
    CHECK(result.stores.front().after >= *result.acknowledged);
  }
  CHECK(of(report, Signal::traces, otlp::Protocol::grpc).trace_id !=
        of(report, Signal::traces, otlp::Protocol::http).trace_id);
  CHECK(has(text, "6 of 6 items arrived"));
  CHECK(has(text, "Sampling: tail sampling keeps the probe's traces"));
  CHECK(bed.sink.counts().of(otlp::Signal::traces).items == 2);
}

TEST_CASE("a partial success is a rejection, in the receiver's words") {
  ProbeBed bed({"partial,rejected=1,signal=logs"});
  const ProbeReport report = bed.run();
  CHECK(report.found() == 4);
  for (const auto protocol : {otlp::Protocol::grpc, otlp::Protocol::http}) {
    const ProbeResult& logs = of(report, Signal::logs, protocol);
    CHECK(logs.state == ProbeState::rejected);
    CHECK(has(logs.words, "partial success, in which it is rejected: fault 'partial'"));
    CHECK(logs.stores.empty());
    CHECK(logs.stopped == "at OpenTelemetry Collector");
    CHECK(logs.next == "`docker compose logs --tail 50 otel-collector`");
  }
}

TEST_CASE("a refusal has its status") {
  ProbeBed bed({"error,signal=metrics"});
  const ProbeReport report = bed.run();
  CHECK(of(report, Signal::metrics, otlp::Protocol::grpc).status == 3);
  CHECK(of(report, Signal::metrics, otlp::Protocol::http).status == 400);
  CHECK(count(report, ProbeState::rejected) == 2);
  const std::string text = probe_text(report, false);
  CHECK(has(text, "metrics over gRPC stopped at OpenTelemetry Collector: gRPC status 3: "));
  CHECK(has(text, "metrics over HTTP stopped at OpenTelemetry Collector: HTTP 400: "));
}

TEST_CASE("a dead receiver costs one timeout, and the other protocol is probed all the same") {
  ProbeBed bed({"hang"});
  const ProbeReport silent = bed.run(5, 1);
  CHECK(count(silent, ProbeState::unsent) == 6);
  CHECK(silent.took.seconds < 3);
  CHECK(bed.stores.asked == 0);
  CHECK(has(probe_text(silent, false), "traces over gRPC, "));

  ProbeBed half;
  half.endpoints.grpc = "localhost:1";
  const ProbeReport report = half.run();
  CHECK(count(report, ProbeState::unsent) == 3);
  CHECK(report.found() == 3);
  const ProbeResult& traces = of(report, Signal::traces, otlp::Protocol::grpc);
  CHECK(has(traces.words, "localhost:1"));
  CHECK(traces.stopped == "between this host and OpenTelemetry Collector");
}

TEST_CASE("what was accepted and is in no store names the hop and the command") {
  ProbeBed bed;
  bed.stores.empty = {":3100"};
  const ProbeReport report = bed.run(0.6);
  CHECK(count(report, ProbeState::missing) == 2);
  CHECK(report.found() == 4);
  const ProbeResult& logs = of(report, Signal::logs, otlp::Protocol::http);
  CHECK(logs.stopped == "between OpenTelemetry Collector and Loki");
  CHECK(logs.next == "`docker compose logs --tail 50 otel-collector loki`");
  CHECK(logs.stores.front().after.seconds >= 0.6);
  CHECK(logs.stores.front().after.seconds < 2);
  CHECK(has(probe_text(report, false), "4 of 6 items arrived in"));
  CHECK(has(probe_text(report, false), ": 2 not found\n"));
}

TEST_CASE("a store that does not answer, or wants a login, is unknown and not asked for long") {
  ProbeBed bed;
  bed.stores.down = {":9090"};
  const ProbeReport down = bed.run(30);
  CHECK(count(down, ProbeState::unasked) == 2);
  CHECK(down.took.seconds < 5);
  CHECK(of(down, Signal::metrics, otlp::Protocol::grpc).next ==
        "`docker compose ps -a prometheus`");

  bed.stores.down.clear();
  bed.stores.status = 401;
  const ProbeReport login = bed.run(30);
  CHECK(count(login, ProbeState::unasked) == 6);
  CHECK(login.results.front().stores.front().why == "it asks for a login (HTTP 401)");
  bed.stores.status = 302;
  CHECK(count(bed.run(30), ProbeState::unasked) == 6);
  // For traces, 404 is an answer; for others it is another program's.
  bed.stores.status = 404;
  const ProbeReport absent = bed.run(0.3);
  CHECK(count(absent, ProbeState::missing) == 2);
  CHECK(count(absent, ProbeState::unasked) == 4);
}

TEST_CASE("a store that never looked is unknown; what it says is kept, and moves no cursor") {
  ProbeBed bed;
  bed.stores.status = 503;
  const ProbeReport report = bed.run(0.3);
  CHECK(count(report, ProbeState::unasked) == 6);
  CHECK(report.results.front().stores.front().why == "it answers HTTP 503: no\\x1b[2J");
}

TEST_CASE("the report for scripts has the same facts") {
  ProbeBed bed({"partial,rejected=1,signal=logs"});
  const auto json = probe_json(bed.run());
  CHECK(json.at("schema") == "obsctl.health.probe/v1");
  CHECK(json.at("sent") == 6);
  CHECK(json.at("found") == 4);
  const auto& traces = json.at("results").at(0);
  CHECK(traces.at("signal") == "traces");
  CHECK(traces.at("protocol") == "grpc");
  CHECK(traces.at("state") == "found");
  CHECK(traces.at("stores").at(0).at("documented_seconds") == 12);
  CHECK(json.at("results").at(4).at("state") == "rejected");
  CHECK(json.at("results").at(4).contains("next"));
}

TEST_CASE("a stop ends the probe") {
  ProbeBed bed;
  bed.stop.request();
  auto receivers = probe_receivers(bed.files, *bed.subject, {});
  REQUIRE(receivers);
  const Services services{bed.environment, bed.files, bed.stores,
                          bed.processes,   bed.clock, bed.stop};
  const auto report = probe(services, *bed.subject, {.receivers = *receivers});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Code::interrupted);
}

TEST_CASE("the hop is that of the store that lacks it, also behind another store") {
  ProbeBed bed({}, {"metrics.backend=victoriametrics"});
  bed.stores.empty = {":8428"};
  const ProbeReport report = bed.run(0.3);
  CHECK(report.found() == 4);
  const ProbeResult& metrics = of(report, Signal::metrics, otlp::Protocol::grpc);
  REQUIRE(metrics.stores.size() == 2);
  CHECK(metrics.stopped == "between Prometheus and VictoriaMetrics");
  CHECK(metrics.next == "`docker compose logs --tail 50 prometheus victoriametrics`");
}

TEST_CASE("programs that are given by their URLs are probed, and what is not given is not asked") {
  ProbeBed bed;
  const Services services{bed.environment, bed.files, bed.stores,
                          bed.processes,   bed.clock, bed.stop};
  auto given = given_programs(services, {{"loki", "http://logs.example:3100/"}});
  REQUIRE(given);
  const std::string endpoint = "localhost:" + std::to_string(bed.sink.grpc_port());
  auto receivers = probe_receivers(bed.files, *given, {.grpc = endpoint, .http = "", .access = {}});
  REQUIRE(receivers);
  const auto report = probe(services, *given, {.receivers = *receivers, .within = Duration{5}});
  REQUIRE(report);
  REQUIRE(report->results.size() == 3);
  CHECK(of(*report, Signal::logs, otlp::Protocol::grpc).state == ProbeState::found);
  CHECK(of(*report, Signal::logs, otlp::Protocol::grpc).stores.front().url ==
        "http://logs.example:3100");
  const ProbeResult& traces = of(*report, Signal::traces, otlp::Protocol::grpc);
  CHECK(traces.state == ProbeState::unasked);
  CHECK(traces.next == "give the URL of the store");
  CHECK(has(probe_text(*report, false), "no store of it is known here"));
}
