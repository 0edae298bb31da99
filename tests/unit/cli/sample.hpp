// SPDX-License-Identifier: Apache-2.0
// A small table of commands with one flag of every kind.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/docs.hpp"
#include "cli/parser.hpp"
#include "commands/typed_flags.hpp"

namespace obsctl::test {

enum class Kind { round, square };

constexpr auto names_of(Kind) {
  return std::to_array<Named<Kind>>({{Kind::round, "round"}, {Kind::square, "square"}});
}

struct Values {
  bool fast = false;
  std::string name;
  std::optional<std::string> note;
  std::vector<std::string> tags;
  Kind kind = Kind::square;
  std::vector<Kind> kinds;
  std::optional<Rate> rate;
  Duration timeout{10};
  std::optional<Bytes> size;
  Share share{0.1};
  double count = 1;
  int workers = 1;
  std::filesystem::path file;
  std::optional<std::string> explain;
  std::string port;
  std::vector<std::string> words;
};

inline Command run_command(Values& v) {
  return {
      .name = "run",
      .summary = "send items",
      .flags =
          {{.name = "fast", .short_name = 'f', .into = &v.fast, .doc = "hurry"},
           {.name = "name",
            .value = "NAME",
            .into = &v.name,
            .choices = {"ann", "bob"},
            .common = true,
            .doc = "greet somebody"},
           {.name = "note",
            .value = "TEXT",
            .into = &v.note,
            .excludes = {"fast"},
            .doc = "leave a note"},
           {.name = "tag", .value = "TAG", .into = &v.tags, .doc = "tag items"},
           {.name = "kind", .value = "KIND", .into = into_enum(&v.kind), .doc = "choose the kind"},
           {.name = "kinds",
            .value = "KIND",
            .into = into_enum(&v.kinds),
            .doc = "choose several kinds"},
           {.name = "rate",
            .short_name = 'r',
            .value = "RATE",
            .into = into_rate(&v.rate),
            .excludes = {"count"},
            .env = "SAMPLE_RATE",
            .doc = "send at this rate"},
           {.name = "timeout",
            .value = "DURATION",
            .into = into_duration(&v.timeout),
            .needs = {"rate"},
            .doc = "wait this long"},
           {.name = "size",
            .value = "SIZE",
            .into = into_bytes(&v.size),
            .doc = "pad to this size"},
           {.name = "share",
            .value = "SHARE",
            .into = into_share(&v.share),
            .doc = "keep this share"},
           {.name = "count",
            .value = "N",
            .into = into_count(&v.count),
            .env = "SAMPLE_COUNT",
            .doc = "send this many"},
           {.name = "workers",
            .value = "N",
            .into = into_integer(&v.workers, 1, 8),
            .doc = "run this many threads"},
           {.name = "file",
            .value = "FILE",
            .into = into_path(&v.file),
            .completes = "file",
            .doc = "read this file"},
           {.name = "explain", .value = "[NAME]", .into = &v.explain, .doc = "explain a number"}},
      .exit_codes = {{3, "something was lost"}},
      .run = [](Context&) -> Result<int> { return exit_code::ok; }};
}

// send {run (default), sink, merge}, group {one} without a default, and hidden.
inline std::vector<Command> sample_commands(Values& v) {
  const auto ok = [](Context&) -> Result<int> { return exit_code::ok; };
  Command sink{.name = "sink",
               .summary = "receive items",
               .flags = {{.name = "print", .short_name = 'p', .into = &v.fast, .doc = "print"},
                         {.name = "port", .value = "PORT", .into = &v.port, .doc = "listen here"}},
               .see_also = {"send merge"},
               .run = ok};
  Command merge{.name = "merge",
                .summary = "merge reports",
                .arguments = {{.name = "FILE",
                               .into = &v.words,
                               .required = true,
                               .completes = "file",
                               .doc = "reports"}},
                .run = ok};
  Command secret{.name = "secret", .summary = "hide", .hidden = true, .run = ok};
  return {{.name = "send",
           .group = "Test",
           .summary = "send and receive items",
           .commands = {run_command(v), std::move(sink), std::move(merge), std::move(secret)},
           .default_command = "run"},
          {.name = "group",
           .group = "Test",
           .summary = "hold one command",
           .commands = {{.name = "one", .summary = "do one thing", .run = ok}}},
          {.name = "hidden", .summary = "hide", .hidden = true, .run = ok}};
}

// What `words` become: the values, the globals, and the answer of the parser.
struct Parsed {
  Values values;
  GlobalOptions global;
  std::string command;
  Result<cli::HelpRequest> result = cli::HelpRequest::none;

  explicit Parsed(const std::vector<std::string>& words, const Environment& environment = {}) {
    const auto commands = sample_commands(values);
    const auto route = cli::find_route(commands, words);
    if (!route) {
      result = Failure(route.error());
      return;
    }
    command = cli::title(route->path);
    result = cli::parse_command(*route, cli::global_flags(global), environment);
  }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  [[nodiscard]] std::string message() const { return result ? "" : result.error().message; }
  [[nodiscard]] std::string hint() const { return result ? "" : result.error().hint; }
};

}  // namespace obsctl::test
