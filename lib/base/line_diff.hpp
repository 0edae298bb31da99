// SPDX-License-Identifier: Apache-2.0
// Which lines two texts share, for everything that shows or combines versions of a file.
#pragma once

#include <string_view>
#include <vector>

namespace obsctl {

// Lines of a text, each with its newline, except perhaps the last; views into that text.
using Lines = std::vector<std::string_view>;

[[nodiscard]] Lines lines_of(std::string_view text);

// One step on the way from a text to another.
struct LineEdit {
  enum class Kind : char { same = ' ', removed = '-', added = '+' };

  Kind kind;
  std::string_view line;
};

// The fewest edits that turn `a` into `b`. Texts that differ in more than 2000 lines count as
// replaced as a whole.
[[nodiscard]] std::vector<LineEdit> line_edits(const Lines& a, const Lines& b);

}  // namespace obsctl
