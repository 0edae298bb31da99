// SPDX-License-Identifier: Apache-2.0
// What XML cannot carry is replaced; everything else comes back as it was.
#include "lib/ui/xml.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("markup is escaped, text of every script stays") {
  CHECK(xml_escaped("a<b & \"c\">d'e") == "a&lt;b &amp; &quot;c&quot;&gt;d'e");
  CHECK(xml_escaped("tab\tline\nü€😀") == "tab\tline\nü€😀");
  CHECK(xml_escaped("").empty());
}

TEST_CASE("control characters and bytes that are not UTF-8 become U+FFFD") {
  CHECK(xml_escaped(std::string_view("a\0b\x1b\x7f", 5)) == "a\uFFFDb\uFFFD\uFFFD");
  CHECK(xml_escaped("\xff\xc3(") == "\uFFFD\uFFFD(");
  CHECK(xml_escaped("\xc3") == "\uFFFD");                      // cut off
  CHECK(xml_escaped("\xc0\xaf") == "\uFFFD\uFFFD");            // overlong
  CHECK(xml_escaped("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
  CHECK(xml_escaped("\xef\xbf\xbf") == "\uFFFD\uFFFD\uFFFD");  // U+FFFF
}
