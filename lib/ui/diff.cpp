// SPDX-License-Identifier: Apache-2.0
// The hunks of the unified format.
#include "lib/ui/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lib/base/line_diff.hpp"
#include "lib/ui/style.hpp"

namespace obsctl {
namespace {

using Kind = LineEdit::Kind;

constexpr std::ptrdiff_t k_context = 3;

std::string print_line(const LineEdit& edit, bool color) {
  const bool ends = edit.line.ends_with('\n');
  const std::string text = static_cast<char>(edit.kind) +
                           std::string(edit.line.substr(0, edit.line.size() - (ends ? 1 : 0)));
  std::string out = edit.kind == Kind::same      ? text
                    : edit.kind == Kind::removed ? style(Style::red, text, color)
                                                 : style(Style::green, text, color);
  return out + (ends ? "\n" : "\n\\ No newline at end of file\n");
}

// "start,length" of one side of a hunk; an empty side names the line before it.
std::string range(std::ptrdiff_t start, std::ptrdiff_t length) {
  return fmt::format("{},{}", length == 0 ? start : start + 1, length);
}

class Hunks {
 public:
  Hunks(const std::vector<LineEdit>& edits, bool color) : edits_(edits), color_(color) {}

  std::string print() {
    const auto size = std::ssize(edits_);
    for (std::ptrdiff_t i = 0; i < size;) {
      if (kind(i) == Kind::same) {
        ++i;
        continue;
      }
      const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(i - k_context, 0);
      std::ptrdiff_t last = i;  // the last change that is near enough to share the hunk
      for (std::ptrdiff_t j = i; j < size && j <= last + 2 * k_context; ++j) {
        last = kind(j) == Kind::same ? last : j;
      }
      i = std::min(last + 1 + k_context, size);
      hunk(begin, i);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] Kind kind(std::ptrdiff_t i) const {
    return edits_[static_cast<std::size_t>(i)].kind;
  }

  void hunk(std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (; counted_ < begin; ++counted_) {
      old_line_ += kind(counted_) != Kind::added ? 1 : 0;
      new_line_ += kind(counted_) != Kind::removed ? 1 : 0;
    }
    std::ptrdiff_t old_size = 0;
    std::ptrdiff_t new_size = 0;
    std::string body;
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      old_size += kind(i) != Kind::added ? 1 : 0;
      new_size += kind(i) != Kind::removed ? 1 : 0;
      body += print_line(edits_[static_cast<std::size_t>(i)], color_);
    }
    out_ += fmt::format("@@ -{} +{} @@\n", range(old_line_, old_size), range(new_line_, new_size));
    out_ += body;
  }

  const std::vector<LineEdit>& edits_;
  bool color_;
  std::string out_;
  std::ptrdiff_t counted_ = 0;  // edits before this one are in the line counts
  std::ptrdiff_t old_line_ = 0;
  std::ptrdiff_t new_line_ = 0;
};

}  // namespace

std::string unified_diff(std::string_view path, std::optional<std::string_view> before,
                         std::optional<std::string_view> after, bool color) {
  if (before == after) {
    return {};
  }
  const std::vector<LineEdit> edits =
      line_edits(lines_of(before.value_or("")), lines_of(after.value_or("")));
  const std::string header =
      fmt::format("--- {}\n+++ {}\n", before ? fmt::format("a/{}", path) : std::string("/dev/null"),
                  after ? fmt::format("b/{}", path) : std::string("/dev/null"));
  return style(Style::bold, header.substr(0, header.size() - 1), color) + "\n" +
         Hunks(edits, color).print();
}

}  // namespace obsctl
