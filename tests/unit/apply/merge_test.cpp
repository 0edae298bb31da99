// SPDX-License-Identifier: Apache-2.0
// What three-way merging keeps and where it gives up; for random edits it agrees with diff3(1).
#include "lib/apply/merge.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "tests/support/temporary_directory.hpp"
#include "tests/support/text_files.hpp"

using namespace obsctl;
using namespace obsctl::apply;

namespace {

std::string merged(std::string_view base, std::string_view mine, std::string_view theirs) {
  return merge_texts(base, mine, theirs).value_or("none");
}

}  // namespace

TEST_CASE("changes of different lines are united, wherever they are") {
  CHECK(merged("a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n") == "a\nb\nc\n");
  CHECK(merged("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n") == "A\nb\nC\n");
  CHECK(merged("a\nb\nc\n", "a\nb\nC\n", "A\nb\nc\n") == "A\nb\nC\n");
  CHECK(merged("a\nb\nc\n", "a\nb\nc\nmine\n", "theirs\na\nb\nc\n") == "theirs\na\nb\nc\nmine\n");
  CHECK(merged("a\nb\nc\nd\n", "a\nd\n", "a\nb\nc\nd\ne\n") == "a\nd\ne\n");
  CHECK(merged("a\nb", "A\nb", "a\nb") == "A\nb");
  CHECK(merged("", "", "a\n") == "a\n");
}

TEST_CASE("the same change of both is one change") {
  CHECK(merged("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n") == "a\nX\nc\n");
  CHECK(merged("a\nb\nc\nd\n", "X\nb\nc\nD\n", "X\nb\nc\nd\n") == "X\nb\nc\nD\n");
}

TEST_CASE("what touches is left to a person") {
  CHECK(merged("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n") == "none");
  CHECK(merged("a\nb\nc\n", "a\nX\nc\n", "a\nb\nY\n") == "none");       // adjacent lines
  CHECK(merged("a\nb\nc\n", "a\nc\n", "a\nY\nc\n") == "none");          // removed and changed
  CHECK(merged("a\nb\n", "a\nb\nmine\n", "a\nb\ntheirs\n") == "none");  // added at one place
  CHECK(merged("a\nb", "a\nb\nc\n", "a\nB") == "none");
}

TEST_CASE("for random edits of lines that occur once it merges as diff3 does") {
  const test::TemporaryDirectory directory;
  const auto& dir = directory.path();
  std::mt19937 random(7);  // NOLINT: the same edits in every run
  const auto edited = [&random](const std::string& who) {
    std::string out;
    for (int i = 0; i < 30; ++i) {
      switch (random() % 20) {
        case 0: break;
        case 1: out += fmt::format("{} {}\n", who, i); break;
        case 2: out += fmt::format("{} {}\nline {}\n", who, i, i); break;
        default: out += fmt::format("line {}\n", i);
      }
    }
    return out;
  };
  std::string base;
  for (int i = 0; i < 30; ++i) {
    base += fmt::format("line {}\n", i);
  }
  int clean = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string mine = edited("mine");
    const std::string theirs = edited("theirs");
    const auto ours = merge_texts(base, mine, theirs);
    test::write_text(dir / "base", base);
    test::write_text(dir / "mine", mine);
    test::write_text(dir / "theirs", theirs);
    const std::string command =
        fmt::format("cd '{}' && diff3 -E -m mine base theirs > out", dir.string());
    const bool agreed = std::system(command.c_str()) == 0;  // NOLINT: fixed words
    if (ours) {
      CHECK(agreed);
      CHECK(*ours == test::read_text(dir / "out"));
      ++clean;
    }
  }
  CHECK(clean > 0);
}
