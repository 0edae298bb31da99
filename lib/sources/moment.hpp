// SPDX-License-Identifier: Apache-2.0
// Points in time as other programs write them.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/time.hpp"

namespace obsctl::health {

// RFC 3339 with any fraction and offset: "2026-11-26T12:00:00.123456789+01:00". Nothing for another
// text, and for the year 1, with which programs in Go say "never".
[[nodiscard]] std::optional<Time> parse_moment(std::string_view text);

}  // namespace obsctl::health
