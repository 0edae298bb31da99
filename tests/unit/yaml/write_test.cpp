// SPDX-License-Identifier: Apache-2.0
// What is written reads back, with another library, as what went in.
#include "lib/yaml/write.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "lib/yaml/read.hpp"
#include "tests/support/same_yaml.hpp"

using namespace obsctl;
using Json = nlohmann::ordered_json;

namespace {

using Random = std::mt19937_64;

// Pieces that mean something to a YAML reader, in one order or another.
std::string random_text(Random& random) {
  static const std::vector<std::string> k_pieces = {"a",
                                                    "Zq",
                                                    "yes",
                                                    "no",
                                                    "0",
                                                    "12",
                                                    "1e3",
                                                    ".",
                                                    "-",
                                                    "--",
                                                    "- ",
                                                    ":",
                                                    ": ",
                                                    "#",
                                                    " #",
                                                    " ",
                                                    "  ",
                                                    "\n",
                                                    "\n\n",
                                                    "\t",
                                                    "\r",
                                                    "'",
                                                    "\"",
                                                    "\\",
                                                    "[",
                                                    "]",
                                                    "{",
                                                    "}",
                                                    ",",
                                                    "&",
                                                    "*",
                                                    "!",
                                                    "|",
                                                    ">",
                                                    "%",
                                                    "@",
                                                    "`",
                                                    "~",
                                                    "null",
                                                    "---",
                                                    "...",
                                                    "\x01",
                                                    "\x7f",
                                                    "\xC2\x85",
                                                    "?",
                                                    "? ",
                                                    "=",
                                                    "<<",
                                                    "ü",
                                                    "…",
                                                    "\xC2\xA0",
                                                    "\xE2\x80\xA8",
                                                    "\xEF\xBB\xBF",
                                                    "$x",
                                                    "\xF0\x9F\x98\x80",
                                                    "{{ x }}"};
  std::string out;
  for (auto left = random() % 7; left > 0; --left) {
    out += k_pieces[random() % k_pieces.size()];
  }
  return out;
}

Json random_value(Random& random, int depth) {
  switch (random() % (depth == 0 ? 5 : 9)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random());
    case 3: return static_cast<double>(random() % 1000000) * 1e-3;
    case 4: return random_text(random);
    case 5:
    case 6: {
      Json out = Json::array();
      for (auto left = random() % 4; left > 0; --left) {
        out.push_back(random_value(random, depth - 1));
      }
      return out;
    }
    default: {
      Json out = Json::object();
      for (auto left = random() % 4; left > 0; --left) {
        out[random_text(random)] = random_value(random, depth - 1);
      }
      return out;
    }
  }
}

}  // namespace

TEST_CASE("random values survive the way through YAML") {
  Random random(7);
  for (int round = 0; round < 3000; ++round) {
    const Json value = random_value(random, 4);
    const std::string text = yaml::write(value);
    CAPTURE(text);
    const auto back = yaml::parse(text, "out.yaml");
    REQUIRE_MESSAGE(back, (back ? "" : back.error().message));
    REQUIRE(test::same_yaml(*back, value));
  }
}

TEST_CASE("a key may be of any length") {
  const std::string key(3000, 'k');
  const Json value = {{"list", Json::array({Json{{key, {1, "a"}}, {"b", Json{{key, nullptr}}}}})}};
  const auto back = yaml::parse(yaml::write(value), "out.yaml");
  REQUIRE_MESSAGE(back, (back ? "" : back.error().message));
  CHECK(test::same_yaml(*back, value));
}

TEST_CASE("a random text is one line and the same text, alone and inside brackets") {
  Random random(11);
  for (int round = 0; round < 5000; ++round) {
    const std::string text = random_text(random);
    const std::string line = yaml::scalar(text);
    CAPTURE(line);
    REQUIRE(line.find('\n') == std::string::npos);
    const std::string document = "k: " + line + "\nl: [" + line + ", x, {m: " + line + "}]\n";
    const auto back = yaml::parse(document, "out.yaml");
    REQUIRE_MESSAGE(back, (back ? "" : back.error().message));
    REQUIRE(test::same_yaml(*back, Json{{"k", text}, {"l", {text, "x", Json{{"m", text}}}}}));
  }
}

