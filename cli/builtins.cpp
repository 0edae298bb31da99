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
#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"
#include "templates/embedded.hpp"

namespace obsctl::cli {
namespace {

std::size_t text_width(const Context& context) {
  return static_cast<std::size_t>(std::clamp(context.terminal.width(), 40, 100));
}

Result<int> show_help(const std::string& name, Context& context) {
  const auto commands = program_commands();
  if (name.empty()) {
    context.terminal.out(overview(commands, external_commands(context.environment),
                                  text_width(context), context.color_out()));
    return exit_code::ok;
  }
  std::vector<std::string> names;
  for (const auto& command : commands) {
    if (command.name == name) {
      context.terminal.out(command_help(command, true, text_width(context), context.color_out()));
      return exit_code::ok;
    }
    names.push_back(command.name);
  }
  for (const auto& topic : topics(commands)) {
    if (topic.name == name) {
      context.terminal.out(topic_text(topic, text_width(context), context.color_out()));
      return exit_code::ok;
    }
    names.push_back(topic.name);
  }
  const std::string hint = did_you_mean(name, names);
  return fail(Code::usage, fmt::format("no help for '{}'", name),
              hint.empty() ? "'obsctl help' lists commands and topics" : hint);
}

Command help_command() {
  auto name = std::make_shared<std::string>();
  return {.name = "help",
          .group = "This program",
          .summary = "explain a command or a topic",
          .arguments = {{.name = "NAME", .into = name.get(), .doc = "a command or a topic"}},
          .examples = {{"obsctl help init", "everything about 'init'"},
                       {"obsctl help tiers", "the scale tiers"}},
          .run = [name](Context& context) { return show_help(*name, context); }};
}

Command completion_command() {
  auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .group = "This program",
          .summary = "print the completion script of a shell",
          .description =
              "Packages install the script where the shell finds it. Without a package, "
              "load it from the shell's start file.",
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
          .group = "This program",
          .summary = "print the version",
          .flags = {output_flag(format.get(), {"text", "json"})},
          .examples = {{"obsctl version -o json",
                        "version, commit and hash of the built-in templates"}},
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

Result<int> write_docs(const std::filesystem::path& root, bool check, Context& context) {
  OBS_TRY_ASSIGN(const std::string readme, context.files.read(root / "README.md"));
  int stale = 0;
  for (const auto& [path, bytes] : generated_files(program_commands(), readme)) {
    const auto current = context.files.read(root / path);
    if (current && *current == bytes) {
      continue;
    }
    if (check) {
      context.terminal.err(fmt::format("stale: {}\n", path));
      ++stale;
    } else {
      OBS_TRY(context.files.write_atomic(root / path, bytes, 0644));
    }
  }
  return stale == 0 ? exit_code::ok : exit_code::findings;
}

Command docs_command() {
  auto root = std::make_shared<std::string>();
  auto check = std::make_shared<bool>(false);
  return {
      .name = "__docs",
      .summary = "write man pages, completions and README tables into a source tree",
      .flags = {{.name = "check", .into = check.get(), .doc = "only list stale files"}},
      .arguments = {{.name = "ROOT", .into = root.get(), .required = true, .doc = "source tree"}},
      .hidden = true,
      .run = [root, check](Context& context) { return write_docs(*root, *check, context); }};
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
