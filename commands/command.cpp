// SPDX-License-Identifier: Apache-2.0
// Helpers of the command definitions.
#include "commands/command.hpp"

namespace obsctl {
namespace {

bool colored(const Context& context, bool is_terminal) {
  if (context.global.color != ColorMode::automatic) {
    return context.global.color == ColorMode::always;
  }
  if (context.environment.get("NO_COLOR")) {
    return false;
  }
  const auto force = context.environment.get("CLICOLOR_FORCE");
  if (force && *force != "0") {
    return true;
  }
  return is_terminal && context.environment.get("TERM").value_or("dumb") != "dumb";
}

const std::vector<std::string>& choices_of(const std::vector<std::string>& own,
                                           const FlagValue& into) {
  const auto* typed = std::get_if<TypedValue>(&into);
  return own.empty() && typed != nullptr ? typed->choices : own;
}

}  // namespace

const std::vector<std::string>& choices_of(const Flag& flag) {
  return choices_of(flag.choices, flag.into);
}

const std::vector<std::string>& choices_of(const Argument& argument) {
  return choices_of(argument.choices, argument.into);
}

bool repeatable(const FlagValue& into) {
  const auto* typed = std::get_if<TypedValue>(&into);
  return typed != nullptr ? typed->repeatable
                          : std::holds_alternative<std::vector<std::string>*>(into);
}

const std::string& default_of(const Flag& flag) {
  const auto* typed = std::get_if<TypedValue>(&flag.into);
  return flag.fallback.empty() && typed != nullptr ? typed->initial : flag.fallback;
}

bool Context::color_out() const {
  return colored(*this, terminal.out_is_terminal());
}

bool Context::color_err() const {
  return colored(*this, terminal.err_is_terminal());
}

void Context::note(std::string_view text) const {
  if (!global.quiet) {
    terminal.err(std::string(text) + "\n");
  }
}

Flag file_flag(std::string name, std::string* into, std::string group, std::string doc) {
  return {.name = std::move(name),
          .value = "FILE",
          .into = into,
          .completes = "file",
          .group = std::move(group),
          .doc = std::move(doc)};
}

Flag output_flag(std::string* into, std::vector<std::string> formats) {
  return {.name = "output",
          .short_name = 'o',
          .value = "FORMAT",
          .into = into,
          .choices = std::move(formats),
          .fallback = *into,
          .group = "Output",
          .common = true,
          .doc = "choose the format of the result"};
}

Flag output_flag(TypedValue into) {
  return {.name = "output",
          .short_name = 'o',
          .value = "FORMAT",
          .into = std::move(into),
          .group = "Output",
          .common = true,
          .doc = "choose the format of the result"};
}

}  // namespace obsctl
