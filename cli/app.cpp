// Finds the command, parses its words, runs it, prints its error, checks that stdout was written.
#include "cli/app.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/builtins.hpp"
#include "cli/docs.hpp"
#include "cli/error_printer.hpp"
#include "cli/external.hpp"
#include "cli/parser.hpp"
#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

// The command line cut at the command's name; global flags may stand before it.
struct Split {
  std::string name;
  std::vector<std::string> before;
  std::vector<std::string> after;
};

Split split_words(const std::vector<std::string>& words) {
  Split out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("-")) {
      out.name = words[i];
      out.after.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      return out;
    }
    out.before.push_back(words[i]);
    if (words[i] == "--color" && i + 1 < words.size()) {
      out.before.push_back(words[++i]);
    }
  }
  return out;
}

// The command for words without one: `obsctl`, `obsctl --help`, `obsctl --version`.
Result<std::string> implied_command(std::vector<std::string>& before) {
  const auto take = [&before](std::string_view word) { return std::erase(before, word) > 0; };
  if (take("--version") || take("-V")) {
    return std::string("version");
  }
  take("-h");
  take("--help");
  return std::string("help");
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

Error unknown_command(Error error, const std::string& name, const std::vector<Command>& commands,
                      const Environment& environment) {
  std::vector<std::string> names = external_commands(environment);
  for (const auto& command : commands) {
    if (!command.hidden) {
      names.push_back(command.name);
    }
  }
  const std::string hint = did_you_mean(name, names);
  error.hint = hint.empty() ? "'obsctl help' lists the commands" : hint;
  return error;
}

Result<int> dispatch(const std::vector<std::string>& words, const System& system,
                     GlobalOptions& global) {
  Split split = split_words(words);
  if (split.name.empty()) {
    OBS_TRY_ASSIGN(split.name, implied_command(split.before));
  }
  const auto commands = program_commands();
  const auto command = std::ranges::find(commands, split.name, &Command::name);
  if (command == commands.end()) {
    Error error = run_external(split.name, split.after, system.environment);
    if (error.code == Code::usage) {
      error = unknown_command(std::move(error), split.name, commands, system.environment);
    }
    return Failure(std::move(error));
  }
  std::vector<std::string> all = split.before;
  all.insert(all.end(), split.after.begin(), split.after.end());
  OBS_TRY_ASSIGN(const HelpRequest help, parse_command(*command, global_flags(global), all,
                                                       system.environment, global.verbose));
  Context context{system, global};
  if (help != HelpRequest::none) {
    const auto width = static_cast<std::size_t>(std::clamp(system.terminal.width(), 40, 100));
    system.terminal.out(
        command_help(*command, help == HelpRequest::complete, width, context.color_out()));
    return exit_code::ok;
  }
  return command->run(context);
}

int report(const Error& error, bool json, const System& system, const GlobalOptions& global) {
  const Context context{system, global};
  system.terminal.err(json ? error_json(error) : error_text(error, context.color_err()));
  return exit_code_of(error.code);
}

}  // namespace

std::vector<Flag> global_flags(GlobalOptions& into) {
  static bool unused = false;  // help and verbose are recognised by the parser itself
  return {
      {.name = "color",
       .value = "WHEN",
       .into = &into.color,
       .choices = {"auto", "always", "never"},
       .env = "OBSCTL_COLOR",
       .fallback = "auto",
       .doc = "when to use colour"},
      {.name = "quiet", .short_name = 'q', .into = &into.quiet, .doc = "only results and errors"},
      {.name = "verbose", .short_name = 'v', .into = &unused, .doc = "say more (-vv: even more)"},
      {.name = "help",
       .short_name = 'h',
       .into = &unused,
       .doc = "explain (-h short, --help long)"},
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
