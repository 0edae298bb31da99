// SPDX-License-Identifier: Apache-2.0
// What a load test reads from others: a collector's metrics, scenario files, reports, thresholds
// and profiles. Nothing crashes, and what was understood can be used.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/loadgen/compile.hpp"
#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/profile.hpp"
#include "lib/loadgen/report.hpp"
#include "lib/loadgen/scenario.hpp"

using namespace obsctl::loadgen;

namespace {

void read_metrics(std::string_view text) {
  const auto families = obsctl::prom::parse_exposition(text, "fuzz");
  if (!families) {
    return;
  }
  const Snapshot snapshot = read_snapshot(*families);
  const LedgerReport ledger = balance({}, snapshot, {}, 1);
  static_cast<void>(ledger.balanced());
}

void read_scenario(std::string_view text) {
  const auto scenario = parse_scenario(text, "fuzz.yaml");
  if (!scenario) {
    return;
  }
  CompileOptions options;
  options.batch = 10;
  static_cast<void>(compile(*scenario, options));
}

void read_back(std::string_view text) {
  const auto report = read_report(text, "fuzz.json");
  if (!report) {
    return;
  }
  static_cast<void>(report_text(*report, false));
  static_cast<void>(report_junit(*report));
  static_cast<void>(report_markdown(*report));
  static_cast<void>(compare_reports(*report, *report, "a", "b", false));
  if (!read_report(report_json(*report), "again.json")) {
    std::abort();
  }
  Report other = *report;
  other.shard ^= 1;
  const auto merged = merge_reports({*report, other});
  if (merged) {
    static_cast<void>(report_text(*merged, false));
  }
}

void read_profile(std::string_view text) {
  const auto profile = Profile::parse(text, 100, 10, "--profile");
  if (profile && !(profile->due_by(10) >= 0)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The first byte chooses the reader, so that mutations stay in one format.
  if (text.empty()) {
    return 0;
  }
  const std::string_view rest = text.substr(1);
  switch (text.front()) {
    case 'm': read_metrics(rest); break;
    case 's': read_scenario(rest); break;
    case 'r': read_back(rest); break;
    case 'p': read_profile(rest); break;
    case 't': static_cast<void>(parse_threshold(rest)); break;
    default: break;
  }
  return 0;
}
