// SPDX-License-Identifier: Apache-2.0
// The order of a load test: read both ends, send, wait, read again, judge.
#include "lib/loadgen/load_test.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/loadgen/calibration.hpp"
#include "lib/loadgen/reconciliation.hpp"
#include "lib/loadgen/report_parts.hpp"
#include "lib/loadgen/search.hpp"
#include "lib/loadgen/tier.hpp"
#include "lib/otlp/connect_error.hpp"

namespace obsctl::loadgen {
namespace {

// One run of a search at a constant rate. Every trial has its own seed, so that no two of them send
// the same trace.
Result<Report> run_trial(const PreparedRun& run, const Surroundings& around, double rate,
                         std::uint64_t number) {
  Report trial = run.report;
  Plan plan = run.plan;
  plan.seed += number;
  plan.profile = Profile::constant(rate);
  OBS_TRY_ASSIGN(const Payload payload, compile_trial(run, rate, plan));
  plan.payload = &payload;
  trial.asked_rate = rate;
  trial.expected = plan.duration > 0 ? rate * plan.duration : run.report.expected;
  Snapshot before;
  if (!run.metrics_url.empty()) {
    // What the trial before left in the queues must not count as this one's.
    OBS_TRY_ASSIGN(auto settled, wait_settled(around.http, around.clock, run.metrics_url, 0,
                                              run.settle.seconds, around.stop));
    before = std::move(settled.snapshot);
  }
  OBS_TRY_ASSIGN(trial.result, loadgen::run(plan, around.stop, around.progress));
  if (!run.metrics_url.empty()) {
    // Not settled on purpose: what a trial leaves in the queues is what the objective is about.
    OBS_TRY_ASSIGN(const auto after, fetch_snapshot(around.http, run.metrics_url));
    trial.ledger = balance(before, after, trial.result, trial.run_seconds());
    trial.ledger->url = shown_url(run.metrics_url);
  }
  around.note(fmt::format("{} requested, {} accepted", human_rate({rate}),
                          rate_text(trial.accepted_rate())));
  return trial;
}

// What to do about a refusal, by words of its cause; the first that fits counts.
std::string refusal_hint(const std::string& cause) {
  constexpr std::string_view k_busy =
      "the target answers and cannot take more: lower the rate, or look at its queues and limits";
  constexpr std::string_view k_smaller = "send smaller requests: fewer items in a batch";
  constexpr std::pair<std::string_view, std::string_view> k_hints[] = {
      {"HTTP 413", k_smaller},
      {"message larger than", k_smaller},
      {"redirected to", "use the endpoint that it redirects to"},
      {"RESOURCE_EXHAUSTED", k_busy},
      {"UNAVAILABLE", k_busy},
      {"HTTP 429", k_busy},
      {"HTTP 503", k_busy},
      {"INVALID_ARGUMENT", "the target reads the requests and refuses them; its log says why"},
      {"HTTP 400", "the target reads the requests and refuses them; its log says why"},
      {"INTERNAL", "the target failed; its log says why"},
      {"HTTP 5", "the target failed; its log says why"}};
  for (const auto& [words, hint] : k_hints) {
    if (cause.find(words) != std::string::npos) {
      return std::string(hint);
    }
  }
  return "check the endpoint, its port, its path and the protocol";
}

}  // namespace

Result<Report> run_test(const PreparedRun& run, const Surroundings& around) {
  OBS_TRY_ASSIGN(const auto reconciliation, Reconciliation::open(around.http, run));
  Report report = run.report;
  OBS_TRY_ASSIGN(report.result, loadgen::run(run.plan, around.stop, around.progress));
  if (run.payload->traces && run.predict_sampling) {
    report.sampling =
        expect_sampling(*run.payload, report.result, run.sampling, run.plan.shards == 1);
  }
  if (around.stop.level() != StopLevel::now) {
    if (reconciliation.has_ledger()) {
      around.note("waiting for the collector to drain");
    }
    // What was sent is known all the same.
    if (auto closed = reconciliation.close(around.http, around.clock, around.stop, report);
        !closed) {
      report.failure = std::move(closed).error();
    }
  }
  for (const Threshold& threshold : run.thresholds) {
    report.verdicts.push_back(judge(threshold, report));
  }
  judge_tier(report);
  return report;
}

Result<Report> search_max_rate(const PreparedRun& run, const Surroundings& around) {
  SearchOptions search;
  search.start = run.rate;
  search.thresholds = run.thresholds;
  std::uint64_t number = 0;
  OBS_TRY_ASSIGN(SearchResult found, find_max(search, [&](double rate) {
                   return run_trial(run, around, rate, number++);
                 }));
  Report report = std::move(found.last);
  report.search = std::move(found.search);
  report.ledger.reset();  // of one trial, and in the middle of the work
  return report;
}

Result<void> check_accepted(const Report& report, bool merged) {
  const SignalTally sum = report.result.total();
  if ((report.shards > 1 && !merged) || sum.accepted > 0 || sum.sent + sum.unsent == 0) {
    return {};
  }
  const auto& causes = report.result.causes;
  const auto most =
      std::ranges::max_element(causes, {}, [](const auto& one) { return one.second; });
  const std::string cause = most == causes.end()  ? "no answer"
                            : most->first.empty() ? "no reason given"
                                                  : most->first;
  const bool tls = !report.endpoints.empty() && report.endpoints.front().starts_with("https");
  const std::string hint =
      report.result.unauthorized > 0
          ? "the target requires credentials: a token, a header or a client certificate"
      : sum.refused > 0 ? refusal_hint(cause)
      : sum.rejected > 0
          ? "it answers with success and rejects every item (partial_success): its log says why"
          : otlp::connect_hint(cause, {.tls = tls}, "OTLP");
  return fail(sum.refused + sum.rejected > 0 ? Code::failed : Code::unreachable,
              fmt::format("'{}' accepted nothing: {}", join(report.endpoints, "', '"), cause),
              hint);
}

}  // namespace obsctl::loadgen
