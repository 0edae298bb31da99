// SPDX-License-Identifier: Apache-2.0
// Parsing and scheduling of faults.
#include "lib/sink/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::array<std::string_view, 10> k_names = {
    "slow",   "partial", "unavailable", "exhausted", "error",
    "refuse", "reset",   "goaway",      "hang",      "garbage"};
constexpr double k_rounding = 1e-9;  // ten times 0.1 must be one

Result<std::chrono::nanoseconds> duration(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const Duration value, parse_duration(text, what));
  return std::chrono::nanoseconds(static_cast<std::int64_t>(value.seconds * 1e9));
}

Result<void> set_option(Fault& fault, const std::string& key, const std::string& value,
                        std::string_view what) {
  if (key == "share") {
    OBS_TRY_ASSIGN(const Share share, parse_share(value, what));
    fault.share = share.value;
  } else if (key == "delay") {
    OBS_TRY_ASSIGN(fault.delay, duration(value, what));
  } else if (key == "retry") {
    OBS_TRY_ASSIGN(fault.retry_after, duration(value, what));
  } else if (key == "rejected") {
    OBS_TRY_ASSIGN(fault.rejected, parse_integer(value, what, 0, 1'000'000'000));
  } else if (key == "signal") {
    for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
      fault.signal = signal_name(signal) == value ? signal : fault.signal;
    }
    if (!fault.signal) {
      return fail(Code::usage, fmt::format("{}: unknown signal '{}'", what, value),
                  "one of: traces, metrics, logs");
    }
  } else {
    return fail(Code::usage, fmt::format("{}: unknown setting '{}'", what, key),
                "one of: share, delay, retry, rejected, signal");
  }
  return {};
}

}  // namespace

std::string_view fault_name(FaultKind kind) {
  return k_names[static_cast<std::size_t>(kind)];
}

const std::vector<std::string>& fault_names() {
  static const std::vector<std::string> k_list(k_names.begin(), k_names.end());
  return k_list;
}

Result<Fault> parse_fault(std::string_view text, std::string_view what) {
  const auto parts = split(text, ',');
  Fault fault;
  const auto name = std::ranges::find(k_names, trim(parts.front()));
  if (name == k_names.end()) {
    return fail(Code::usage, fmt::format("{}: unknown fault '{}'", what, parts.front()),
                "one of: " + join(fault_names(), ", "));
  }
  fault.kind = static_cast<FaultKind>(name - k_names.begin());
  if (fault.kind == FaultKind::slow) {
    fault.delay = std::chrono::seconds(1);
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = parts[i].find('=');
    if (equals == std::string::npos) {
      return fail(Code::usage, fmt::format("{}: '{}' is not KEY=VALUE", what, parts[i]),
                  "for example: unavailable,share=10%,retry=2s");
    }
    OBS_TRY(set_option(fault, std::string(trim(parts[i].substr(0, equals))),
                       std::string(trim(parts[i].substr(equals + 1))), what));
  }
  return fault;
}

FaultPlan::FaultPlan(std::vector<Fault> faults)
    : faults_(std::move(faults)), debt_(faults_.size(), 0.0) {}

const Fault* FaultPlan::next(Signal signal) {
  const Fault* chosen = nullptr;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.signal.value_or(signal) != signal) {
      continue;
    }
    debt_[i] += fault.share;
    if (chosen == nullptr && debt_[i] >= 1.0 - k_rounding) {
      debt_[i] -= 1.0;
      chosen = &fault;
    }
  }
  return chosen;
}

}  // namespace obsctl::otlp
