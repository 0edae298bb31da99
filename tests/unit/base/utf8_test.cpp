// SPDX-License-Identifier: Apache-2.0
// The borders of well-formed UTF-8.
#include "lib/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace obsctl;

TEST_CASE("characters of every length are UTF-8") {
  for (const char* text : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(std::string(text));
    CHECK(is_utf8(text));
    CHECK(utf8_length(text) == std::string(text).size());
  }
  CHECK(is_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("text has no characters that end a line or are none") {
  for (const char* text :
       {"", "a b", "~", "\xC2\xA0", "\xE2\x80\xA7", "\xEF\xBF\xBD", "\xF0\x9F\x94\xA5"}) {
    CAPTURE(std::string(text));
    CHECK(is_text(text));
  }
  for (const char* text :
       {"\t", "\n", "\x7f", "\xC2\x80", "\xC2\x9F", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xB7\x90",
        "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xF0\x9F\xBF\xBE", "\xFF"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("stray, cut, overlong and impossible sequences are not UTF-8") {
  for (const char* text :
       {"\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(is_utf8(text));
    CHECK(utf8_length(text) == 0);
  }
}
