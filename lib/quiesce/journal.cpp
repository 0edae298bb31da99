// SPDX-License-Identifier: Apache-2.0
// Journal ↔ JSON.
#include "lib/quiesce/journal.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/json_fields.hpp"
#include "lib/engine/ask.hpp"

namespace obsctl::quiesce {
namespace {

constexpr std::string_view k_schema = "obsctl.stopped/v1";

}  // namespace

std::string print_journal(const Journal& journal) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Stopped& one : journal.stopped) {
    rows.push_back(
        {{"id", one.id}, {"name", one.name}, {"project", one.project}, {"service", one.service}});
  }
  const nlohmann::ordered_json root = {
      {"schema", k_schema}, {"at", print_time(journal.at)}, {"stopped", rows}};
  return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Journal> parse_journal(std::string_view text, const std::string& file) {
  const auto root = nlohmann::json::parse(text, nullptr, false);
  std::string wrong = root.is_object() ? "" : "it is no JSON object";
  Journal out;
  if (root.is_object()) {
    const JsonFields fields(root, "", wrong);
    if (fields.text("schema") != k_schema) {
      fields.note("schema", "is none that this version knows");
    }
    const auto at = parse_time(fields.text("at"));
    if (!at) {
      fields.note("at", "is no time");
    }
    out.at = at.value_or(Time{});
    fields.for_each("stopped", [&](const JsonFields& row) {
      out.stopped.push_back({.id = row.text("id"),
                             .name = row.text("name"),
                             .project = row.text("project"),
                             .service = row.text("service")});
      if (!engine::is_id(out.stopped.back().id)) {
        row.note("id", "is no id of a container");
      }
    });
  }
  if (!wrong.empty()) {
    return fail(Code::integrity,
                fmt::format("'{}' does not say which containers were stopped: {}", file, wrong),
                "start the stack, look that everything runs, then remove the file");
  }
  return out;
}

}  // namespace obsctl::quiesce
