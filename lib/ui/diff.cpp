// SPDX-License-Identifier: Apache-2.0
// Myers' O(ND) algorithm (1986) over lines, and the hunks of the unified format.
#include "lib/ui/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lib/ui/style.hpp"

namespace obsctl {
namespace {

using Lines = std::vector<std::string_view>;  // each with its newline, except perhaps the last

constexpr std::ptrdiff_t k_context = 3;
// Two texts that differ in more lines than this are shown as a replacement: nobody reads such a
// diff, and the search takes memory with the square of it.
constexpr std::ptrdiff_t k_max_edits = 2000;

enum class Kind : char { same = ' ', removed = '-', added = '+' };

struct Edit {
  Kind kind;
  std::string_view line;
};

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const auto size = newline == std::string_view::npos ? text.size() : newline + 1;
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

// The furthest-reaching points of Myers' search, one row per number of edits.
class Search {
 public:
  Search(const Lines& a, const Lines& b) : a_(a), b_(b), n_(std::ssize(a)), m_(std::ssize(b)) {}

  // False when more than k_max_edits edits would be needed.
  bool run() {
    std::vector<std::ptrdiff_t> v(static_cast<std::size_t>(2 * k_max_edits + 3));
    const auto at = [&v](std::ptrdiff_t k) -> std::ptrdiff_t& {
      return v[static_cast<std::size_t>(k + k_max_edits + 1)];
    };
    for (std::ptrdiff_t d = 0; d <= std::min(n_ + m_, k_max_edits); ++d) {
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
        std::ptrdiff_t x = down ? at(k + 1) : at(k - 1) + 1;
        while (x < n_ && x - k < m_ && line(a_, x) == line(b_, x - k)) {
          ++x;
        }
        at(k) = x;
      }
      rows_.emplace_back(v.begin() + (k_max_edits + 1 - d), v.begin() + (k_max_edits + 2 + d));
      const std::ptrdiff_t goal = n_ - m_;
      if (std::abs(goal) <= d && (goal + d) % 2 == 0 && at(goal) >= n_) {
        return true;
      }
    }
    return false;
  }

  // The edits from `a` to `b`, walking the rows backwards.
  [[nodiscard]] std::vector<Edit> edits() const {
    std::vector<Edit> out;
    std::ptrdiff_t x = n_;
    std::ptrdiff_t y = m_;
    for (std::ptrdiff_t d = std::ssize(rows_) - 1; d >= 0; --d) {
      const std::ptrdiff_t k = x - y;
      const bool down = d == 0 || k == -d || (k != d && row(d - 1, k - 1) < row(d - 1, k + 1));
      const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
      const std::ptrdiff_t after_edit = d == 0 ? 0 : row(d - 1, from_k) + (down ? 0 : 1);
      while (x > after_edit) {
        out.push_back({Kind::same, line(a_, --x)});
        --y;
      }
      if (d > 0 && down) {
        out.push_back({Kind::added, line(b_, --y)});
      } else if (d > 0) {
        out.push_back({Kind::removed, line(a_, --x)});
      }
    }
    std::ranges::reverse(out);
    return out;
  }

 private:
  static std::string_view line(const Lines& lines, std::ptrdiff_t i) {
    return lines[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] std::ptrdiff_t row(std::ptrdiff_t d, std::ptrdiff_t k) const {
    return rows_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  }

  const Lines& a_;
  const Lines& b_;
  std::ptrdiff_t n_;
  std::ptrdiff_t m_;
  std::vector<std::vector<std::ptrdiff_t>> rows_;  // rows_[d][k + d]
};

std::vector<Edit> compare(const Lines& a, const Lines& b) {
  Search search(a, b);
  if (search.run()) {
    return search.edits();
  }
  std::vector<Edit> out;
  for (const auto line : a) {
    out.push_back({Kind::removed, line});
  }
  for (const auto line : b) {
    out.push_back({Kind::added, line});
  }
  return out;
}

std::string print_line(const Edit& edit, bool color) {
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
  Hunks(const std::vector<Edit>& edits, bool color) : edits_(edits), color_(color) {}

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

  const std::vector<Edit>& edits_;
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
  const std::vector<Edit> edits =
      compare(lines_of(before.value_or("")), lines_of(after.value_or("")));
  const std::string header =
      fmt::format("--- {}\n+++ {}\n", before ? fmt::format("a/{}", path) : std::string("/dev/null"),
                  after ? fmt::format("b/{}", path) : std::string("/dev/null"));
  return style(Style::bold, header.substr(0, header.size() - 1), color) + "\n" +
         Hunks(edits, color).print();
}

}  // namespace obsctl
