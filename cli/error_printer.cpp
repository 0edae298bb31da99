// SPDX-License-Identifier: Apache-2.0
// The one place that words an error for people and for programs.
#include "cli/error_printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::cli {

namespace {

using Json = nlohmann::ordered_json;

// Nobody reads more at once; the first ones explain the others more often than not.
constexpr std::size_t k_most_printed = 20;

// With the settings as a file has them; a command that knows flags for them has worded them before.
std::string hint_of(const Error& error) {
  std::vector<std::string> settings;
  for (const auto& [key, value] : error.settings) {
    settings.push_back(fmt::format("{}: {}", key, value));
  }
  const bool both = !error.hint.empty() && !settings.empty();
  return error.hint + (both ? ": " : "") + join(settings, ", ");
}

// Servers and files have a say in what an error quotes; line breaks are the program's own.
std::string fit(std::string_view text) {
  std::vector<std::string> lines = split(text, '\n');
  std::ranges::transform(lines, lines.begin(), [](const auto& line) { return printable(line); });
  return join(lines, "\n");
}

std::string one_error(const Error& error, bool color) {
  std::string out =
      fmt::format("obsctl: {} {}\n", style(Style::red, "error:", color), fit(error.message));
  if (error.at) {
    out += fmt::format("  in: {}\n", fit(error.at->str()));
  }
  for (const auto& where : error.context) {
    out += fmt::format("  while: {}\n", fit(where));
  }
  if (const std::string hint = hint_of(error); !hint.empty()) {
    out += fmt::format("  hint: {}\n", fit(hint));
  }
  return out;
}

Json one_row(const Error& error) {
  Json out = {{"code", code_name(error.code)}, {"message", error.message}};
  if (!error.subject.empty()) {
    out["subject"] = error.subject;
  }
  if (error.at) {
    out["at"] = error.at->str();
  }
  if (!error.context.empty()) {
    out["context"] = error.context;
  }
  out["hint"] = error.hint;
  if (!error.settings.empty()) {
    out["settings"] = error.settings;
  }
  return out;
}

}  // namespace

std::string error_text(const Error& error, bool color) {
  std::string out = one_error(error, color);
  const std::size_t printed = std::min(error.more.size(), k_most_printed - 1);
  for (std::size_t i = 0; i < printed; ++i) {
    out += one_error(error.more[i], color);
  }
  if (const std::size_t left = error.more.size() - printed; left > 0) {
    out += fmt::format("obsctl: {} more errors are not shown\n", left);
  }
  return out;
}

std::string error_json(const Error& error) {
  Json out = {{"schema", "obsctl.error/v1"}};
  out.update(one_row(error));
  for (const auto& more : error.more) {
    out["more"].push_back(one_row(more));
  }
  out["exit_code"] = exit_code_of(error.code);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace obsctl::cli
