// SPDX-License-Identifier: Apache-2.0
// Tries queries and windows until one has an answer.
#include "lib/prom/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl::prom {
namespace {

constexpr std::array k_windows = {"1d", "1h", "15m", "5m", "2m"};
constexpr std::string_view k_window = "WINDOW";

// More than any rate, count or size of a stack; products of two still fit a whole number's range.
constexpr double k_most = 1e15;

// What is left of the time for all probes.
class Allowance {
 public:
  explicit Allowance(const Clock& clock) : clock_(clock), start_(clock.monotonic()) {}
  [[nodiscard]] Duration left() const {
    return {k_measure_timeout.seconds - clock_.since(start_).seconds};
  }

 private:
  const Clock& clock_;
  std::chrono::steady_clock::time_point start_;
};

Result<std::optional<double>> ask(const QueryClient& client, const std::string& query,
                                  const Allowance& allowance) {
  const Duration left = allowance.left();
  auto value = left.seconds > 0 ? client.value(query, std::min(k_query_timeout, left))
                                : Result<std::optional<double>>(std::nullopt);
  if (allowance.left().seconds <= 0) {
    return fail(Code::unreachable,
                fmt::format("'{}' was asked for {} and has not answered all queries",
                            shown_url(client.url()), print_duration(k_measure_timeout)),
                "it is slow or overloaded: try again when it has less to do");
  }
  if (value && *value && std::abs(**value) > k_most) {
    return fail(
        Code::failed,
        fmt::format("'{}' answers {:g}, which no stack has", shown_url(client.url()), **value),
        "look at the query: " + query);
  }
  return value;
}

Result<Measurement> run(const QueryClient& client, const Probe& probe, const Allowance& allowance) {
  Measurement out{probe.name, {}, ""};
  for (const auto& pattern : probe.queries) {
    const bool windowed = pattern.find(k_window) != std::string::npos;
    for (std::size_t i = 0; i < (windowed ? k_windows.size() : 1); ++i) {
      out.query = replace_all(pattern, k_window, k_windows.at(i));
      OBS_TRY_ASSIGN(const auto value, ask(client, out.query, allowance));
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
                                         const std::vector<Probe>& probes, const Clock& clock) {
  const Allowance allowance(clock);
  std::vector<Measurement> out;
  for (const auto& probe : probes) {
    OBS_TRY_ASSIGN(auto measurement, run(client, probe, allowance));
    out.push_back(std::move(measurement));
  }
  return out;
}

}  // namespace obsctl::prom
