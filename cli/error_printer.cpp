// The one place that words an error for people and for programs.
#include "cli/error_printer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/ui/style.hpp"

namespace obsctl::cli {

namespace {

std::string one_error(const Error& error, bool color) {
  std::string out =
      fmt::format("obsctl: {} {}\n", style(Style::red, "error:", color), error.message);
  if (error.at) {
    out += fmt::format("  in: {}\n", error.at->str());
  }
  for (const auto& where : error.context) {
    out += fmt::format("  while: {}\n", where);
  }
  if (!error.hint.empty()) {
    out += fmt::format("  hint: {}\n", error.hint);
  }
  return out;
}

}  // namespace

std::string error_text(const Error& error, bool color) {
  std::string out = one_error(error, color);
  for (const auto& more : error.more) {
    out += one_error(more, color);
  }
  return out;
}

std::string error_json(const Error& error) {
  nlohmann::ordered_json out = {
      {"schema", "obsctl.error/v1"}, {"code", code_name(error.code)}, {"message", error.message}};
  if (error.at) {
    out["at"] = error.at->str();
  }
  if (!error.context.empty()) {
    out["context"] = error.context;
  }
  out["hint"] = error.hint;
  if (!error.more.empty()) {
    out["more"] = nlohmann::ordered_json::array();
    for (const auto& more : error.more) {
      nlohmann::ordered_json row = {{"message", more.message}, {"hint", more.hint}};
      if (more.at) {
        row["at"] = more.at->str();
      }
      out["more"].push_back(std::move(row));
    }
  }
  out["exit_code"] = exit_code_of(error.code);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace obsctl::cli
