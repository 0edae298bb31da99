// SPDX-License-Identifier: Apache-2.0
// Help screens: -h fits one screen with the examples first, --help has everything.
#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.hpp"
#include "lib/base/text.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::cli {
namespace {

constexpr std::size_t k_doc_column = 32;
constexpr std::size_t k_brief_examples = 4;

std::string flag_head(const Flag& flag) {
  std::string out = flag.short_name != 0 ? fmt::format("-{}, --{}", flag.short_name, flag.name)
                                         : fmt::format("    --{}", flag.name);
  if (!flag.value.empty()) {
    out += " " + flag.value;
  }
  return out;
}

// What follows the doc of a flag, most useful first.
std::vector<std::string> flag_facts(const Flag& flag) {
  std::vector<std::string> out;
  if (const auto& choices = choices_of(flag); !choices.empty()) {
    out.push_back(": " + join(choices, ", "));
  }
  if (const auto& value = default_of(flag); !value.empty()) {
    out.push_back(fmt::format(" [default: {}]", value));
  }
  if (repeatable(flag.into)) {
    out.emplace_back(" (repeatable)");
  }
  if (!flag.env.empty()) {
    out.push_back(fmt::format(" [env: {}]", flag.env));
  }
  return out;
}

std::string flag_doc(const Flag& flag) {
  return flag.doc + join(flag_facts(flag), "");
}

// The doc with those facts that still fit `room` columns; of a doc that is longer only what stands
// before its first semicolon.
std::string brief_doc(const Flag& flag, std::size_t room) {
  std::string out = flag.doc.size() > room ? flag.doc.substr(0, flag.doc.find(';')) : flag.doc;
  for (const auto& fact : flag_facts(flag)) {
    if (out.size() + fact.size() <= room) {
      out += fact;
    }
  }
  return out;
}

// "  head        doc", the doc wrapped under its own column.
std::string entry(const std::string& head, const std::string& doc, std::size_t width,
                  std::size_t column = k_doc_column) {
  std::string text = wrap(doc, std::max(width, column + 30), column);
  const std::string start = "  " + head;
  if (start.size() + 2 > column) {
    return start + "\n" + text + "\n";
  }
  return start + text.substr(start.size()) + "\n";
}

std::string heading(const std::string& title, bool color) {
  return "\n" + style(Style::bold, title, color) + "\n";
}

std::string global_options(std::size_t width) {
  GlobalOptions defaults;
  std::string out;
  for (const auto& flag : global_flags(defaults)) {
    out += entry(flag_head(flag), flag_doc(flag), width);
  }
  return out;
}

std::string usage(const CommandPath& path) {
  const Command& command = *path.back();
  std::string out = "obsctl " + title(path);
  if (!command.commands.empty()) {
    out += command.default_command.empty() ? " COMMAND" : " [COMMAND]";
  }
  for (const auto& argument : acting(command).arguments) {
    const std::string name = argument.name + (repeatable(argument.into) ? "..." : "");
    out += argument.required ? " " + name : fmt::format(" [{}]", name);
  }
  return out + (acting(command).flags.empty() && command.commands.empty() ? "" : " [options]");
}

std::string group_of(const Flag& flag) {
  return flag.group.empty() ? "Options" : flag.group;
}

std::vector<std::string> flag_groups(const Command& command) {
  std::vector<std::string> groups;
  for (const auto& flag : command.flags) {
    if (std::ranges::find(groups, group_of(flag)) == groups.end()) {
      groups.push_back(group_of(flag));
    }
  }
  return groups;
}

// Every option under the heading of its group.
std::string all_flags(const Command& command, std::size_t width, bool color) {
  std::string out;
  for (const auto& group : flag_groups(command)) {
    out += heading(group + ":", color);
    for (const auto& flag : command.flags) {
      if (group_of(flag) == group) {
        out += entry(flag_head(flag), flag_doc(flag), width);
      }
    }
  }
  return out + heading("Global options:", color) + global_options(width);
}

std::vector<const Flag*> common_flags(const Command& command) {
  const bool marked = std::ranges::any_of(command.flags, &Flag::common);
  std::vector<const Flag*> out;
  for (const auto& flag : command.flags) {
    if (flag.common || !marked) {
      out.push_back(&flag);
    }
  }
  return out;
}

// The common options, one line each unless a doc is longer than a line.
std::string brief_flags(const Command& command, std::size_t width, bool color) {
  const auto flags = common_flags(command);
  if (flags.empty()) {
    return "";
  }
  std::size_t column = 0;
  for (const Flag* flag : flags) {
    const std::size_t wanted = flag_head(*flag).size() + 4;
    column = wanted > k_doc_column ? column : std::max(column, wanted);
  }
  std::string out =
      heading(flags.size() < command.flags.size() ? "Common options:" : "Options:", color);
  for (const Flag* flag : flags) {
    const std::size_t room = width > column ? width - column : 0;
    out += entry(flag_head(*flag), brief_doc(*flag, room), width, column);
  }
  return out;
}

// The words of a command line, an option together with its values.
std::vector<std::string> option_groups(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& word : split(text, ' ')) {
    if (out.empty() || word.starts_with("-")) {
      out.push_back(word);
    } else {
      out.back() += " " + word;
    }
  }
  return out;
}

