// SPDX-License-Identifier: Apache-2.0
// The grammar of JSON, strictly.
#include "lib/otlp/json_reader.hpp"

#include <charconv>

namespace obsctl::otlp {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6U);
    out += static_cast<char>(0x80U | (point & 63U));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | point >> 12U);
    out += static_cast<char>(0x80U | (point >> 6U & 63U));
    out += static_cast<char>(0x80U | (point & 63U));
  } else {
    out += static_cast<char>(0xF0U | point >> 18U);
    out += static_cast<char>(0x80U | (point >> 12U & 63U));
    out += static_cast<char>(0x80U | (point >> 6U & 63U));
    out += static_cast<char>(0x80U | (point & 63U));
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

void JsonReader::space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
    ++at_;
  }
}

JsonReader::Type JsonReader::type() {
  space();
  switch (at_ < text_.size() ? text_[at_] : '\0') {
    case '{': return Type::object;
    case '[': return Type::array;
    case '"': return Type::string;
    case 't':
    case 'f': return Type::boolean;
    case 'n': return Type::null;
    default: break;
  }
  if (at_ < text_.size() && (text_[at_] == '-' || is_digit(text_[at_]))) {
    return Type::number;
  }
  fail("a value");
}

void JsonReader::expect(char c, std::string_view expected) {
  space();
  if (at_ == text_.size() || text_[at_] != c) {
    fail(expected);
  }
  ++at_;
}

void JsonReader::open(char opening, std::string_view expected) {
  expect(opening, expected);
  if (++depth_ > k_max_depth) {
    fail("less nesting");
  }
}

bool JsonReader::closes(char closing) {
  space();
  if (at_ < text_.size() && text_[at_] == closing) {
    ++at_;
    return true;
  }
  return false;
}

bool JsonReader::next(char closing, std::string_view expected) {
  if (closes(closing)) {
    return false;
  }
  expect(',', expected);
  return true;
}

void JsonReader::literal(std::string_view word) {
  space();
  if (!text_.substr(at_).starts_with(word)) {
    fail("a value");
  }
  at_ += word.size();
}

bool JsonReader::boolean() {
  space();
  const bool value = text_.substr(at_).starts_with('t');
  literal(value ? "true" : "false");
  return value;
}

void JsonReader::digits() {
  const std::size_t first = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) {
    ++at_;
  }
  if (at_ == first) {
    fail("a digit");
  }
}

std::string_view JsonReader::number() {
  space();
  const std::size_t first = at_;
  const auto take = [this](std::string_view any) {
    const bool found = at_ < text_.size() && any.find(text_[at_]) != std::string_view::npos;
    at_ += found ? 1 : 0;
    return found;
  };
  take("-");
  if (!take("0")) {
    digits();
  }
  if (take(".")) {
    digits();
  }
  if (take("eE")) {
    take("+-");
    digits();
  }
  return text_.substr(first, at_ - first);
}

std::uint32_t JsonReader::hex4() {
  std::uint32_t value = 0;
  const auto digits = text_.substr(at_, 4);
  const auto* end = digits.data() + digits.size();
  if (digits.size() != 4 || std::from_chars(digits.data(), end, value, 16).ptr != end) {
    fail("four hex digits");
  }
  at_ += 4;
  return value;
}

void JsonReader::escape() {
  static constexpr std::string_view k_letters = "\"\\/bfnrt";
  static constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
  constexpr std::uint32_t k_replacement = 0xFFFD;
  const char letter = at_ < text_.size() ? text_[at_] : '\0';
  if (const auto found = k_letters.find(letter); found != std::string_view::npos) {
    ++at_;
    unescaped_ += k_meanings[found];
    return;
  }
  if (letter != 'u') {
    fail("an escape sequence");
  }
  ++at_;
  std::uint32_t point = hex4();
  if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
    const std::size_t second = at_;
    at_ += 2;
    const std::uint32_t low = hex4();
    if (low >= 0xDC00 && low < 0xE000) {
      return append_utf8(unescaped_, 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00));
    }
    at_ = second;
  }
  if (point >= 0xD800 && point < 0xE000) {
    half_surrogate_ = true;
    point = k_replacement;
  }
  append_utf8(unescaped_, point);
}

std::string_view JsonReader::string() {
  expect('"', "a string");
  unescaped_.clear();
  half_surrogate_ = false;
  std::size_t first = at_;  // of what is not in unescaped_ yet
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      const auto rest = text_.substr(first, at_ - first);
      ++at_;
      if (unescaped_.empty()) {
        return rest;
      }
      return unescaped_.append(rest);
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      fail("an escaped control character");
    }
    if (c == '\\') {
      unescaped_.append(text_, first, at_ - first);
      ++at_;
      escape();
      first = at_--;
    }
  }
  fail("the end of the string");
}

void JsonReader::skip() {
  switch (type()) {
    case Type::object: return object([this](std::string_view) { skip(); });
    case Type::array: return array([this] { skip(); });
    case Type::string: static_cast<void>(string()); return;
    case Type::number: static_cast<void>(number()); return;
    case Type::boolean: boolean(); return;
    case Type::null: return null();
  }
}

std::string_view JsonReader::skipped() {
  space();
  const std::size_t first = at_;
  skip();
  return text_.substr(first, at_ - first);
}

void JsonReader::end() {
  space();
  if (at_ != text_.size()) {
    fail("the end of the request (one JSON document, not several)");
  }
}

}  // namespace obsctl::otlp