TEST_CASE("the layout: lists are indented, a map in a list starts beside the dash") {
  const Json value = {
      {"schema", "obsctl.size/v1"},
      {"number", 8.64},
      {"flag", true},
      {"nothing", nullptr},
      {"empty", {{"list", Json::array()}, {"map", Json::object()}}},
      {"list", {1, "two", Json{{"a", 1}, {"b", {"x"}}}, Json::array({1, Json::array({2})})}},
      {"script", "set -e\n\n  echo hi\n"},
      {"odd: key", "no newline\nat the end"}};
  CHECK(yaml::write(value) ==
        "schema: obsctl.size/v1\n"
        "number: 8.64\n"
        "flag: true\n"
        "nothing: null\n"
        "empty:\n"
        "  list: []\n"
        "  map: {}\n"
        "list:\n"
        "  - 1\n"
        "  - two\n"
        "  - a: 1\n"
        "    b:\n"
        "      - x\n"
        "  -\n"
        "    - 1\n"
        "    -\n"
        "      - 2\n"
        "script: |\n"
        "  set -e\n"
        "\n"
        "    echo hi\n"
        "'odd: key': |-\n"
        "  no newline\n"
        "  at the end\n");
  CHECK(yaml::write(Json::array({Json{{"a", "x\ny"}}}), 4) ==
        "    - a: |-\n        x\n        y\n");
  CHECK(yaml::lines({"a", "b"}, 2) == "  - a\n  - b");
}

TEST_CASE("text that could be read as something else is quoted") {
  for (const char* text : {"yes",      "No",         "on",          "OFF",
                           "true",     "null",       "~",           "",
                           "1",        "0123",       "1e3",         "0x1F",
                           "12:30:45", "2026-11-21", "- a",         "a: b",
                           "#c",       " lead",      "trail ",      "*x",
                           "&y",       "!z",         "line\nbreak", "\"q\"",
                           "'s'",      "{a}",        "[b]",         ".5",
                           ".inf",     "=",          "<<",          "a,b",
                           "-1",       "-.inf",      "+1",          "a #b",
                           "a:",       "0o14",       "1_000",       "y",
                           "0xfg",     "1E5",        "0b11",        "2026-11-21T10:00:00Z",
                           "1:20",     "4.0.1"}) {
    CAPTURE(std::string(text));
    const std::string line = yaml::scalar(text);
    CHECK((line.front() == '\'' || line.front() == '"'));
    CHECK(line.front() == line.back());
  }
  for (const char* text : {"plain text", "--config.file=/etc/x.yml", "-q", "./x", "/x", "it's",
                           "say \"x\"", "yesterday", "5m", "15d", "2GiB", "10k/s", "1h30m"}) {
    CHECK(yaml::scalar(text) == text);
    CHECK(yaml::write(text) == text + std::string("\n"));
  }
  // Inside brackets a colon or a comma may end a text; in a block it does not.
  for (const char* text : {"http://host:4317/path", "./configs/x:/etc/x:ro", "a,b"}) {
    CHECK(yaml::scalar(text) == "'" + std::string(text) + "'");
  }
  CHECK(yaml::write("http://host:4317/path") == "http://host:4317/path\n");
  CHECK(yaml::write("a,b") == "a,b\n");
}

TEST_CASE("numbers that JSON or YAML 1.1 cannot hold are written as what they can") {
  CHECK(yaml::write(Json{{"k", std::numeric_limits<double>::infinity()}}) == "k: null\n");
  CHECK(yaml::write(Json{{"k", 1e+20}}) == "k: 1.0e+20\n");
}

TEST_CASE("bytes that are not UTF-8 become replacement characters") {
  CHECK(yaml::parse("k: " + yaml::scalar("a\xFF\xC3z"), "f")->find("k")->scalar ==
        "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}
