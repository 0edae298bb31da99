// SPDX-License-Identifier: Apache-2.0
// Tries queries and windows until one has an answer.
#include "lib/prom/measure.hpp"

#include <array>

#include "lib/base/text.hpp"

namespace obsctl::prom {
namespace {

constexpr std::array k_windows = {"1d", "1h", "15m", "5m", "2m"};
constexpr std::string_view k_window = "WINDOW";

Result<Measurement> run(const QueryClient& client, const Probe& probe) {
  Measurement out{probe.name, {}, ""};
  for (const auto& pattern : probe.queries) {
    const bool windowed = pattern.find(k_window) != std::string::npos;
    for (std::size_t i = 0; i < (windowed ? k_windows.size() : 1); ++i) {
      out.query = replace_all(pattern, k_window, k_windows.at(i));
      OBS_TRY_ASSIGN(const auto value, client.value(out.query));
      if (value && *value > 0) {
        out.value = value;
        return out;
      }
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Measurement>> measure(const QueryClient& client,
                                         const std::vector<Probe>& probes) {
  std::vector<Measurement> out;
  for (const auto& probe : probes) {
    OBS_TRY_ASSIGN(auto measurement, run(client, probe));
    out.push_back(std::move(measurement));
  }
  return out;
}

}  // namespace obsctl::prom
