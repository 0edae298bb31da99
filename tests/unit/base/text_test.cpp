// SPDX-License-Identifier: Apache-2.0
// Text helpers: suggestions must help and never mislead; quoting must be exact.
#include "lib/base/text.hpp"

#include <doctest/doctest.h>

#include "lib/base/error.hpp"
#include "lib/base/hash.hpp"

using namespace obsctl;

TEST_CASE("a typo finds its word, an unrelated word finds nothing") {
  const std::vector<std::string> tiers = {"small", "medium", "large", "xlarge"};
  CHECK(nearest("meduim", tiers) == "medium");
  CHECK(nearest("smal", tiers) == "small");
  CHECK(nearest("huge", tiers).empty());
  CHECK(nearest("x", tiers).empty());
  CHECK(did_you_mean("larg", tiers) == "did you mean 'large'?");
}

TEST_CASE("edit distance counts a transposition once") {
  CHECK(edit_distance("meduim", "medium") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("quoting") {
  CHECK(quoted("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\u0001\"");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
}

TEST_CASE("what a terminal would obey is made visible, and other letters stay") {
  CHECK(printable("a\x1b[31m\nb\x7f") == "a\\x1b[31m\\nb\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") ==
        "\\x9b"
        "31m");
  CHECK(printable("caf\xc3\xa9 \xc2\xa0 \xe2\x80\x9b") == "caf\xc3\xa9 \xc2\xa0 \xe2\x80\x9b");
}

TEST_CASE("wrapping keeps words whole and newlines where they are") {
  CHECK(wrap("aa bb cc", 5, 0) == "aa bb\ncc");
  CHECK(wrap("aa\nbb", 80, 2) == "  aa\n  bb");
  CHECK(wrap("unbreakable", 4, 0) == "unbreakable");
}

TEST_CASE("SHA-256 of the FIPS 180-4 examples") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("every error kind has a name of its own and a documented exit code") {
  CHECK(exit_code_of(Code::config) == exit_code::usage);
  CHECK(exit_code_of(Code::unreachable) == exit_code::unavailable);
  CHECK(exit_code_of(Code::integrity) == exit_code::integrity);
  CHECK(SourcePos{"f.yaml", 3, 7}.str() == "f.yaml:3:7");
  CHECK(SourcePos{"f.yaml"}.str() == "f.yaml");
}

TEST_CASE("values of forms and queries are percent-encoded") {
  CHECK(percent_encoded("sum(rate(x{a=~\"b|c\"}[1m])) + 1") ==
        "sum%28rate%28x%7Ba%3D~%22b%7Cc%22%7D%5B1m%5D%29%29%20%2B%201");
  CHECK(percent_encoded("a-b_c.d~9\xff") == "a-b_c.d~9%FF");
}
