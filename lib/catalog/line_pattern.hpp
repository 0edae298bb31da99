// SPDX-License-Identifier: Apache-2.0
// What must appear in a line of a log, with captures, matched in time that grows with the line alone:
// lines come from strangers, and a regular expression would let one of them stop a check.
//
//   larger than max ({size:number} vs. {limit:number})
//   maximum active stream limit exceeded{*}create stream {labels:braced}
//
// {*} is any text, also none; between everything else nothing may stand. {{ is a brace. Letters match
// in either case. A capture takes the longest text of its kind and none is tried twice:
//   number   12, -3.5, 00108961               word     up to white space, a quote, a comma, a bracket,
//                                            without a colon or full stop at its end
//   quoted   between two quotes of one kind   braced   from a brace to the one that closes it
//   time     2026-11-26T02:54:04Z, 2026-11-26 02:54:04.123 +0000 UTC
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"

namespace obsctl::catalog {

using Captures = std::map<std::string, std::string>;

// Text of a log in the one form that patterns are written for: escaped quotes and line ends are plain
// ones, white space is one space, control characters are gone.
struct LogText {
  std::string text;
  std::string lower;  // of the same length
  // Marks of all three letters that follow each other in `lower`: a pattern whose marks are not all
  // here is nowhere in it, so that thousands of lines are held against hundreds of patterns at once.
  static constexpr std::size_t k_marks = 4096;
  std::bitset<k_marks> marks;

  // Cuts it at 64 KiB.
  [[nodiscard]] static LogText of(std::string_view text);
};

enum class CaptureKind { number, word, quoted, braced, time };

constexpr auto names_of(CaptureKind) {
  using enum CaptureKind;
  return std::to_array<Named<CaptureKind>>(
      {{number, "number"}, {word, "word"}, {quoted, "quoted"}, {braced, "braced"}, {time, "time"}});
}

class LinePattern {
 public:
  // Errors: a brace that is not closed, an unknown kind, a part that begins with a capture, which
  // could stand anywhere.
  [[nodiscard]] static Result<LinePattern> parse(std::string_view text, const SourcePos& at);

  // What it captures where it appears first; nothing where it does not.
  [[nodiscard]] std::optional<Captures> match(const LogText& line) const;

  [[nodiscard]] std::vector<std::string> captures() const;

 private:
  struct Piece {
    std::string literal;  // in lower case; empty: a capture
    std::string capture = {};
    CaptureKind kind = CaptureKind::word;
  };
  // Pieces that follow each other directly; any text may stand between two runs.
  using Run = std::vector<Piece>;

  static std::optional<std::size_t> match_at(const Run& run, const LogText& line, std::size_t at,
                                             Captures& captures);

  std::vector<Run> runs_;
  std::vector<std::uint16_t> marks_;  // of its literals
};

// The words in quotes behind each place where `before` (in lower case) stands, each once.
[[nodiscard]] std::vector<std::string> quoted_behind(const LogText& line, std::string_view before);

// The number or word, quoted or not, behind the first place where `before` stands.
[[nodiscard]] std::optional<std::string> word_behind(const LogText& line, std::string_view before);

}  // namespace obsctl::catalog
