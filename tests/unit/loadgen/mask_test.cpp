// SPDX-License-Identifier: Apache-2.0
// No credential in a report, whole or in part.
#include "lib/loadgen/mask.hpp"

#include <doctest/doctest.h>

#include "lib/otlp/response.hpp"

using namespace obsctl;
using obsctl::loadgen::mask_credentials;

TEST_CASE("credentials are masked whole, in parts, by words and decoded") {
  const std::string basic = "Basic " + otlp::base64_encode("alice:open sesame");
  struct Row {
    const char* name;
    std::string value;
    std::string text;
    const char* expected;
  };
  const Row rows[] = {
      {"authorization", "Bearer abcdefghij", "bad Bearer abcdefghij!",
       "bad Bearer <authorization>!"},
      {"authorization", "Bearer abcdefghij", "starts with abcdef…", "starts with <authorization>…"},
      {"authorization", "Bearer abcdefghij", "ends in efghij", "ends in <authorization>"},
      {"authorization", "Bearer abcdefghij", "abcde is too short", "abcde is too short"},
      {"x-key", "first-word second-word", "got 'second-word'", "got '<x-key>'"},
      {"x-key", "first-word second-word", "first-word second-word", "<x-key>"},
      {"x-pin", "41", "pin 41 of 141 is wrong", "pin <x-pin> of 141 is wrong"},
      {"x-key", "p\xc3\xa4ssw\xc3\xb6rd", otlp::printable("is p\xc3\xa4ssw\xc3\xb6rd"),
       "is <x-key>"},
      {"authorization", basic, "user alice, password open sesame",
       "user <authorization>, password <authorization>"},
      {"x-empty", "", "nothing to hide", "nothing to hide"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(mask_credentials(row.text, {{row.name, row.value}}) == row.expected);
  }
}
