// The only file that includes CLI11; it turns CLI11's exceptions and exit codes into errors of our
// own.
#include "cli/parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string option_names(const Flag& flag) {
  return flag.short_name != 0 ? fmt::format("-{},--{}", flag.short_name, flag.name)
                              : "--" + flag.name;
}

// `value_optional`: the option may stand without its value, which is then empty.
void bind_target(CLI::App& app, const std::string& names, const FlagValue& target,
                 bool value_optional = false) {
  std::visit(
      Overloaded{
          [&](bool* into) {
            app.add_flag(names, *into)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
          },
          [&](std::string* into) {
            app.add_option(names, *into)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
          },
          [&](std::optional<std::string>* into) {
            app.add_option_function<std::string>(names, [into](const std::string& v) { *into = v; })
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
                ->expected(value_optional ? 0 : 1, 1);
          },
          [&](std::vector<std::string>* into) {
            // A repeatable option takes one value each time; a repeatable argument takes all that
            // are left.
            app.add_option(names, *into)->allow_extra_args(!names.starts_with("-"));
          },
      },
      target);
}

std::vector<std::string> values_of(const FlagValue& target) {
  return std::visit(Overloaded{
                        [](bool*) { return std::vector<std::string>{}; },
                        [](std::string* value) { return std::vector<std::string>{*value}; },
                        [](std::optional<std::string>* value) {
                          return *value ? std::vector<std::string>{**value}
                                        : std::vector<std::string>{};
                        },
                        [](std::vector<std::string>* value) { return *value; },
                    },
                    target);
}

Result<void> check_choices(const std::string& name, const std::vector<std::string>& choices,
                           const FlagValue& target) {
  if (choices.empty()) {
    return {};
  }
  for (const auto& value : values_of(target)) {
    if (!value.empty() && std::ranges::find(choices, value) == choices.end()) {
      const std::string hint = did_you_mean(value, choices);
      return fail(Code::usage, fmt::format("unknown value '{}' for '{}'", value, name),
                  (hint.empty() ? "" : hint + " ") + "one of: " + join(choices, ", "));
    }
  }
  return {};
}

Failure unknown_word(const Command& command, const std::vector<Flag>& globals,
                     const std::string& word) {
  if (!word.starts_with("-") || word == "-") {
    return fail(Code::usage, fmt::format("unexpected argument '{}'", word),
                fmt::format("'obsctl {} -h' shows the usage", command.name));
  }
  std::vector<std::string> names = {"--help"};
  for (const auto* flags : {&command.flags, &globals}) {
    for (const auto& flag : *flags) {
      names.push_back("--" + flag.name);
    }
  }
  const std::string name = word.substr(0, word.find('='));
  const std::string hint = did_you_mean(name, names);
  return fail(Code::usage, fmt::format("unknown option '{}'", name),
              hint.empty() ? fmt::format("'obsctl {} -h' lists the options", command.name) : hint);
}

// An environment variable stands in for a flag that was not given.
void apply_environment(const CLI::App& app, const Flag& flag, const Environment& environment) {
  const bool outranked = !flag.env_unless.empty() && app.count("--" + flag.env_unless) > 0;
  if (flag.env.empty() || outranked || app.count("--" + flag.name) > 0) {
    return;
  }
  if (const auto value = environment.get(flag.env)) {
    std::visit(Overloaded{
                   [&](bool* into) { *into = *value == "1" || *value == "true"; },
                   [&](std::string* into) { *into = *value; },
                   [&](std::optional<std::string>* into) { *into = *value; },
                   [&](std::vector<std::string>* into) { *into = {*value}; },
               },
               flag.into);
  }
}

HelpRequest requested_help(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word == "--") {
      break;
    }
    if (word == "-h") {
      return HelpRequest::brief;
    }
    if (word == "--help") {
      return HelpRequest::complete;
    }
  }
  return HelpRequest::none;
}

Failure parse_failure(const Command& command, const CLI::ParseError& error) {
  std::string message = error.what();
  // CLI11 says "--tier: 1 required TEXT missing" and the like; keep its subject, in our words.
  const auto colon = message.find(": ");
  if (colon != std::string::npos && message.find("required") != std::string::npos) {
    message = fmt::format("option '{}' needs a value", message.substr(0, colon));
  }
  return fail(Code::usage, message, fmt::format("'obsctl {} -h' shows the usage", command.name));
}

}  // namespace

Result<HelpRequest> parse_command(const Command& command, const std::vector<Flag>& globals,
                                  const std::vector<std::string>& words,
                                  const Environment& environment, int& verbosity) {
  const HelpRequest help = requested_help(words);
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_flag("-v", verbosity);
  for (const auto* flags : {&globals, &command.flags}) {
    for (const auto& flag : *flags) {
      if (flag.name != "help" && flag.name != "verbose") {
        bind_target(app, option_names(flag), flag.into, flag.value.starts_with("["));
      }
    }
  }
  for (const auto& argument : command.arguments) {
    bind_target(app, argument.name, argument.into);
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (help == HelpRequest::none) {
      return parse_failure(command, error);
    }
  }
  if (help != HelpRequest::none) {  // parsed all the same, for --color
    return help;
  }
  auto rest = app.remaining();
  std::erase(rest, "--");  // CLI11 reports the separator itself as left over
  if (!rest.empty()) {
    return unknown_word(command, globals, rest.front());
  }
  for (const auto* flags : {&globals, &command.flags}) {
    for (const auto& flag : *flags) {
      if (flag.name != "help" && flag.name != "verbose") {
        apply_environment(app, flag, environment);
        if (!flag.open) {
          OBS_TRY(check_choices("--" + flag.name, flag.choices, flag.into));
        }
      }
    }
  }
  for (const auto& argument : command.arguments) {
    if (argument.required && app.count(argument.name) == 0) {
      return fail(Code::usage, fmt::format("missing argument {}", argument.name),
                  fmt::format("'obsctl {} -h' shows the usage", command.name));
    }
    OBS_TRY(check_choices(argument.name, argument.choices, argument.into));
  }
  return HelpRequest::none;
}

}  // namespace obsctl::cli
