// SPDX-License-Identifier: Apache-2.0
// Matches lines from left to right without ever going back.
#include "lib/catalog/line_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::size_t k_longest_text = 64UL * 1024;
// A capture that goes on and on is none; it also bounds the work at each place of a line.
constexpr std::size_t k_longest_capture = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_quote(char c) {
  return c == '"' || c == '\'' || c == '`';
}

bool ends_word(char c) {
  return c == ' ' || is_quote(c) ||
         std::string_view(",;()[]{}<>").find(c) != std::string_view::npos;
}

bool is_of_time(char c) {
  return is_digit(c) || std::string_view("T:.+-Z UC").find(c) != std::string_view::npos;
}

template <class Takes>
std::size_t run_of(std::string_view text, const Takes& takes) {
  const auto end = std::ranges::find_if_not(text, takes);
  return static_cast<std::size_t>(end - text.begin());
}

// Messages put a colon behind what they are about, and a full stop behind a sentence.
std::size_t length_of_word(std::string_view text) {
  const std::size_t out = run_of(text, [](char c) { return !ends_word(c); });
  return out > 0 && (text[out - 1] == ':' || text[out - 1] == '.') ? out - 1 : out;
}

std::size_t length_of_number(std::string_view text) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  std::size_t out = sign + run_of(text.substr(sign), is_digit);
  if (out > sign && out + 1 < text.size() && text[out] == '.' && is_digit(text[out + 1])) {
    out += 1 + run_of(text.substr(out + 1), is_digit);
  }
  return out == sign ? 0 : out;
}

std::size_t length_of_quoted(std::string_view text) {
  if (text.empty() || !is_quote(text.front())) {
    return 0;
  }
  const auto close = text.find(text.front(), 1);
  return close == std::string_view::npos ? 0 : close + 1;
}

std::size_t length_of_braced(std::string_view text) {
  if (!text.starts_with('{')) {
    return 0;
  }
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    open += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    if (open == 0) {
      return i + 1;
    }
  }
  return 0;
}

std::size_t length_of_time(std::string_view text) {
  constexpr std::size_t k_date = 10;  // "2026-11-26"
  const std::size_t out = run_of(text, is_of_time);
  return out < k_date || text[4] != '-' ? 0 : trim(text.substr(0, out)).size();
}

// How much of the text a capture takes; 0: none of its kind stands here.
std::size_t length_of(CaptureKind kind, std::string_view text) {
  text = text.substr(0, k_longest_capture);
  switch (kind) {
    case CaptureKind::number: return length_of_number(text);
    case CaptureKind::word: return length_of_word(text);
    case CaptureKind::quoted: return length_of_quoted(text);
    case CaptureKind::braced: return length_of_braced(text);
    case CaptureKind::time: break;
  }
  return length_of_time(text);
}

std::string without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && is_quote(text.front()) && text.back() == text.front();
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

// One character of the text, which is taken off, in the one form; empty: nothing is left of it.
std::string_view next_plain(std::string_view& rest) {
  const auto take = [&rest](std::size_t skipped, std::size_t length) {
    const std::string_view out = rest.substr(skipped, length);
    rest.remove_prefix(skipped + length);
    return out;
  };
  const auto escapes = std::min(rest.find_first_not_of('\\'), rest.size());
  const char behind = escapes < rest.size() ? rest[escapes] : '\0';
  // A logger that quotes a quotation escapes its escapes.
  if (escapes > 0 && is_quote(behind)) {
    return take(escapes, 1);
  }
  if (escapes > 0 && std::string_view("ntr").find(behind) != std::string_view::npos) {
    take(escapes, 1);
    return " ";
  }
  if (std::string_view(" \n\t\r").find(rest.front()) != std::string_view::npos) {
    take(0, 1);
    return " ";
  }
  const std::size_t length = utf8_length(rest);
  const std::string_view out = take(0, std::max<std::size_t>(length, 1));
  if (length == 0) {
    return "?";
  }
  return is_text(out) ? out : std::string_view();
}

// Calls `take` with the mark of every three letters that follow each other.
template <class Take>
void each_mark(std::string_view lower, const Take& take) {
  for (std::size_t i = 0; i + 2 < lower.size(); ++i) {
    std::uint32_t hash = 0;
    for (const char c : lower.substr(i, 3)) {
      hash = hash * 131 + static_cast<unsigned char>(c);
    }
    take(static_cast<std::uint16_t>((hash * 2654435761U >> 16U) % LogText::k_marks));
  }
}

}  // namespace

LogText LogText::of(std::string_view text) {
  LogText out;
  for (std::string_view rest = text.substr(0, k_longest_text); !rest.empty();) {
    const std::string_view plain = next_plain(rest);
    if (plain != " " || (!out.text.empty() && out.text.back() != ' ')) {
      out.text += plain;
    }
  }
  out.lower = obsctl::lower(out.text);
  each_mark(out.lower, [&out](std::uint16_t mark) { out.marks.set(mark); });
  return out;
}

