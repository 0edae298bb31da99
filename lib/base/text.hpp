// SPDX-License-Identifier: Apache-2.0
// Small string helpers shared by every layer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obsctl {

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);

// Breaks text into lines of at most `width` columns at spaces; each line starts with `indent`
// spaces. Existing newlines are kept.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

// Damerau-Levenshtein distance (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word` when it is close enough to be a typo (distance at most 2, and
// less than half of the word), otherwise empty.
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

// "did you mean 'x'?" or an empty string.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& candidates);

// The text as a double-quoted JSON string. YAML is written by yaml::scalar.
[[nodiscard]] std::string quoted(std::string_view text);

// As the value of a form or of a query; letters, digits and -_.~ stay as they are.
[[nodiscard]] std::string percent_encoded(std::string_view text);

// The text for a terminal or a log: control characters, which could move the cursor or forge lines,
// become "\\n" or "\\x1b".
[[nodiscard]] std::string printable(std::string_view text);

// A single-quoted POSIX shell word.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// The whole text as a plain number, or nothing.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

}  // namespace obsctl
