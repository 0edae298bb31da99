// SPDX-License-Identifier: Apache-2.0
// Patterns of lines and the rows that hold them.
#include "lib/catalog/signatures.hpp"

#include <doctest/doctest.h>

using namespace obsctl;
using namespace obsctl::catalog;

namespace {

std::optional<Captures> matched(const std::string& pattern, const std::string& line) {
  const auto parsed = LinePattern::parse(pattern, {});
  REQUIRE_MESSAGE(parsed, pattern);
  return parsed->match(LogText::of(line));
}

Result<Signatures> parsed(const std::string& rows) {
  return parse_signatures({"signatures:\n" + rows, "x.yaml"}, "shop");
}

}  // namespace

TEST_CASE("captures take what is of their kind") {
  const auto sizes = matched("max ({size:number} vs. {limit:number})", "bla MAX (12 vs. -3.5)");
  REQUIRE(sizes);
  CHECK(sizes->at("size") == "12");
  CHECK(sizes->at("limit") == "-3.5");
  CHECK(matched("lookup {host}: no", "lookup a.b: no")->at("host") == "a.b");
  CHECK(matched("open {path} now", "open \"x\" now") == std::nullopt);
  CHECK(matched("for {metric:quoted}", "for \"a b\" and")->at("metric") == "a b");
  CHECK(matched("stream {labels:braced}", "stream {a=\"{\", b=\"}\"} x")->at("labels") ==
        "{a=\"{\", b=\"}\"}");
  CHECK(matched("at {when:time} x", "at 2026-11-26 02:54:04.1 +0000 UTC x")->at("when") ==
        "2026-11-26 02:54:04.1 +0000 UTC");
  CHECK(matched("brace {{a} {b:number}", "brace {a} 5")->at("b") == "5");
}

TEST_CASE("between the parts of a pattern any text may stand, in their order") {
  CHECK(matched("a{*}b", "xx a yy b"));
  CHECK_FALSE(matched("a{*}b", "b a"));
  // The first place may not be the right one.
  CHECK(matched("max {n:number}", "max x max 7")->at("n") == "7");
}

TEST_CASE("a text has one form however a logger escaped it") {
  CHECK(LogText::of("a \\\"b\\\" \\\\\\\"c\\\\\\\"").text == "a \"b\" \"c\"");
  CHECK(LogText::of("a\\nb\n\t c\x1b[0m\x07").text == "a b c[0m");
  CHECK(LogText::of("\xff\xfe").text == "??");
  const auto long_text = LogText::of(std::string(200'000, 'x'));
  CHECK(long_text.text.size() == 64UL * 1024);
  CHECK(long_text.text.size() == long_text.lower.size());
}

TEST_CASE("words behind a text") {
  const auto line = LogText::of(R"({"name": "otlp/x", "items": 12, "m": "a"} m "b" m "b")");
  CHECK(word_behind(line, "\"name\": ") == "otlp/x");
  CHECK(word_behind(line, "\"items\": ") == "12");
  CHECK_FALSE(word_behind(line, "nothing"));
  CHECK(quoted_behind(line, "m ") == std::vector<std::string>{"b"});
}

TEST_CASE("patterns that could stand anywhere or say nothing are refused") {
  for (const char* pattern :
       {"", "{*}", "{a}", "x{*}", "x{*}{a}", "x {a", "x {:number}", "x {a:colour}"}) {
    CAPTURE(pattern);
    CHECK_FALSE(LinePattern::parse(pattern, {}));
  }
}

TEST_CASE("a row is read whole") {
  const auto read = parsed(R"yaml(
  SIG-X:
    line: ["full ({n:number})", overflowing]
    derived: {size: bytes(n)}
    by: [exporter]
    class: loss
    severity: warning
    repeated: error
    check: COL-004
    keeps: [severity, says]
    says: it is full
    not: empty
)yaml");
  REQUIRE(read);
  const Signature& row = read->rows.front();
  CHECK(row.component == "shop");
  CHECK(row.lines.size() == 2);
  CHECK(row.derived.front().function == "bytes");
  CHECK(row.kind == SignatureClass::loss);
  CHECK(row.repeated == Severity::error);
  CHECK(row.keeps_severity);
  CHECK_FALSE(row.keeps_check);
  CHECK(row.keeps_says);
  CHECK(row.mistaken == std::vector<std::string>{"empty"});
  CHECK(read->find("sig-x") == &row);
  CHECK(read->find("SIG-Y") == nullptr);
}

TEST_CASE("every mistake of a file is reported") {
  const auto read = parsed(R"yaml(
  X:
    line: "{a}"
    class: bad
    severity: bad
    by: [a, b, c, d]
    keeps: colour
    sais: x
)yaml");
  REQUIRE_FALSE(read);
  // id, pattern, no pattern left, by, class, severity, part, key, says
  CHECK(read.error().more.size() == 8);
  CHECK(read.error().at->file == "x.yaml");
}
