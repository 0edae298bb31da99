// SPDX-License-Identifier: Apache-2.0
// Journals as files of the repository: restore-ID.json.
#include "lib/backup/journal.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/backup/names.hpp"
#include "lib/base/json_fields.hpp"
#include "lib/base/time.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr auto k_schema = "obsctl.backup.restore/v1";
constexpr std::size_t k_longest = 4UL << 20U;
constexpr std::string_view k_suffix = ".json";

JournalVolume volume_of(const JsonFields& fields) {
  JournalVolume out{.name = fields.text("name"),
                    .set_aside = fields.flag("set_aside"),
                    .inode = fields.count("inode", UINT64_MAX)};
  if (!is_volume_name(out.name)) {
    fields.note("name", "is not the name of a volume");
  }
  return out;
}

Journal journal_of(const JsonFields& fields) {
  Journal out;
  for (const auto& [name, into] : {std::pair{"id", &out.id}, std::pair{"set", &out.set}}) {
    *into = fields.text(name);
    if (!is_set_id(*into)) {
      fields.note(name, "is not an id");
    }
  }
  const auto started = parse_time(fields.text("started"));
  if (!started) {
    fields.note("started", "is not a time");
  }
  out.started = started.value_or(Time{});
  out.target = fields.raw_text("target");
  if (!out.target.is_absolute()) {
    fields.note("target", "is not an absolute path");
  }
  const auto phase = choice_named<Phase>(fields.text("phase"));
  if (!phase) {
    fields.note("phase", "is no phase of a restore");
  }
  out.phase = phase.value_or(Phase::writing);
  fields.for_each("volumes", [&](const JsonFields& one) { out.volumes.push_back(volume_of(one)); });
  return out;
}

}  // namespace

std::string Journal::file() const {
  return fmt::format("{}{}{}", file_names::journal, id, k_suffix);
}

std::string Journal::work() const {
  return std::string(file_names::moving) + id;
}

std::string Journal::safety_copy(std::string_view volume) const {
  return fmt::format("{}.before-{}", volume, id);
}

std::string print_journal(const Journal& journal) {
  Json root;
  root["schema"] = k_schema;
  root["id"] = journal.id;
  root["set"] = journal.set;
  root["started"] = print_time(journal.started);
  root["target"] = journal.target.string();
  root["phase"] = name_of(journal.phase);
  root["volumes"] = Json::array();
  for (const JournalVolume& volume : journal.volumes) {
    root["volumes"].push_back(
        {{"name", volume.name}, {"set_aside", volume.set_aside}, {"inode", volume.inode}});
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Journal> parse_journal(std::string_view text, const std::string& file) {
  std::string wrong = text.size() > k_longest ? "it is too long" : "";
  const auto json =
      wrong.empty() ? nlohmann::json::parse(text, nullptr, false) : nlohmann::json::object();
  const JsonFields fields(json, "", wrong);
  Journal out = journal_of(fields);
  if (wrong.empty() && fields.text("schema") != k_schema) {
    fields.note("schema", fmt::format("is not {}", k_schema));
  }
  if (!wrong.empty()) {
    return Failure(Error{.code = Code::integrity,
                         .message = fmt::format("the journal of a restore is damaged: {}", wrong),
                         .at = SourcePos{file},
                         .hint = "look at the directory it names, then remove the journal"});
  }
  return out;
}

Result<std::vector<Journal>> open_journals(const Repository& repository) {
  const OsDirectory& root = repository.directory();
  OBS_TRY_ASSIGN(const auto entries, root.entries("."));
  std::vector<Journal> out;
  for (const auto& [entry, kind] : entries) {
    const std::string name = entry.filename();
    if (kind != FileKind::regular || !name.starts_with(file_names::journal) ||
        !name.ends_with(k_suffix)) {
      continue;
    }
    OBS_TRY_ASSIGN(const auto text, read_if_there(root, name));
    if (text) {
      OBS_TRY_ASSIGN(auto journal, parse_journal(*text, (repository.path() / name).string()));
      out.push_back(std::move(journal));
    }
  }
  return out;
}

Result<void> write_journal(const Repository& repository, const Journal& journal) {
  constexpr FileMode k_mode = 0600;
  return repository.directory().replace(journal.file(), print_journal(journal), k_mode);
}

Result<void> close_journal(const Repository& repository, const Journal& journal) {
  OBS_TRY(repository.directory().remove(journal.file()));
  return repository.directory().sync({"."});
}

}  // namespace obsctl::backup
