// SPDX-License-Identifier: Apache-2.0
// Progress on a terminal, in a log and with --quiet.
#include "lib/ui/progress.hpp"

#include <doctest/doctest.h>

#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_terminal.hpp"

using namespace obsctl;

namespace {

// One second of work a tenth at a time, counted to a hundred.
std::string shown(bool is_terminal, bool quiet, double seconds) {
  test::FakeTerminal terminal;
  terminal.is_terminal = is_terminal;
  test::FakeClock clock;
  {
    ProgressLine line(terminal, clock, quiet);
    Progress progress(line, clock, "copying", ProgressUnit::items, 100);
    for (int i = 0; i < 100; ++i) {
      clock.pass({seconds / 100});
      progress.add(1);
    }
  }
  CHECK(terminal.out_text.empty());
  return terminal.err_text;
}

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t out = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    ++out;
  }
  return out;
}

}  // namespace

TEST_CASE("a terminal is redrawn at most ten times a second and left clean") {
  const std::string text = shown(true, false, 0.995);
  CHECK(count(text, "copying") >= 8);
  CHECK(count(text, "copying") <= 10);
  CHECK(text.starts_with("\r\033[Kcopying"));
  CHECK(text.ends_with("\r\033[K"));
  CHECK(count(text, "\n") == 0);
}

TEST_CASE("a log gets a line every ten seconds, and short work none") {
  const std::string text = shown(false, false, 35);
  CHECK(count(text, "\n") == 3);
  CHECK(count(text, "\033") == 0);
  CHECK(text.ends_with(" left\n"));
  CHECK(shown(false, false, 5).empty());
}

TEST_CASE("--quiet shows nothing anywhere") {
  CHECK(shown(true, true, 100).empty());
  CHECK(shown(false, true, 100).empty());
}

TEST_CASE("a text says amount, share, rate and what is left, as far as they are known") {
  CHECK(progress_text("copying", ProgressUnit::bytes, 0, {}, {0}) == "copying  0 B");
  CHECK(progress_text("copying", ProgressUnit::bytes, 1.2e9, 4.8e9, {4}) ==
        "copying  1.2 GB of 4.8 GB  25 %  300 MB/s  12 s left");
  CHECK(progress_text("copying", ProgressUnit::bytes, 1.2e9, {}, {4}) ==
        "copying  1.2 GB  300 MB/s");
  // Not all is done before it is, and what grew meanwhile is not more than all.
  CHECK(progress_text("x", ProgressUnit::items, 999, 1000, {999}).find(" 99 %") !=
        std::string::npos);
  CHECK(progress_text("x", ProgressUnit::items, 1500, 1000, {1}).find(" 100 %") !=
        std::string::npos);
  CHECK(progress_text("x", ProgressUnit::items, 0, 0, {1}) == "x  0 of 0");
}

TEST_CASE("a line never reaches the edge of the terminal") {
  test::FakeTerminal terminal;
  terminal.is_terminal = true;
  terminal.columns = 10;
  test::FakeClock clock;
  ProgressLine line(terminal, clock, false);
  clock.pass({1});
  line.show([] { return std::string("12345678\xc3\xa4\xc3\xb6"); });
  CHECK(terminal.err_text == "\r\033[K12345678\xc3\xa4");
}