// A command line, continued with backslashes when it is longer than a line.
std::string command_line(const std::string& text, std::size_t width) {
  std::string out;
  std::string line = " ";
  for (const auto& group : option_groups(text)) {
    if (line.size() + 1 + group.size() + 2 > width && line.size() > 1) {
      out += line + " \\\n";
      line = "     ";
    }
    line += " " + group;
  }
  return out + line + "\n";
}

std::string examples_help(const Command& command, bool complete, std::size_t width, bool color) {
  const auto& all = command.examples;
  if (all.empty()) {
    return "";
  }
  std::string out = heading("Examples:", color);
  const std::size_t shown = complete ? all.size() : std::min(all.size(), k_brief_examples);
  for (std::size_t i = 0; i < shown; ++i) {
    out += command_line(all[i].command, width);
    out += style(Style::dim, wrap(all[i].doc, width, 6), color) + "\n";
  }
  return out;
}

std::string commands_help(const Command& command, std::size_t width, bool color) {
  std::string out;
  for (const auto& below : command.commands) {
    if (!below.hidden) {
      const bool meant = below.name == command.default_command;
      out += entry(below.name, below.summary + (meant ? " (default)" : ""), width, 14);
    }
  }
  return out.empty() ? out : heading("Commands:", color) + out;
}

std::string arguments_help(const Command& command, std::size_t width, bool color) {
  std::string out;
  for (const auto& argument : command.arguments) {
    out += entry(argument.name, argument.doc, width);
  }
  return out.empty() ? out : heading("Arguments:", color) + out;
}

std::string details(const Command& command, std::size_t width, bool color) {
  std::string out;
  if (!command.exit_codes.empty()) {
    out += heading("Exit codes:", color);
    for (const auto& [code, meaning] : command.exit_codes) {
      out += fmt::format("  {:<4}{}\n", code, meaning);
    }
  }
  if (!command.see_also.empty()) {
    out += heading("See also:", color);
    std::string names;
    for (const auto& name : command.see_also) {
      names += (names.empty() ? "" : ", ") + fmt::format("'obsctl help {}'", name);
    }
    out += wrap(names, width, 2) + "\n";
  }
  return out;
}

}  // namespace

std::size_t help_width(const Terminal& terminal) {
  return static_cast<std::size_t>(std::clamp(terminal.width(), 40, 100));
}

std::string command_help(const CommandPath& path, bool complete, std::size_t width, bool color) {
  const Command& command = *path.back();
  const Command& meant = acting(command);
  std::string out = command.summary + "\n";
  out += heading("Usage:", color) + "  " + usage(path) + "\n";
  if (complete && !command.description.empty()) {
    out += "\n" + wrap(command.description, width, 0) + "\n";
  }
  out += examples_help(command.examples.empty() ? meant : command, complete, width, color);
  out += commands_help(command, width, color);
  out += arguments_help(meant, width, color);
  if (complete) {
    return out + all_flags(meant, width, color) + details(command, width, color);
  }
  out += brief_flags(meant, width, color);
  return out + fmt::format("\nRun 'obsctl {} --help' for details.\n", title(path));
}

std::string overview(const std::vector<Command>& commands, const std::vector<std::string>& external,
                     std::size_t width, bool color) {
  std::string out = "obsctl: size, generate and load-test self-hosted observability stacks\n";
  out += heading("Usage:", color) + "  obsctl COMMAND [options]\n";
  std::string group;
  for (const auto& command : commands) {
    if (command.hidden) {
      continue;
    }
    if (command.group != group) {
      group = command.group;
      out += heading(group + ":", color);
    }
    out += fmt::format("  {:<14}{}\n", command.name, command.summary);
  }
  if (!external.empty()) {
    out += heading("External commands (obsctl-NAME on PATH):", color);
    for (const auto& name : external) {
      out += fmt::format("  {}\n", name);
    }
  }
  out += heading("Topics:", color);
  for (const auto& topic : topics(commands)) {
    out += fmt::format("  {:<14}{}\n", topic.name, topic.summary);
  }
  out += heading("Global options:", color) + global_options(width);
  out += "\nRun 'obsctl help COMMAND' or 'obsctl help TOPIC' for details.\n";
  return out;
}

std::string topic_text(const Topic& topic, std::size_t width, bool color) {
  std::string out = style(Style::bold, topic.summary, color) + "\n\n";
  for (const auto& line : split(topic.text, '\n')) {
    out += (line.starts_with("  ") ? line : wrap(line, width, 0)) + "\n";
  }
  while (out.ends_with("\n\n")) {
    out.pop_back();
  }
  return out;
}

}  // namespace obsctl::cli
