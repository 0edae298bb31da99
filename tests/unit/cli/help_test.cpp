// SPDX-License-Identifier: Apache-2.0
// Help screens of the sample and of the real commands: -h fits a screen, --help has everything.
#include <doctest/doctest.h>

#include <algorithm>

#include "cli/builtins.hpp"
#include "lib/base/text.hpp"
#include "tests/unit/cli/sample.hpp"

namespace obsctl::test {
namespace {

constexpr std::size_t k_width = 80;
constexpr std::size_t k_lines = 40;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string sample_help(const std::vector<std::string>& names, bool complete) {
  Values values;
  const auto commands = sample_commands(values);
  return cli::command_help(cli::find_command(commands, names), complete, k_width, false);
}

TEST_CASE("-h of every command fits a screen") {
  const auto commands = cli::program_commands();
  for (const auto& path : cli::visible_commands(commands)) {
    const std::string text = cli::command_help(path, false, k_width, false);
    const auto lines = split(trim(text), '\n');
    CAPTURE(text);
    CHECK(lines.size() <= k_lines);
    for (const auto& line : lines) {
      CHECK_MESSAGE(line.size() <= k_width, line);
    }
  }
}

TEST_CASE("--help of every command has every option, argument and command") {
  const auto commands = cli::program_commands();
  for (const auto& path : cli::visible_commands(commands)) {
    const Command& command = *path.back();
    const std::string text = cli::command_help(path, true, k_width, false);
    CAPTURE(cli::title(path));
    for (const auto& flag : cli::acting(command).flags) {
      CHECK_MESSAGE(contains(text, " --" + flag.name), flag.name);
      CHECK_MESSAGE(!flag.doc.empty(), flag.name);
    }
    for (const auto& argument : command.arguments) {
      CHECK_MESSAGE(contains(text, "\n  " + argument.name + " "), argument.name);
    }
    for (const auto& below : command.commands) {
      CHECK_MESSAGE((below.hidden || contains(text, "\n  " + below.name + " ")), below.name);
    }
    for (const auto& example : command.examples) {
      CHECK_MESSAGE(contains(text, example.doc.substr(0, 20)), example.doc);
    }
  }
}

TEST_CASE("what the flags of every command refer to is there") {
  const auto commands = cli::program_commands();
  for (const auto& path : cli::visible_commands(commands)) {
    const auto& flags = path.back()->flags;
    for (const auto& flag : flags) {
      for (const auto* list : {&flag.excludes, &flag.needs}) {
        for (const auto& name : *list) {
          CAPTURE(flag.name);
          CHECK_MESSAGE(std::ranges::find(flags, name, &Flag::name) != flags.end(), name);
        }
      }
    }
  }
}

TEST_CASE("a group lists its commands and shows the options of its default") {
  const std::string brief = sample_help({"send"}, false);
  CHECK(contains(brief, "obsctl send [COMMAND] [options]"));
  CHECK(contains(brief, "  run         send items (default)\n"));
  CHECK(contains(brief, "  sink        receive items\n"));
  CHECK_FALSE(contains(brief, "secret"));
  CHECK(contains(brief, "Common options:\n      --name NAME  greet somebody: ann, bob\n"));
  CHECK_FALSE(contains(brief, "--rate"));
  CHECK(contains(brief, "Run 'obsctl send --help' for details."));
  CHECK(contains(sample_help({"send"}, true), "--rate RATE"));
  CHECK(contains(sample_help({"group"}, false), "obsctl group COMMAND [options]"));
}

TEST_CASE("a nested command has a page of its own") {
  const std::string sink = sample_help({"send", "sink"}, false);
  CHECK(contains(sink, "obsctl send sink [options]"));
  CHECK(contains(sink, "Options:\n  -p, --print"));
  CHECK(contains(sample_help({"send", "merge"}, false), "obsctl send merge FILE...\n"));
  CHECK(contains(sample_help({"send", "sink"}, true), "'obsctl help send merge'"));
  CHECK(contains(sample_help({"send", "run"}, true), "Exit codes:\n  3   something was lost"));
}

TEST_CASE("choices and defaults of typed flags come from the field and its table") {
  const std::string run = sample_help({"send", "run"}, true);
  const std::string text = join(split(replace_all(run, "\n", " "), ' '), " ");
  CHECK(contains(text, ": round, square [default: square]"));
  CHECK(contains(text, ": round, square (repeatable)"));
  CHECK(contains(text, "[default: 10s]"));
  CHECK(contains(text, "[env: SAMPLE_RATE]"));
}

}  // namespace
}  // namespace obsctl::test
