// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) read value by value, as its caller asks for it.
//
// A library's document tree takes forty times the memory of the text, and the libraries at hand
// refuse what receivers of OTLP accept: bytes that are not UTF-8. Those come through as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace obsctl::otlp {

// Thrown by JsonReader, and caught by who calls it.
struct JsonError {
  std::string_view expected;
  std::size_t offset = 0;
};

class JsonReader {
 public:
  enum class Type : std::uint8_t { object, array, string, number, boolean, null };
  static constexpr int k_max_depth = 1000;

  explicit JsonReader(std::string_view text) : text_(text) {}

  // Of the value that comes next.
  [[nodiscard]] Type type();

  // Calls `member(key)` for every member; it reads the value. The key is valid until it does.
  template <class Member>
  void object(Member&& member) {
    open('{', "an object");
    for (bool more = !closes('}'); more; more = next('}', "',' or '}'")) {
      const std::string_view key = string();
      expect(':', "':'");
      member(key);
    }
    --depth_;
  }
  // Calls `element()` for every element; it reads the value.
  template <class Element>
  void array(Element&& element) {
    open('[', "a list");
    for (bool more = !closes(']'); more; more = next(']', "',' or ']'")) {
      element();
    }
    --depth_;
  }
  // Unescaped; valid until the next string is read.
  [[nodiscard]] std::string_view string();
  // Whether the last string had half of a surrogate pair, which became U+FFFD.
  [[nodiscard]] bool half_surrogate() const { return half_surrogate_; }
  [[nodiscard]] std::string_view number();  // as written
  bool boolean();
  void null() { literal("null"); }
  void skip();                 // a value of any type
  std::string_view skipped();  // the same, as written
  void end();                  // nothing but space may follow

 private:
  [[noreturn]] void fail(std::string_view expected) const { throw JsonError{expected, at_}; }
  void space();
  [[nodiscard]] bool closes(char closing);
  bool next(char closing, std::string_view expected);
  void open(char opening, std::string_view expected);
  void expect(char c, std::string_view expected);
  void literal(std::string_view word);
  void digits();
  void escape();
  [[nodiscard]] std::uint32_t hex4();

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string unescaped_;
  bool half_surrogate_ = false;
};

}  // namespace obsctl::otlp
