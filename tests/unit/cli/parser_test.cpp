// SPDX-License-Identifier: Apache-2.0
// Words to values: every kind of flag, combinations, nesting, environment variables.
#include <doctest/doctest.h>

#include "tests/unit/cli/sample.hpp"

namespace obsctl::test {
namespace {

TEST_CASE("typed flags hold values of their type") {
  const Parsed all({"send",        "run",    "--kind", "round",   "--kinds=square",
                    "--kinds",     "round",  "-r",     "5k/s",    "--timeout",
                    "2m",          "--size", "2KiB",   "--share", "25%",
                    "--workers=8", "--file", "a/b",    "--tag",   "x",
                    "--tag",       "y"});
  REQUIRE_MESSAGE(all.result, all.message());
  const Values& v = all.values;
  CHECK(v.kind == Kind::round);
  CHECK(v.kinds == std::vector{Kind::square, Kind::round});
  CHECK(v.rate == Rate{5000});
  CHECK(v.timeout == Duration{120});
  CHECK(v.size == Bytes{2048});
  CHECK(v.share == Share{0.25});
  CHECK(v.workers == 8);
  CHECK(v.file == "a/b");
  CHECK(v.tags == std::vector<std::string>{"x", "y"});
}

TEST_CASE("the last use of a flag counts, and what is not given stays") {
  const Parsed done({"send", "--count", "5k", "--count=7", "--name", "ann", "--name", "bob"});
  REQUIRE(done.result);
  CHECK(done.values.count == 7);
  CHECK(done.values.name == "bob");
  CHECK(done.values.kind == Kind::square);
  CHECK(done.values.timeout == Duration{10});
  CHECK_FALSE(done.values.rate);
  CHECK_FALSE(done.values.explain);
}

TEST_CASE("a value may be left out only where the placeholder says so") {
  CHECK(Parsed({"send", "--explain"}).values.explain == "");
  CHECK(Parsed({"send", "--explain", "x"}).values.explain == "x");
  CHECK(Parsed({"send", "--rate"}).message() == "option '--rate' needs a value");
}

TEST_CASE("a wrong value names the flag and what is expected") {
  const std::vector<std::array<std::string, 4>> cases = {
      {"--rate", "5000", "'5000' needs a unit for '--rate'", "5000/s"},
      {"-r", "x", "'x' is not a valid value for '--rate'", "5000/s"},
      {"--timeout", "5", "'5' needs a unit for '--timeout'", "15s"},
      {"--kind", "ruond", "unknown value 'ruond' for '--kind'", "did you mean 'round'?"},
      {"--kinds", "oval", "unknown value 'oval' for '--kinds'", "one of: round, square"},
      {"--name", "eve", "unknown value 'eve' for '--name'", "one of: ann, bob"},
      {"--name", "", "unknown value '' for '--name'", "one of: ann, bob"},
      {"--file", "", "empty path for '--file'", "name a file"},
      {"--fast=maybe", "", "'maybe' is not a valid value for '--fast'", "true or false"}};
  for (const auto& [flag, value, message, hint] : cases) {
    CAPTURE(flag);
    std::vector<std::string> words = {"send", flag};
    if (!flag.starts_with("--fast")) {
      words.push_back(value);
    }
    if (flag == "--timeout") {
      words.insert(words.end(), {"--rate", "1/s"});
    }
    const Parsed parsed(words);
    CHECK(parsed.message() == message);
    CHECK(parsed.hint().find(hint) != std::string::npos);
  }
  CHECK(Parsed({"send", "--workers", "9"}).message().find("'--workers'") != std::string::npos);
}

TEST_CASE("flags exclude each other in both directions") {
  for (const auto& words : {std::vector<std::string>{"send", "--note", "x", "--fast"},
                            std::vector<std::string>{"send", "-f", "--note", "x"}}) {
    CHECK(Parsed(words).message() == "'--fast' and '--note' exclude each other");
    CHECK(Parsed(words).hint() == "give one of them");
  }
  CHECK(Parsed({"send", "--note", "x"}).result);
}

TEST_CASE("a flag needs another one") {
  const Parsed alone({"send", "--timeout", "5s"});
  CHECK(alone.message() == "'--timeout' needs '--rate'");
  CHECK(alone.hint() == "add --rate RATE");
  CHECK(Parsed({"send", "--timeout", "5s", "--rate", "1/s"}).result);
}

TEST_CASE("an environment variable stands in for a flag that is absent") {
  const Environment rate{.variables = {{"SAMPLE_RATE", "9/s"}}, .directory = {}};
  CHECK(Parsed({"send"}, rate).values.rate == Rate{9});
  CHECK(Parsed({"send", "--rate", "1/s"}, rate).values.rate == Rate{1});
  CHECK(Parsed({"send", "--timeout", "5s"}, rate).result);

  const Parsed flag_wins({"send", "--count", "3"}, rate);
  REQUIRE_MESSAGE(flag_wins.result, flag_wins.message());
  CHECK(flag_wins.values.count == 3);
  CHECK_FALSE(flag_wins.values.rate);

  const Environment wrong{.variables = {{"SAMPLE_RATE", "9"}}, .directory = {}};
  CHECK(Parsed({"send"}, wrong).message() == "'9' needs a unit for 'SAMPLE_RATE'");

  const Environment both{.variables = {{"SAMPLE_RATE", "9/s"}, {"SAMPLE_COUNT", "1"}},
                         .directory = {}};
  CHECK(Parsed({"send"}, both).message() == "'SAMPLE_RATE' and 'SAMPLE_COUNT' exclude each other");
}

TEST_CASE("a command is found among its group, and the default stands in") {
  CHECK(Parsed({"send", "sink"}).command == "send sink");
  CHECK(Parsed({"send"}).command == "send run");
  CHECK(Parsed({"send", "--rate", "5/s"}).command == "send run");
  CHECK(Parsed({"-q", "--color", "never", "send", "-v", "--color", "always", "sink"}).command ==
        "send sink");
  CHECK(Parsed({"send", "snik"}).message() == "unknown command 'send snik'");
  CHECK(Parsed({"send", "snik"}).hint() == "did you mean 'sink'?");
  CHECK(Parsed({"send", "elsewhere"}).hint() == "one of: run, sink, merge");
  CHECK(Parsed({"send", "--fast", "sink"}).hint() == "write 'obsctl send sink' before the options");
  CHECK(Parsed({"group"}).command == "group");
  CHECK(Parsed({"send", "merge", "a", "b"}).values.words == std::vector<std::string>{"a", "b"});
  CHECK(Parsed({"send", "merge"}).message() == "missing argument FILE");
}

TEST_CASE("globals work anywhere and are filled in front of help") {
  const Parsed done({"-q", "send", "-vv", "sink", "--color=never", "--help"});
  REQUIRE(done.result);
  CHECK(*done.result == cli::HelpRequest::complete);
  CHECK(done.global.quiet);
  CHECK(done.global.verbose == 2);
  CHECK(done.global.color == ColorMode::never);
  CHECK(*Parsed({"send", "--nonsense", "-h"}).result == cli::HelpRequest::brief);
  CHECK(Parsed({"send", "--verbose", "--verbose"}).global.verbose == 2);
  CHECK(Parsed({"send", "--color", "blue"}).message() == "unknown value 'blue' for '--color'");
}

TEST_CASE("an option of another command says where it belongs") {
  const Parsed print({"send", "--print"});
  CHECK(print.message() == "'--print' is an option of 'obsctl send sink'");
  CHECK(print.hint() == "run 'obsctl send run -h' for the options of this command");
  CHECK(Parsed({"send", "sink", "--rate", "5/s"}).message() ==
        "'--rate' is an option of 'obsctl send run'");
  CHECK(Parsed({"send", "merge", "--port=1", "a"}).message() ==
        "'--port' is an option of 'obsctl send sink'");
  CHECK(Parsed({"send", "sink", "--pront"}).hint() == "did you mean '--print'?");
}

}  // namespace
}  // namespace obsctl::test
