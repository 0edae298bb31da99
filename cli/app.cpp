// SPDX-License-Identifier: Apache-2.0
// Finds the command, parses its words, runs it, prints its error, checks that stdout was written.
#include "cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/builtins.hpp"
#include "cli/docs.hpp"
#include "cli/error_printer.hpp"
#include "cli/external.hpp"
#include "cli/parser.hpp"
#include "cli/route.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

// What words without a command mean: `obsctl`, `obsctl --help`, `obsctl --version`.
std::vector<std::string> implied_words(std::vector<std::string> words) {
  const auto take = [&words](std::string_view word) { return std::erase(words, word) > 0; };
  const bool version = take("--version") || take("-V");
  if (!version) {
    take("-h");
    take("--help");
  }
  words.insert(words.begin(), version ? "version" : "help");
  return words;
}

bool wants_json(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--output=json" || words[i] == "-ojson" ||
        ((words[i] == "-o" || words[i] == "--output") && i + 1 < words.size() &&
         words[i + 1] == "json")) {
      return true;
    }
  }
  return false;
}

Failure unknown_command(Error error, const std::string& name, const std::vector<Command>& commands,
                        const Environment& environment) {
  std::vector<std::string> names = external_commands(environment);
  for (const auto& command : commands) {
    if (!command.hidden) {
      names.push_back(command.name);
    }
  }
  const std::string hint = did_you_mean(name, names);
  error.hint = hint.empty() ? "run 'obsctl help' for the commands" : hint;
  return Failure(std::move(error));
}

Result<int> run_route(Route route, const System& system, GlobalOptions& global) {
  OBS_TRY_ASSIGN(const HelpRequest help,
                 parse_command(route, global_flags(global), system.environment));
  Context context{system, global};
  if (help != HelpRequest::none) {
    if (route.implied) {
      route.path.pop_back();
    }
    system.terminal.out(command_help(route.path, help == HelpRequest::complete,
                                     help_width(system.terminal), context.color_out()));
    return exit_code::ok;
  }
  const Command& command = *route.path.back();
  return command.run ? command.run(context) : missing_command(route.path);
}

Result<int> dispatch(const std::vector<std::string>& words, const System& system,
                     GlobalOptions& global) {
  const auto commands = program_commands();
  OBS_TRY_ASSIGN(Route route, find_route(commands, words));
  if (route.path.empty() && route.name.empty()) {
    OBS_TRY_ASSIGN(route, find_route(commands, implied_words(words)));
  }
  if (route.path.empty()) {
    Error error = run_external(route.name, route.words, system.environment);
    return error.code == Code::usage
               ? unknown_command(std::move(error), route.name, commands, system.environment)
               : Failure(std::move(error));
  }
  return run_route(std::move(route), system, global);
}

int report(const Error& error, bool json, const System& system, const GlobalOptions& global) {
  const Context context{system, global};
  system.terminal.err(json ? error_json(error) : error_text(error, context.color_err()));
  return exit_code_of(error.code);
}

}  // namespace

std::vector<Flag> global_flags(GlobalOptions& into) {
  static bool unused = false;  // the parser recognises help before anything else
  return {
      {.name = "color",
       .value = "WHEN",
       .into = into_enum(&into.color),
       .env = "OBSCTL_COLOR",
       .doc = "use colour"},
      {.name = "quiet",
       .short_name = 'q',
       .into = &into.quiet,
       .doc = "print only results and errors"},
      {.name = "verbose",
       .short_name = 'v',
       .into = &into.verbose,
       .doc = "increase verbosity; repeat for more"},
      {.name = "help",
       .short_name = 'h',
       .into = &unused,
       .doc = "print help (-h: common options, --help: everything)"},
  };
}

int run(const std::vector<std::string>& words, const System& system) {
  GlobalOptions global;
  const bool json = wants_json(words);
  const Result<int> result = dispatch(words, system, global);
  int code = result ? *result : report(result.error(), json, system, global);
  if (const auto flushed = system.terminal.flush(); !flushed && code == exit_code::ok) {
    code = report(flushed.error(), json, system, global);
  }
  return code;
}

}  // namespace obsctl::cli
