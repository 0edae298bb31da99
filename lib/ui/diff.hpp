// SPDX-License-Identifier: Apache-2.0
// Unified diffs, as `diff -u` and git print them, so that people can read them and patch(1) can
// apply them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obsctl {

// The difference between two versions of the file `path`, with three lines of context, coloured
// when `color`. No version means the file is not there (shown as /dev/null). Empty when they are
// equal.
[[nodiscard]] std::string unified_diff(std::string_view path,
                                       std::optional<std::string_view> before,
                                       std::optional<std::string_view> after, bool color = false);

}  // namespace obsctl
