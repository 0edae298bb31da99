// SPDX-License-Identifier: Apache-2.0
// The only file that includes CLI11, which cuts words into options and their texts; what the texts
// mean, and which options go together, is decided here.
#include "cli/parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "lib/base/choice.hpp"
#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// A flag with what was given for it.
struct Entry {
  const Flag* flag;
  CLI::Option* option;
  std::string source = {};  // "--rate" or the variable that stands in; empty: not given
  std::vector<std::string> texts = {};

  [[nodiscard]] bool given() const { return !source.empty(); }
  [[nodiscard]] bool explicit_() const { return option->count() > 0; }
};

using Entries = std::vector<Entry>;

bool is_switch(const FlagValue& into) {
  return std::holds_alternative<bool*>(into) || std::holds_alternative<int*>(into);
}

bool value_optional(const Flag& flag) {
  return flag.value.starts_with("[");
}

std::string help_hint(const Route& route, std::string_view what) {
  return fmt::format("run 'obsctl {} -h' for {}", title(route.path), what);
}

// Every text that an option gets is kept: the last one counts, unless the flag is repeatable.
Entry declare(CLI::App& app, const Flag& flag) {
  const std::string names =
      flag.short_name != 0 ? fmt::format("-{},--{}", flag.short_name, flag.name) : "--" + flag.name;
  CLI::Option* option = is_switch(flag.into)
                            ? app.add_flag(names)
                            : app.add_option(names)->expected(value_optional(flag) ? 0 : 1, 1);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return {.flag = &flag, .option = option};
}

Entries declare(CLI::App& app, const std::vector<Flag>& flags) {
  Entries out;
  for (const auto& flag : flags) {
    if (flag.name != "help") {
      out.push_back(declare(app, flag));
    }
  }
  return out;
}

