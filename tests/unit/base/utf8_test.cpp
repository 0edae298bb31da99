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

TEST_CASE("stray, cut, overlong and impossible sequences are not UTF-8") {
  for (const char* text :
       {"\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(is_utf8(text));
    CHECK(utf8_length(text) == 0);
  }
}
