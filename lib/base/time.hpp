// SPDX-License-Identifier: Apache-2.0
// Points in time as text: RFC 3339 in UTC with whole seconds, as every file of obsctl has them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace obsctl {

using Time = std::chrono::system_clock::time_point;

// "2026-11-26T02:54:04Z"
[[nodiscard]] std::string print_time(Time time);

// The exact form that print_time writes, of the years 1685 to 2254; nothing for any other text.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

}  // namespace obsctl
