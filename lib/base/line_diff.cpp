// SPDX-License-Identifier: Apache-2.0
// Myers' O(ND) algorithm (1986) over lines.
#include "lib/base/line_diff.hpp"

#include <algorithm>
#include <cstddef>

namespace obsctl {
namespace {

// Beyond this nobody reads the difference, and the search takes memory with the square of it.
constexpr std::ptrdiff_t k_max_edits = 2000;

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
  [[nodiscard]] std::vector<LineEdit> edits() const {
    std::vector<LineEdit> out;
    std::ptrdiff_t x = n_;
    std::ptrdiff_t y = m_;
    for (std::ptrdiff_t d = std::ssize(rows_) - 1; d >= 0; --d) {
      const std::ptrdiff_t k = x - y;
      const bool down = d == 0 || k == -d || (k != d && row(d - 1, k - 1) < row(d - 1, k + 1));
      const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
      const std::ptrdiff_t after_edit = d == 0 ? 0 : row(d - 1, from_k) + (down ? 0 : 1);
      while (x > after_edit) {
        out.push_back({LineEdit::Kind::same, line(a_, --x)});
        --y;
      }
      if (d > 0 && down) {
        out.push_back({LineEdit::Kind::added, line(b_, --y)});
      } else if (d > 0) {
        out.push_back({LineEdit::Kind::removed, line(a_, --x)});
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

}  // namespace

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

std::vector<LineEdit> line_edits(const Lines& a, const Lines& b) {
  Search search(a, b);
  if (search.run()) {
    return search.edits();
  }
  std::vector<LineEdit> out;
  for (const auto line : a) {
    out.push_back({LineEdit::Kind::removed, line});
  }
  for (const auto line : b) {
    out.push_back({LineEdit::Kind::added, line});
  }
  return out;
}

}  // namespace obsctl