CLI::Option* declare(CLI::App& app, const Argument& argument) {
  CLI::Option* option = app.add_option(argument.name)->expected(1);
  if (repeatable(argument.into)) {
    option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  }
  return option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Result<bool> read_switch(const std::string& text, std::string_view what) {
  return text == "1" ? true : text == "0" ? false : parse_bool(text, what);
}

// Stores what was given; `texts` is not empty.
Result<void> assign(const FlagValue& target, const std::vector<std::string>& texts,
                    const std::string& what) {
  using Done = Result<void>;
  return std::visit(
      Overloaded{
          [&](bool* into) -> Done {
            OBS_TRY_ASSIGN(*into, read_switch(texts.back(), what));
            return {};
          },
          [&](int* into) -> Done {
            *into = static_cast<int>(texts.size());
            return {};
          },
          [&](std::string* into) -> Done {
            *into = texts.back();
            return {};
          },
          [&](std::optional<std::string>* into) -> Done {
            *into = texts.back();
            return {};
          },
          [&](std::vector<std::string>* into) -> Done {
            *into = texts;
            return {};
          },
          [&](const TypedValue& typed) -> Done {
            for (const auto& text : typed.repeatable ? texts : std::vector{texts.back()}) {
              OBS_TRY(typed.read(text, what));
            }
            return {};
          },
      },
      target);
}

// The texts as `choices` writes them, whatever their case; any text where there are none.
Result<std::vector<std::string>> chosen(std::vector<std::string> texts, const std::string& what,
                                        const std::vector<std::string>& choices) {
  for (auto& text : texts) {
    const auto choice = std::ranges::find_if(
        choices, [&text](const std::string& one) { return lower(one) == lower(text); });
    if (choice != choices.end()) {
      text = *choice;
    } else if (!choices.empty()) {
      return unknown_choice(text, what, choices);
    }
  }
  return texts;
}

Result<void> assign(const Entries& entries) {
  for (const auto& entry : entries) {
    if (!entry.given()) {
      continue;
    }
    const bool left_out = value_optional(*entry.flag) && entry.texts.back().empty();
    std::vector<std::string> texts = entry.texts;
    if (!entry.flag->open && !left_out) {
      OBS_TRY_ASSIGN(texts, chosen(std::move(texts), entry.source, entry.flag->choices));
    }
    OBS_TRY(assign(entry.flag->into, texts, entry.source));
  }
  return {};
}

Entry* find(Entries& entries, std::string_view name) {
  const auto it = std::ranges::find_if(
      entries, [name](const Entry& entry) { return entry.flag->name == name; });
  return it == entries.end() ? nullptr : &*it;
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

bool exclude_each_other(const Flag& a, const Flag& b) {
  return names(a.excludes, b.name) || names(b.excludes, a.name);
}

// True when a flag on the command line leaves no room for the variable of `flag`.
bool outranked(const Entries& entries, const Flag& flag) {
  return std::ranges::any_of(entries, [&flag](const Entry& other) {
    return other.explicit_() && exclude_each_other(*other.flag, flag);
  });
}

void collect(Entries& entries, const Environment& environment) {
  for (auto& entry : entries) {
    if (entry.explicit_()) {
      entry.source = "--" + entry.flag->name;
      entry.texts = entry.option->results();
    } else if (!entry.flag->env.empty() && !entry.flag->env_by_command &&
               !outranked(entries, *entry.flag)) {
      if (auto value = environment.get(entry.flag->env)) {
        entry.source = entry.flag->env;
        entry.texts = {std::move(*value)};
      }
    }
  }
}

Result<void> check_combinations(Entries& entries) {
  for (auto a = entries.begin(); a != entries.end(); ++a) {
    for (auto b = a + 1; a->given() && b != entries.end(); ++b) {
      if (b->given() && exclude_each_other(*a->flag, *b->flag)) {
        return fail(Code::usage,
                    fmt::format("'{}' and '{}' exclude each other", a->source, b->source),
                    "give one of them");
      }
    }
    for (const auto& name : a->explicit_() ? a->flag->needs : std::vector<std::string>{}) {
      const Entry* other = find(entries, name);
      if (other == nullptr || !other->given()) {
        const std::string value = other == nullptr ? "" : other->flag->value;
        return fail(Code::usage, fmt::format("'{}' needs '--{}'", a->source, name),
                    fmt::format("add --{}{}{}", name, value.empty() ? "" : " ", value));
      }
    }
  }
  return {};
}

Result<void> assign(const Argument& argument, const CLI::Option& option, const Route& route) {
  if (option.count() == 0) {
    return argument.required ? fail(Code::usage, fmt::format("missing argument {}", argument.name),
                                    help_hint(route, "the usage"))
                             : Result<void>{};
  }
  OBS_TRY_ASSIGN(const auto texts, chosen(option.results(), argument.name, argument.choices));
  return assign(argument.into, texts, argument.name);
}

bool has_flag(const Command& command, const std::string& word) {
  return std::ranges::any_of(command.flags, [&word](const Flag& flag) {
    return word == "--" + flag.name ||
           (flag.short_name != 0 && word == std::string("-") + flag.short_name);
  });
}

// The other commands of the same group that have the option, as "'obsctl loadgen sink'".
std::vector<std::string> owners(const Route& route, const std::string& option) {
  std::vector<std::string> out;
  CommandPath group = route.path;
  const Command* own = group.back();
  group.pop_back();
  if (group.empty()) {
    return out;
  }
  for (const auto& sibling : group.back()->commands) {
    if (sibling.name != own->name && !sibling.hidden && has_flag(acting(sibling), option)) {
      out.push_back(fmt::format("'obsctl {} {}'", title(group), sibling.name));
    }
  }
  return out;
}

Failure unknown_option(const Route& route, const std::vector<Flag>& globals,
                       const std::string& name) {
  if (const auto elsewhere = owners(route, name); !elsewhere.empty()) {
    return fail(Code::usage, fmt::format("'{}' is an option of {}", name, join(elsewhere, " and ")),
                help_hint(route, "the options of this command"));
  }
  std::vector<std::string> known;
  for (const auto* flags : {&route.path.back()->flags, &globals}) {
    for (const auto& flag : *flags) {
      known.push_back("--" + flag.name);
    }
  }
  const std::string hint = did_you_mean(name, known);
  return fail(Code::usage, fmt::format("unknown option '{}'", name),
              hint.empty() ? help_hint(route, "the options") : hint);
}

Failure unknown_word(const Route& route, const std::vector<Flag>& globals,
                     const std::string& word) {
  if (word.starts_with("-") && word != "-") {
    return unknown_option(route, globals, word.substr(0, word.find('=')));
  }
  const CommandPath group(route.path.begin(), route.path.end() - 1);
  const bool sibling =
      !group.empty() && std::ranges::find(group.back()->commands, word, &Command::name) !=
                            group.back()->commands.end();
  return fail(Code::usage, fmt::format("unexpected argument '{}'", word),
              sibling ? fmt::format("write 'obsctl {} {}' before the options", title(group), word)
                      : help_hint(route, "the usage"));
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

Failure parse_failure(const Route& route, const CLI::ParseError& error) {
  std::string message = error.what();
  // CLI11 says "--tier: 1 required TEXT missing" and the like; keep its subject, in our words.
  const auto colon = message.find(": ");
  if (colon != std::string::npos && message.find("required") != std::string::npos) {
    message = fmt::format("option '{}' needs a value", message.substr(0, colon));
  }
  return fail(Code::usage, message, help_hint(route, "the usage"));
}

}  // namespace

Result<HelpRequest> parse_command(const Route& route, const std::vector<Flag>& globals,
                                  const Environment& environment) {
  const Command& command = *route.path.back();
  const HelpRequest help = requested_help(route.words);
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  Entries shared = declare(app, globals);
  Entries own = declare(app, command.flags);
  std::vector<CLI::Option*> arguments;
  for (const auto& argument : command.arguments) {
    arguments.push_back(declare(app, argument));
  }
  try {
    app.parse(std::vector<std::string>(route.words.rbegin(), route.words.rend()));
  } catch (const CLI::ParseError& error) {
    if (help == HelpRequest::none) {
      return parse_failure(route, error);
    }
  }
  collect(shared, environment);
  OBS_TRY(assign(shared));
  if (help != HelpRequest::none) {
    return help;
  }
  auto rest = app.remaining();
  std::erase(rest, "--");  // CLI11 reports the separator itself as left over
  if (!rest.empty()) {
    return unknown_word(route, globals, rest.front());
  }
  collect(own, environment);
  OBS_TRY(check_combinations(own));
  OBS_TRY(assign(own));
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    OBS_TRY(assign(command.arguments[i], *arguments[i], route));
  }
  return HelpRequest::none;
}

}  // namespace obsctl::cli
