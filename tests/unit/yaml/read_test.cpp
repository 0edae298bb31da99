// SPDX-License-Identifier: Apache-2.0
// Reading YAML: positions, duplicate keys, hostile documents.
#include "lib/yaml/read.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("values know where they stand") {
  const auto root = yaml::parse("a: 1\nb:\n  - x\n  - \"yes\"\n", "f.yaml");
  REQUIRE(root);
  CHECK(root->find("b")->items[1].at.str() == "f.yaml:4:5");
  CHECK(root->find("b")->items[1].quoted);
  CHECK_FALSE(root->find("b")->items[0].quoted);
  CHECK(*root->number("a") == 1);
  CHECK(root->text("c").error().message == "missing key 'c'");
}

TEST_CASE("a duplicate key is an error at its second place, at any depth") {
  const auto top = yaml::parse("a: 1\na: 2\n", "f.yaml");
  REQUIRE_FALSE(top);
  CHECK(top.error().at->str() == "f.yaml:2:1");
  const auto deep = yaml::parse("l:\n  - {k: 1, k: 2}\n", "f.yaml");
  REQUIRE_FALSE(deep);
  CHECK(deep.error().message == "duplicate key 'k'");
}

TEST_CASE("broken and hostile documents are errors, not crashes") {
  CHECK(yaml::parse("a: [1\n", "f.yaml").error().at->file == "f.yaml");
  CHECK_FALSE(yaml::parse("a: 1\n---\nb: 2\n", "f.yaml"));
  CHECK(yaml::check("a: 1\n---\nb: 2\n", "f.yaml"));
  CHECK_FALSE(yaml::parse("? [a]\n: 1\n", "f.yaml"));
  CHECK_FALSE(yaml::parse(std::string(100000, '['), "f.yaml"));
  CHECK_FALSE(yaml::parse("\"a\" x\n? d\n", "f.yaml"));  // yaml-cpp reports documents for ever
  CHECK_FALSE(yaml::parse("a: &x [*x]\n", "f.yaml"));
  CHECK(yaml::parse("a: &x {k: 1}\nb: *x\n", "f.yaml")->find("b")->find("k")->scalar == "1");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    std::string items;
    for (int k = 0; k < 10; ++k) {
      items += (k == 0 ? "" : ", ") + previous;
    }
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + items + "]\n";
  }
  CHECK(yaml::parse(std::string((16 << 20) + 1, ' '), "f.yaml").error().message ==
        "the file is larger than 16 MiB");

  // Each anchor keeps everything inside it.
  std::string anchors = "a: ";
  for (int i = 0; i < 200; ++i) {
    anchors += "&a" + std::to_string(i) + " [";
  }
  for (int i = 0; i < 20'000; ++i) {
    anchors += "x,";
  }
  anchors += std::string(200, ']');
  for (const auto& text : {bomb, anchors}) {
    const auto result = yaml::parse(text, "f.yaml");
    REQUIRE_FALSE(result);
    CHECK(result.error().message == "the document has too many values");
  }
}

TEST_CASE("checking names the file of a mistake too") {
  CHECK(yaml::check("a: 1\na: 2\n", "f.yaml").error().at->str() == "f.yaml:2:1");
  CHECK(yaml::check("a: [1\n", "f.yaml").error().at->file == "f.yaml");
}

TEST_CASE("of very many mistakes, as many are named as a person reads") {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "k" + std::to_string(i) + ": 1\n";
  }
  const auto result = yaml::parse(text, "f.yaml")->only({"image"});
  REQUIRE_FALSE(result);
  CHECK(result.error().more.size() == 99);
}

TEST_CASE("unknown keys are named with a suggestion") {
  const auto root = yaml::parse("imgae: x\n", "f.yaml");
  const auto result = root->only({"image", "tag"});
  REQUIRE_FALSE(result);
  CHECK(result.error().at->str() == "f.yaml:1:1");
  CHECK(result.error().hint == "did you mean 'image'?");
}