Result<LinePattern> LinePattern::parse(std::string_view text, const SourcePos& at) {
  LinePattern out;
  Run run;
  const auto literal = [&run](std::string_view piece) {
    if (piece.empty()) {
      return;
    }
    if (run.empty() || run.back().literal.empty()) {
      run.push_back({std::string{}});
    }
    run.back().literal += obsctl::lower(piece);
  };
  const auto end_run = [&]() -> Result<void> {
    if (run.empty() || run.front().literal.empty()) {
      return fail_at(at, fmt::format("'{}' does not begin with a text to look for", text),
                     "put the words in front of a capture or {*} in the pattern");
    }
    out.runs_.push_back(std::move(run));
    run.clear();
    return {};
  };
  for (std::string_view rest = text; !rest.empty();) {
    const auto open = std::min(rest.find('{'), rest.size());
    literal(rest.substr(0, open));
    rest.remove_prefix(open);
    if (rest.empty()) {
      break;
    }
    if (rest.starts_with("{{")) {
      literal("{");
      rest.remove_prefix(2);
      continue;
    }
    const auto close = rest.find('}');
    if (close == std::string_view::npos) {
      return fail_at(at, fmt::format("a brace in '{}' is not closed", text));
    }
    const std::string_view tag = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (tag == "*") {
      OBS_TRY(end_run());
      continue;
    }
    const auto colon = tag.find(':');
    const auto kind =
        choice_named<CaptureKind>(colon == std::string_view::npos ? "word" : tag.substr(colon + 1));
    if (!kind || colon == 0 || tag.empty()) {
      return fail_at(
          at, fmt::format("'{{{}}}' is no capture", tag),
          fmt::format("{{name:KIND}} with one of {}", fmt::join(choices_of<CaptureKind>(), ", ")));
    }
    run.push_back({"", std::string(tag.substr(0, colon)), *kind});
  }
  OBS_TRY(end_run());
  for (const Run& one : out.runs_) {
    for (const Piece& piece : one) {
      each_mark(piece.literal, [&out](std::uint16_t mark) { out.marks_.push_back(mark); });
    }
  }
  return out;
}

std::optional<std::size_t> LinePattern::match_at(const Run& run, const LogText& line,
                                                 std::size_t at, Captures& captures) {
  const std::string_view text = line.text;
  for (const Piece& piece : run) {
    if (!piece.literal.empty()) {
      if (line.lower.compare(at, piece.literal.size(), piece.literal) != 0) {
        return std::nullopt;
      }
      at += piece.literal.size();
      continue;
    }
    const std::size_t length = length_of(piece.kind, text.substr(at));
    if (length == 0) {
      return std::nullopt;
    }
    const std::string_view found = text.substr(at, length);
    captures[piece.capture] =
        piece.kind == CaptureKind::quoted ? without_quotes(found) : std::string(found);
    at += length;
  }
  return at;
}

std::optional<Captures> LinePattern::match(const LogText& line) const {
  if (!std::ranges::all_of(marks_, [&line](std::uint16_t mark) { return line.marks[mark]; })) {
    return std::nullopt;
  }
  Captures out;
  std::size_t from = 0;
  for (const Run& run : runs_) {
    std::optional<std::size_t> end;
    while (!end) {
      const auto at = line.lower.find(run.front().literal, from);
      if (at == std::string::npos) {
        return std::nullopt;
      }
      end = match_at(run, line, at, out);
      from = end.value_or(at + 1);
    }
  }
  return out;
}

std::vector<std::string> LinePattern::captures() const {
  std::vector<std::string> out;
  for (const Run& run : runs_) {
    for (const Piece& piece : run) {
      if (!piece.capture.empty()) {
        out.push_back(piece.capture);
      }
    }
  }
  return out;
}

std::vector<std::string> quoted_behind(const LogText& line, std::string_view before) {
  std::vector<std::string> out;
  for (auto at = line.lower.find(before); at != std::string::npos;
       at = line.lower.find(before, at + 1)) {
    const std::string_view rest = std::string_view(line.text).substr(at + before.size());
    const std::size_t length = length_of(CaptureKind::quoted, rest);
    std::string word = without_quotes(rest.substr(0, length));
    if (!word.empty() && std::ranges::find(out, word) == out.end()) {
      out.push_back(std::move(word));
    }
  }
  return out;
}

std::optional<std::string> word_behind(const LogText& line, std::string_view before) {
  const auto at = line.lower.find(before);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  std::string_view rest = std::string_view(line.text).substr(at + before.size());
  rest.remove_prefix(rest.starts_with(' ') ? 1 : 0);
  const bool quoted = !rest.empty() && is_quote(rest.front());
  const std::size_t length = length_of(quoted ? CaptureKind::quoted : CaptureKind::word, rest);
  std::string out = without_quotes(rest.substr(0, length));
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace obsctl::catalog
