// SPDX-License-Identifier: Apache-2.0
// help, completion, version, and two hidden commands: __complete for the shells, __docs for the
// build.
#include "cli/builtins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/build_info.hpp"
#include "cli/docs.hpp"
#include "cli/external.hpp"
#include "cli/route.hpp"
#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"
#include "templates/embedded.hpp"

namespace obsctl::cli {
namespace {

Failure no_help(const std::string& name, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const auto& path : visible_commands(commands)) {
    names.push_back(title(path));
  }
  for (const auto& topic : topics(commands)) {
    names.push_back(topic.name);
  }
  const std::string hint = did_you_mean(name, names);
  return fail(Code::usage, fmt::format("no help for '{}'", name),
              hint.empty() ? "run 'obsctl help' for the commands and topics" : hint);
}

Result<int> show_help(const std::vector<std::string>& names, Context& context) {
  const auto commands = program_commands();
  const std::size_t width = help_width(context.terminal);
  const bool color = context.color_out();
  if (names.empty()) {
    context.terminal.out(overview(commands, external_commands(context.environment), width, color));
    return exit_code::ok;
  }
  if (const auto path = find_command(commands, names); !path.empty()) {
    context.terminal.out(command_help(path, true, width, color));
    return exit_code::ok;
  }
  for (const auto& topic : topics(commands)) {
    if (names == std::vector{topic.name}) {
      context.terminal.out(topic_text(topic, width, color));
      return exit_code::ok;
    }
  }
  return no_help(join(names, " "), commands);
}

Command help_command() {
  auto names = std::make_shared<std::vector<std::string>>();
  return {.name = "help",
          .group = "General",
          .summary = "explain a command or a topic",
          .arguments = {{.name = "NAME", .into = names.get(), .doc = "a command or a topic"}},
          .examples = {{"obsctl help init", "explain 'init' and all its options"},
                       {"obsctl help tiers", "explain the scale tiers"}},
          .run = [names](Context& context) { return show_help(*names, context); }};
}

Command completion_command() {
  auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .group = "General",
          .summary = "print the completion script of a shell",
          .description =
              "Packages install the script where the shell finds it. Without a package, "
              "load it from the shell's startup file.",
          .arguments = {{.name = "SHELL",
                         .into = shell.get(),
                         .required = true,
                         .choices = {"bash", "zsh", "fish"},
                         .doc = "bash, zsh or fish"}},
          .examples = {{"source <(obsctl completion bash)", "complete in this shell"},
                       {"obsctl completion fish > ~/.config/fish/completions/obsctl.fish",
                        "complete in every fish"}},
          .run = [shell](Context& context) -> Result<int> {
            context.terminal.out(completion_script(*shell));
            return exit_code::ok;
          }};
}

std::string template_hash() {
  std::string all;
  for (const auto& file : embedded_files()) {
    all += fmt::format("{} {}\n", file.path, sha256_hex(file.bytes));
  }
  return sha256_hex(all).substr(0, 12);
}

// "0.1.0 (c682660a1b2c)", with "-dirty" behind the hash; "0.1.0" when the hash is unknown.
std::string version_text() {
  if (k_build_info.commit.empty()) {
    return std::string(k_build_info.version);
  }
  return fmt::format("{} ({}{})", k_build_info.version, k_build_info.commit,
                     k_build_info.dirty ? "-dirty" : "");
}

Command version_command() {
  auto format = std::make_shared<std::string>("text");
  return {.name = "version",
          .group = "General",
          .summary = "print the version",
          .flags = {output_flag(format.get(), {"text", "json"})},
          .examples = {{"obsctl version -o json",
                        "print version, commit and hash of the built-in templates"}},
          .run = [format](Context& context) -> Result<int> {
            if (*format == "json") {
              const nlohmann::ordered_json out = {{"schema", "obsctl.version/v1"},
                                                  {"version", k_build_info.version},
                                                  {"commit", k_build_info.commit},
                                                  {"dirty", k_build_info.dirty},
                                                  {"templates", template_hash()}};
              context.terminal.out(out.dump(2) + "\n");
            } else {
              context.terminal.out(fmt::format("obsctl {}\n", version_text()));
            }
            return exit_code::ok;
          }};
}

Command complete_command() {
  auto words = std::make_shared<std::vector<std::string>>();
  return {.name = "__complete",
          .summary = "print completions of the last word",
          .arguments = {{.name = "WORD", .into = words.get(), .doc = "words after 'obsctl'"}},
          .hidden = true,
          .run = [words](Context& context) -> Result<int> {
            for (const auto& candidate : complete(program_commands(), *words)) {
              context.terminal.out(candidate.value + "\t" + candidate.doc + "\n");
            }
            return exit_code::ok;
          }};
}

// Brings the generated files of a source tree up to date, or with `check` lists what is stale.
class DocsWriter {
 public:
  DocsWriter(Context& context, std::filesystem::path root, bool check)
      : context_(context), root_(std::move(root)), check_(check) {}

  [[nodiscard]] Result<int> run() {
    const auto files = generated_files(program_commands());
    for (const auto& [path, bytes] : files) {
      const auto current = context_.files.read(root_ / path);
      if (!current || *current != bytes) {
        OBS_TRY(
            change(path, [&] { return context_.files.write_atomic(root_ / path, bytes, 0644); }));
      }
    }
    // Pages of commands that are gone.
    OBS_TRY_ASSIGN(const auto tree, context_.files.open_directory(root_));
    OBS_TRY_ASSIGN(const auto pages, tree->list("man"));
    for (const auto& page : pages) {
      const std::string path = "man/" + page.string();
      if (!files.contains(path)) {
        OBS_TRY(change(path, [&] { return tree->remove(path); }));
      }
    }
    return stale_ == 0 ? exit_code::ok : exit_code::findings;
  }

 private:
  template <class Change>
  Result<void> change(const std::string& path, Change make) {
    if (!check_) {
      return make();
    }
    context_.terminal.err(fmt::format("stale: {}\n", path));
    ++stale_;
    return {};
  }

  Context& context_;
  std::filesystem::path root_;
  bool check_;
  int stale_ = 0;
};

Command docs_command() {
  auto root = std::make_shared<std::string>();
  auto check = std::make_shared<bool>(false);
  return {
      .name = "__docs",
      .summary = "write man pages, completions and docs/reference.md into a source tree",
      .flags = {{.name = "check",
                 .into = check.get(),
                 .doc = "list stale files and write nothing"}},
      .arguments = {{.name = "ROOT", .into = root.get(), .required = true, .doc = "source tree"}},
      .hidden = true,
      .run = [root, check](Context& context) { return DocsWriter(context, *root, *check).run(); }};
}

}  // namespace

std::vector<Command> program_commands() {
  std::vector<Command> out = all_commands();
  out.push_back(help_command());
  out.push_back(completion_command());
  out.push_back(version_command());
  out.push_back(complete_command());
  out.push_back(docs_command());
  return out;
}

}  // namespace obsctl::cli
