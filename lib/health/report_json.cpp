// SPDX-License-Identifier: Apache-2.0
// A report for scripts: obsctl's own JSON, with everything that the other forms are made of.
#include "lib/health/report.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::ordered_json;

void add(Json& out, const char* key, const std::string& text) {
  if (!text.empty()) {
    out[key] = text;
  }
}

Json problem_json(const Problem& problem) {
  Json out = {{"severity", name_of(problem.severity)},
              {"labels", problem.labels},
              {"values", problem.values},
              {"message", problem.message}};
  add(out, "cause", problem.cause);
  add(out, "fix", problem.fix);
  if (const auto seconds = time_to_loss(problem)) {
    out["seconds_to_loss"] = *seconds;
  }
  return out;
}

Json check_json(const CheckResult& result) {
  Json problems = Json::array();
  for (const Problem& problem : result.problems) {
    problems.push_back(problem_json(problem));
  }
  Json out = {{"id", result.id},
              {"category", name_of(result.category)},
              {"component", result.component},
              {"title", result.title},
              {"status", name_of(result.status)},
              {"from", result.from},
              {"problems", std::move(problems)}};
  add(out, "why", result.why);
  out["explained_by"] = result.explained_by;
  return out;
}

Json ledger_json(const LedgerLine& line) {
  return {{"component", line.component}, {"signal", line.signal},     {"seconds", line.seconds},
          {"accepted", line.accepted},   {"refused", line.refused},   {"stored", line.stored},
          {"waiting", line.waiting},     {"filtered", line.filtered}, {"sampled", line.sampled},
          {"lost", line.lost},           {"unknown", line.unknown},   {"filters", line.filters},
          {"refusals", line.refusals},   {"said", line.said}};
}

Json counts_json(const ReportCounts& counts) {
  return {{"checks", counts.checks},          {"ok", counts.ok},
          {"skipped", counts.skipped},        {"unknown", counts.unknown},
          {"errors", counts.problems.errors}, {"warnings", counts.problems.warnings},
          {"notes", counts.problems.notes}};
}

}  // namespace

Json report_json(const Report& report) {
  Json checks = Json::array();
  for (const CheckResult* result : in_reading_order(report)) {
    checks.push_back(check_json(*result));
  }
  Json ledger = Json::array();
  for (const LedgerLine& line : report.ledger) {
    ledger.push_back(ledger_json(line));
  }
  return {{"schema", "obsctl.health/v1"},
          {"subject", report.subject},
          {"at", print_time(report.at)},
          {"seconds", report.took.seconds},
          {"verdict", name_of(verdict_of(report))},
          {"counts", counts_json(counts_of(report))},
          {"checks", std::move(checks)},
          {"ledger", std::move(ledger)}};
}

}  // namespace obsctl::health
