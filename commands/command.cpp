// Helpers of the command definitions.
#include "commands/command.hpp"

namespace obsctl {
namespace {

bool colored(const Context& context, bool is_terminal) {
  if (context.global.color != "auto") {
    return context.global.color == "always";
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

}  // namespace

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

Flag output_flag(std::string* into, std::vector<std::string> formats) {
  return {.name = "output",
          .short_name = 'o',
          .value = "FORMAT",
          .into = into,
          .choices = std::move(formats),
          .fallback = *into,
          .group = "Output",
          .doc = "format of the result"};
}

}  // namespace obsctl
