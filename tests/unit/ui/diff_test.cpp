// SPDX-License-Identifier: Apache-2.0
// Diffs are right when patch(1) turns the old text into the new one, for many random pairs.
#include "lib/ui/diff.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "tests/support/temporary_directory.hpp"
#include "tests/support/text_files.hpp"

using namespace obsctl;

TEST_CASE("the unified format") {
  CHECK(unified_diff("f", "a\n", "a\n").empty());
  CHECK(unified_diff("f", "a\nb\nc\n", "a\nx\nc\n") ==
        "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
  CHECK(unified_diff("f", std::nullopt, "a\n") == "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n");
  CHECK(unified_diff("f", "a", std::nullopt) ==
        "--- a/f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n\\ No newline at end of file\n");
  const std::string far =
      unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n");
  CHECK(far ==
        "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n "
        "8\n-9\n+y\n");
  CHECK(unified_diff("f", "a\n", "b\n", true).find("\x1b[31m-a\x1b[0m\n") != std::string::npos);
}

TEST_CASE("patch applies every diff") {
  const test::TemporaryDirectory directory;
  const auto& dir = directory.path();
  std::mt19937 random(7);
  const auto text = [&random] {
    std::string out;
    const auto lines = random() % 40;
    for (unsigned i = 0; i < lines; ++i) {
      out += fmt::format("{}\n", random() % 6);
    }
    return out;
  };
  for (int i = 0; i < 60; ++i) {
    const std::string before = text() + (i % 3 == 0 ? "end" : "");
    const std::string after = text() + (i % 4 == 0 ? "end" : "");
    if (before == after || before.empty() || after.empty()) {
      continue;
    }
    CAPTURE(before);
    CAPTURE(after);
    test::write_text(dir / "f", before);
    test::write_text(dir / "p", unified_diff("f", before, after));
    CHECK(std::system(fmt::format("patch -s -p1 -d {0} < {0}/p", dir.string()).c_str()) == 0);
    CHECK(test::read_text(dir / "f") == after);
  }
}

TEST_CASE("texts with nothing in common are a replacement, quickly") {
  std::string before;
  std::string after;
  for (int i = 0; i < 5000; ++i) {
    before += fmt::format("a{}\n", i);
    after += fmt::format("b{}\n", i);
  }
  const std::string diff = unified_diff("f", before, after);
  CHECK(diff.find("@@ -1,5000 +1,5000 @@") != std::string::npos);
}
