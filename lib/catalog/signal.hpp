// SPDX-License-Identifier: Apache-2.0
// The three signals, in the order in which every table lists them, and their names in the data.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obsctl::catalog {

enum class Signal { traces, metrics, logs };

inline constexpr std::array k_signals = {Signal::traces, Signal::metrics, Signal::logs};

[[nodiscard]] constexpr std::string_view signal_name(Signal signal) {
  switch (signal) {
    case Signal::traces: return "traces";
    case Signal::metrics: return "metrics";
    case Signal::logs: return "logs";
  }
  return "";
}

[[nodiscard]] inline std::vector<std::string> signal_names() {
  std::vector<std::string> out;
  for (const Signal signal : k_signals) {
    out.emplace_back(signal_name(signal));
  }
  return out;
}

[[nodiscard]] constexpr std::optional<Signal> signal_named(std::string_view name) {
  for (const Signal signal : k_signals) {
    if (signal_name(signal) == name) {
      return signal;
    }
  }
  return std::nullopt;
}

}  // namespace obsctl::catalog
