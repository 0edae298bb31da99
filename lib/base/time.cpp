// SPDX-License-Identifier: Apache-2.0
// RFC 3339 ↔ a point in time.
#include "lib/base/time.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace obsctl {

std::string print_time(Time time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<Time> parse_time(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  // The clock counts nanoseconds in 64 bits: 292 years each way.
  constexpr std::time_t k_farthest = 9'000'000'000;
  const std::time_t seconds = ::timegm(&parts);
  if (seconds > k_farthest || seconds < -k_farthest) {
    return std::nullopt;
  }
  const Time time = std::chrono::system_clock::from_time_t(seconds);
  return print_time(time) == text ? std::optional(time) : std::nullopt;  // not the 31st of February
}

}  // namespace obsctl
