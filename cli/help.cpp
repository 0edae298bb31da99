// Help screens: -h fits one screen with the examples first, --help adds the whole description.
#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.hpp"
#include "lib/base/text.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::cli {
namespace {

constexpr std::size_t k_doc_column = 32;

std::string flag_head(const Flag& flag) {
  std::string out = flag.short_name != 0 ? fmt::format("-{}, --{}", flag.short_name, flag.name)
                                         : fmt::format("    --{}", flag.name);
  if (!flag.value.empty()) {
    out += " " + flag.value;
  }
  return out;
}

std::string flag_doc(const Flag& flag) {
  std::string out = flag.doc;
  if (!flag.choices.empty()) {
    out += ": " + join(flag.choices, ", ");
  }
  if (std::holds_alternative<std::vector<std::string>*>(flag.into)) {
    out += " (repeatable)";
  }
  if (!flag.fallback.empty()) {
    out += fmt::format(" [default: {}]", flag.fallback);
  }
  if (!flag.env.empty()) {
    out += fmt::format(" [env: {}]", flag.env);
  }
  return out;
}

// "  head        doc", the doc wrapped under its own column.
std::string entry(const std::string& head, const std::string& doc, std::size_t width) {
  std::string text = wrap(doc, std::max<std::size_t>(width, k_doc_column + 30), k_doc_column);
  const std::string start = "  " + head;
  if (start.size() + 2 > k_doc_column) {
    return start + "\n" + text + "\n";
  }
  return start + text.substr(start.size()) + "\n";
}

std::string heading(const std::string& title, bool color) {
  return "\n" + style(Style::bold, title, color) + "\n";
}

std::string arguments_usage(const Command& command) {
  std::string out;
  for (const auto& argument : command.arguments) {
    out += argument.required ? " " + argument.name : fmt::format(" [{}]", argument.name);
  }
  return out;
}

std::vector<std::string> flag_groups(const Command& command) {
  std::vector<std::string> groups;
  for (const auto& flag : command.flags) {
    const std::string name = flag.group.empty() ? "Options" : flag.group;
    if (std::ranges::find(groups, name) == groups.end()) {
      groups.push_back(name);
    }
  }
  return groups;
}

std::string flags_help(const Command& command, std::size_t width, bool color) {
  std::string out;
  for (const auto& group : flag_groups(command)) {
    out += heading(group + ":", color);
    for (const auto& flag : command.flags) {
      if ((flag.group.empty() ? "Options" : flag.group) == group) {
        out += entry(flag_head(flag), flag_doc(flag), width);
      }
    }
  }
  GlobalOptions unused;
  out += heading("Global options:", color);
  for (const auto& flag : global_flags(unused)) {
    out += entry(flag_head(flag), flag_doc(flag), width);
  }
  return out;
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

std::string command_help(const Command& command, bool complete, std::size_t width, bool color) {
  std::string out = fmt::format("{}\n", command.summary);
  out += heading("Usage:", color);
  out += fmt::format("  obsctl {}{}{}\n", command.name, arguments_usage(command),
                     command.flags.empty() ? "" : " [options]");
  if (complete && !command.description.empty()) {
    out += "\n" + wrap(command.description, width, 0) + "\n";
  }
  if (!command.examples.empty()) {
    out += heading("Examples:", color);
    for (const auto& example : command.examples) {
      out += fmt::format("  {}\n", example.command);
      out += style(Style::dim, wrap(example.doc, width, 6), color) + "\n";
    }
  }
  if (!command.arguments.empty()) {
    out += heading("Arguments:", color);
    for (const auto& argument : command.arguments) {
      out += entry(argument.name, argument.doc, width);
    }
  }
  out += flags_help(command, width, color);
  if (complete) {
    out += details(command, width, color);
  } else {
    out += fmt::format("\n'obsctl {} --help' tells more.\n", command.name);
  }
  return out;
}

std::string overview(const std::vector<Command>& commands, const std::vector<std::string>& external,
                     std::size_t width, bool color) {
  std::string out = "obsctl: size, generate and look after your own observability platform\n";
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
  GlobalOptions unused;
  out += heading("Global options:", color);
  for (const auto& flag : global_flags(unused)) {
    out += entry(flag_head(flag), flag_doc(flag), width);
  }
  out += "\n'obsctl help COMMAND' and 'obsctl help TOPIC' tell more.\n";
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
