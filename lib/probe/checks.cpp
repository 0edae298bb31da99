// SPDX-License-Identifier: Apache-2.0
// What the probe found as results of checks, so that every format and the exit code have it.
#include <fmt/format.h>

#include "lib/probe/probe.hpp"

namespace obsctl::health {
namespace {

CheckResult check_of(const ProbeResult& result) {
  CheckResult out{.id = "PRB-001", .category = catalog::HealthCategory::delivery};
  out.title = fmt::format("{} over {} arrive in the store", catalog::signal_name(result.signal),
                          protocol_title(result.protocol));
  out.from = {result.endpoint};
  if (result.state == ProbeState::found) {
    return out;
  }
  if (result.state == ProbeState::unasked) {
    out.status = Status::unknown;
    out.why = result.stores.empty() ? "no store of this signal" : result.stores.front().why;
    return out;
  }
  out.status = Status::error;
  Problem problem{.severity = Severity::error};
  problem.labels = {{"signal", std::string(catalog::signal_name(result.signal))},
                    {"protocol", std::string(protocol_title(result.protocol))}};
  problem.message = fmt::format("{} over {}: {}", catalog::signal_name(result.signal),
                                protocol_title(result.protocol), name_of(result.state));
  if (!result.stopped.empty()) {
    problem.message += " (" + result.stopped + ")";
  }
  problem.cause = result.words;
  problem.fix = result.next;
  out.problems.push_back(std::move(problem));
  return out;
}

}  // namespace

std::vector<CheckResult> probe_checks(const ProbeReport& report) {
  std::vector<CheckResult> out;
  for (const ProbeResult& result : report.results) {
    out.push_back(check_of(result));
  }
  return out;
}

}  // namespace obsctl::health
