// The files of the source tree that are made from the command table; a test keeps them current.
#include <fmt/format.h>

#include "cli/docs.hpp"
#include "lib/base/text.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::cli {
namespace {

std::string option_table(const Command& command) {
  Table table{{{"option"}, {"meaning"}, {"default"}}, {}};
  for (const auto& flag : command.flags) {
    std::string head = flag.short_name != 0 ? fmt::format("`-{}`, ", flag.short_name) : "";
    head += flag.value.empty() ? fmt::format("`--{}`", flag.name)
                               : fmt::format("`--{} {}`", flag.name, flag.value);
    std::string doc = flag.doc;
    if (!flag.choices.empty()) {
      doc += ": " + join(flag.choices, ", ");
    }
    table.add({head, doc, flag.fallback});
  }
  return render_markdown(table);
}

// Replaces what stands between the two markers of a command in the README.
std::string splice(const std::string& readme, const Command& command) {
  const std::string begin = fmt::format("<!-- options {} -->\n", command.name);
  const std::string end = "<!-- end -->";
  const auto from = readme.find(begin);
  if (from == std::string::npos) {
    return readme;
  }
  const auto to = readme.find(end, from);
  if (to == std::string::npos) {
    return readme;
  }
  return readme.substr(0, from + begin.size()) + option_table(command) + readme.substr(to);
}

}  // namespace

std::map<std::string, std::string> generated_files(const std::vector<Command>& commands,
                                                   const std::string& readme) {
  std::map<std::string, std::string> out;
  out["man/obsctl.1"] = program_man(commands);
  std::string new_readme = readme;
  for (const auto& command : commands) {
    if (!command.hidden) {
      out[fmt::format("man/obsctl-{}.1", command.name)] = command_man(command);
      new_readme = splice(new_readme, command);
    }
  }
  for (const auto& topic : topics(commands)) {
    out[fmt::format("man/obsctl-{}.{}", topic.name, topic.section)] = topic_man(topic);
  }
  out["completions/obsctl.bash"] = completion_script("bash");
  out["completions/_obsctl"] = completion_script("zsh");
  out["completions/obsctl.fish"] = completion_script("fish");
  out["README.md"] = new_readme;
  return out;
}

}  // namespace obsctl::cli
