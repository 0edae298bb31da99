// SPDX-License-Identifier: Apache-2.0
// Journal ↔ JSON ↔ disk.
#include "lib/protect/restore_journal.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/json_fields.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::protect {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view k_schema = "obsctl.stack-restore/v1";

std::map<std::string, std::string> texts_of(const JsonFields& fields, const char* name) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : fields.at(name).items()) {
    if (!value.is_string()) {
      fields.note(name, "is not an object of texts");
      return {};
    }
    out.emplace(key, value.get<std::string>());
  }
  return out;
}

RestoreRow row_of(const JsonFields& fields) {
  const JsonFields volume = fields.object("volume");
  return {.name = fields.text("name"),
          .volume = {.name = volume.text("name"),
                     .driver = volume.text("driver"),
                     .scope = volume.raw_text("scope"),
                     .options = texts_of(volume, "options"),
                     .labels = texts_of(volume, "labels")},
          .done = fields.flag("done")};
}

}  // namespace

std::string print_restore_journal(const RestoreJournal& journal) {
  Json rows = Json::array();
  for (const RestoreRow& row : journal.rows) {
    rows.push_back({{"name", row.name},
                    {"volume",
                     {{"name", row.volume.name},
                      {"driver", row.volume.driver},
                      {"scope", row.volume.scope},
                      {"options", Json(row.volume.options)},
                      {"labels", Json(row.volume.labels)}}},
                    {"done", row.done}});
  }
  const Json root = {
      {"schema", k_schema},       {"repository", journal.repository},       {"set", journal.set},
      {"safety", journal.safety}, {"started", print_time(journal.started)}, {"volumes", rows}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RestoreJournal> parse_restore_journal(std::string_view text, const std::string& file) {
  const auto root = nlohmann::json::parse(text, nullptr, false);
  std::string wrong = root.is_object() ? "" : "it is no JSON object";
  RestoreJournal out;
  if (root.is_object()) {
    const JsonFields fields(root, "", wrong);
    if (fields.text("schema") != k_schema) {
      fields.note("schema", "is none that this version knows");
    }
    out.repository = fields.text("repository");
    out.set = fields.text("set");
    out.safety = fields.raw_text("safety");
    const auto started = parse_time(fields.text("started"));
    if (!started) {
      fields.note("started", "is no time");
    }
    out.started = started.value_or(Time{});
    fields.for_each("volumes", [&](const JsonFields& row) { out.rows.push_back(row_of(row)); });
  }
  if (!wrong.empty()) {
    return fail(Code::integrity,
                fmt::format("'{}' does not say how far a restore is: {}", file, wrong),
                "restore all volumes again from the set that you want, once the file is removed");
  }
  return out;
}

Result<std::optional<RestoreJournal>> read_restore_journal(const FileSystem& files,
                                                           const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto text, read_beneath(files, directory, k_restore_journal));
  if (!text) {
    return std::optional<RestoreJournal>();
  }
  OBS_TRY_ASSIGN(auto journal,
                 parse_restore_journal(*text, (directory / k_restore_journal).string()));
  return std::optional(std::move(journal));
}

Result<void> write_restore_journal(FileSystem& files, const fs::path& directory,
                                   const RestoreJournal& journal) {
  OBS_TRY_ASSIGN(const auto root, files.open_directory(directory));
  OBS_TRY(root->make_directory(stack_paths::own, 0755));
  return root->replace(k_restore_journal, print_restore_journal(journal), 0600);
}

Result<void> close_restore_journal(FileSystem& files, const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto root, files.open_directory(directory));
  return root->remove(k_restore_journal);
}

}  // namespace obsctl::protect
