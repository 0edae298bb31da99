// SPDX-License-Identifier: Apache-2.0
// Finds the command that words mean; see route.hpp.
#include "cli/route.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.hpp"
#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

const Command* by_name(const std::vector<Command>& commands, std::string_view name) {
  const auto it = std::ranges::find(commands, name, &Command::name);
  return it == commands.end() ? nullptr : &*it;
}

std::vector<std::string> visible_names(const std::vector<Command>& commands) {
  std::vector<std::string> out;
  for (const auto& command : commands) {
    if (!command.hidden) {
      out.push_back(command.name);
    }
  }
  return out;
}

void collect(const std::vector<Command>& commands, const CommandPath& above,
             std::vector<CommandPath>& out) {
  for (const auto& command : commands) {
    if (!command.hidden) {
      CommandPath path = above;
      path.push_back(&command);
      out.push_back(path);
      collect(command.commands, path, out);
    }
  }
}

// How many words `word` and its value take as a global option: 0 when it is none.
std::size_t global_length(const std::vector<Flag>& globals, std::string_view word) {
  for (const auto& flag : globals) {
    const std::string name = "--" + flag.name;
    if (word == name) {
      return flag.value.empty() ? 1 : 2;
    }
    if (!flag.value.empty() && word.starts_with(name + "=")) {
      return 1;
    }
  }
  const bool cluster = word.size() > 1 && word[0] == '-' && word[1] != '-' &&
                       std::ranges::all_of(word.substr(1), [&](char c) {
                         return std::ranges::any_of(globals, [c](const Flag& flag) {
                           return flag.short_name == c && flag.value.empty();
                         });
                       });
  return cluster ? 1 : 0;
}

// The position of the first word from `at` that may name a command. In front of the first name any
// option is skipped, because the parser has the better error for one that is unknown.
std::size_t skip_options(const std::vector<std::string>& words, std::size_t at, bool top) {
  GlobalOptions unused;
  const auto globals = global_flags(unused);
  while (at < words.size() && words[at].starts_with("-") && words[at] != "--") {
    const std::size_t length = global_length(globals, words[at]);
    if (length == 0 && !top) {
      break;
    }
    at += std::max<std::size_t>(length, 1);
  }
  return std::min(at, words.size());
}

Failure unknown_subcommand(const CommandPath& group, const std::string& word) {
  const auto names = visible_names(group.back()->commands);
  const std::string hint = did_you_mean(word, names);
  return fail(Code::usage, fmt::format("unknown command '{} {}'", title(group), word),
              hint.empty() ? "one of: " + join(names, ", ") : hint);
}

}  // namespace

std::string title(const CommandPath& path, std::string_view separator) {
  std::string out;
  for (const auto* command : path) {
    out += (out.empty() ? "" : std::string(separator)) + command->name;
  }
  return out;
}

std::vector<CommandPath> visible_commands(const std::vector<Command>& commands) {
  std::vector<CommandPath> out;
  collect(commands, {}, out);
  return out;
}

CommandPath find_command(const std::vector<Command>& commands,
                         const std::vector<std::string>& names) {
  CommandPath out;
  const std::vector<Command>* level = &commands;
  for (const auto& name : names) {
    const Command* command = by_name(*level, name);
    if (command == nullptr) {
      return {};
    }
    out.push_back(command);
    level = &command->commands;
  }
  return out;
}

const Command& acting(const Command& command) {
  const Command* meant = by_name(command.commands, command.default_command);
  return meant == nullptr ? command : acting(*meant);
}

Result<Route> find_route(const std::vector<Command>& commands,
                         const std::vector<std::string>& words) {
  Route out;
  const auto keep = [&](std::size_t from, std::size_t to) {
    for (; from < to; ++from) {
      out.words.push_back(words[from]);
    }
  };
  std::size_t at = 0;
  const std::vector<Command>* level = &commands;
  while (out.path.empty() || !out.path.back()->commands.empty()) {
    const bool top = out.path.empty();
    const std::size_t name = skip_options(words, at, top);
    const bool named = name < words.size() && !words[name].starts_with("-");
    const Command* command = named ? by_name(*level, words[name]) : nullptr;
    if (top && named) {
      out.name = words[name];
    }
    if (command != nullptr) {
      keep(at, name);
      at = name + 1;
    } else if (top) {
      at = named ? name + 1 : 0;  // an external command does not see the options in front of it
      break;
    } else {
      command = by_name(*level, out.path.back()->default_command);
      out.open = name == words.size();
      if (named && (command == nullptr || command->arguments.empty())) {
        return unknown_subcommand(out.path, words[name]);
      }
      if (command == nullptr) {
        break;
      }
      out.implied = true;
    }
    out.path.push_back(command);
    level = &command->commands;
  }
  keep(at, words.size());
  return out;
}

Failure missing_command(const CommandPath& group) {
  return fail(Code::usage, fmt::format("'obsctl {}' needs a command", title(group)),
              "one of: " + join(visible_names(group.back()->commands), ", "));
}

}  // namespace obsctl::cli
