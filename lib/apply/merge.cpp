// SPDX-License-Identifier: Apache-2.0
// Walks the changes of both versions in the order of the base, as diff3 does.
#include "lib/apply/merge.hpp"

#include <cstddef>
#include <vector>

#include "lib/base/line_diff.hpp"

namespace obsctl::apply {
namespace {

// Lines [begin, end) of the base became `lines`.
struct Hunk {
  std::size_t begin = 0;
  std::size_t end = 0;
  Lines lines;

  bool operator==(const Hunk&) const = default;
};

std::vector<Hunk> hunks(const Lines& base, const Lines& other) {
  std::vector<Hunk> out;
  std::size_t at = 0;  // of the base
  bool open = false;
  for (const auto& edit : line_edits(base, other)) {
    if (edit.kind == LineEdit::Kind::same) {
      open = false;
      ++at;
      continue;
    }
    if (!open) {
      out.push_back({.begin = at, .end = at, .lines = {}});
      open = true;
    }
    if (edit.kind == LineEdit::Kind::removed) {
      out.back().end = ++at;
    } else {
      out.back().lines.push_back(edit.line);
    }
  }
  return out;
}

// The changes of both in the order of the base; nothing when two of them touch.
std::optional<std::vector<Hunk>> united(const std::vector<Hunk>& mine,
                                        const std::vector<Hunk>& theirs) {
  std::vector<Hunk> out;
  auto a = mine.begin();
  auto b = theirs.begin();
  while (a != mine.end() || b != theirs.end()) {
    if (b == theirs.end() || (a != mine.end() && a->end < b->begin)) {
      out.push_back(*a++);
    } else if (a == mine.end() || b->end < a->begin) {
      out.push_back(*b++);
    } else if (*a == *b) {
      out.push_back(*a++);
      ++b;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> merge_texts(std::string_view base, std::string_view mine,
                                       std::string_view theirs) {
  const Lines lines = lines_of(base);
  const auto changes = united(hunks(lines, lines_of(mine)), hunks(lines, lines_of(theirs)));
  if (!changes) {
    return std::nullopt;
  }
  std::string out;
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    for (; at < end; ++at) {
      out += lines[at];
    }
  };
  for (const auto& change : *changes) {
    copy_to(change.begin);
    for (const auto line : change.lines) {
      out += line;
    }
    at = change.end;
  }
  copy_to(lines.size());
  return out;
}

}  // namespace obsctl::apply
