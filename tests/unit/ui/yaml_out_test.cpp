// YAML output reads back, with a real YAML parser, as what went in.
#include "lib/ui/yaml_out.hpp"

#include <doctest/doctest.h>

#include "lib/yaml/read.hpp"

using namespace obsctl;
using Json = nlohmann::ordered_json;

namespace {

// Holds a parsed document against the JSON it was printed from.
bool same(const yaml::Node& node, const Json& json) {
  if (json.is_object() && !json.empty()) {
    if (!node.is_map() || node.entries.size() != json.size()) {
      return false;
    }
    std::size_t i = 0;
    for (const auto& [key, value] : json.items()) {
      if (node.entries[i].key != key || !same(node.entries[i].value, value)) {
        return false;
      }
      ++i;
    }
    return true;
  }
  if (json.is_array() && !json.empty()) {
    if (!node.is_sequence() || node.items.size() != json.size()) {
      return false;
    }
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (!same(node.items[i], json[i])) {
        return false;
      }
    }
    return true;
  }
  if (json.is_null()) {
    return node.kind == yaml::Node::Kind::null;
  }
  return json.is_string() ? node.scalar == json.get<std::string>()
                          : json.is_structured() || node.scalar == json.dump();
}

}  // namespace

TEST_CASE("every kind of value survives the way through YAML") {
  const Json value = {
      {"schema", "obsctl.size/v1"},
      {"number", 8.64},
      {"integer", 5},
      {"flag", true},
      {"nothing", nullptr},
      {"empty list", Json::array()},
      {"list", {1, "two", Json{{"a", 1}, {"b", {"x", "y"}}}, Json::array({1, 2})}},
      {"nested", {{"deep", {{"deeper", "text: with # marks"}}}}},
      {"odd: key", "v"},
  };
  const auto back = yaml::parse(to_yaml(value), "out.yaml");
  REQUIRE_MESSAGE(back, back.error().message);
  CHECK(same(*back, value));
}

TEST_CASE("text that could be read as something else is quoted") {
  for (const char* text :
       {"yes", "No",    "on",     "OFF",  "true",     "null",       "~",           "",
        "1",   "0123",  "1e3",    "0x1F", "12:30:45", "2026-11-21", "- a",         "a: b",
        "#c",  " lead", "trail ", "*x",   "&y",       "!z",         "line\nbreak", "\"q\"",
        "'s'", "{a}",   "[b]",    ".5",   ".inf",     "=",          "<<"}) {
    CAPTURE(std::string(text));
    const std::string printed = to_yaml(Json{{"k", text}});
    CHECK(printed.substr(3, 1) == "\"");
    const auto back = yaml::parse(printed, "out.yaml");
    REQUIRE(back);
    CHECK(back->find("k")->scalar == text);
    CHECK(back->find("k")->quoted);
  }
  CHECK(to_yaml(Json{{"k", "plain text"}}) == "k: plain text\n");
}

TEST_CASE("numbers that JSON cannot hold become null") {
  CHECK(to_yaml(Json{{"k", std::numeric_limits<double>::infinity()}}) == "k: null\n");
}
