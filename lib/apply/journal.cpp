// SPDX-License-Identifier: Apache-2.0
// Journal ↔ JSON, and its execution.
#include "lib/apply/journal.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "lib/render/file_tree.hpp"

namespace obsctl::apply {
namespace {

namespace fs = std::filesystem;

constexpr auto k_schema = "obsctl.journal/v1";

// A directory in the file's place was made by the first, interrupted execution.
Result<void> remove_file_if_there(FileSystem& files, const fs::path& path) {
  return files.exists(path) && !files.is_directory(path) ? files.remove(path) : Result<void>();
}

}  // namespace

std::string print_journal(const Journal& journal) {
  const nlohmann::ordered_json root = {{"schema", k_schema},
                                       {"remove", journal.remove},
                                       {"directories", journal.directories},
                                       {"put", journal.put}};
  return root.dump(2) + "\n";
}

Result<Journal> parse_journal(std::string_view text, const std::string& file) {
  const auto damaged = [&file] {
    return Failure(Error{.code = Code::integrity,
                         .message = "the journal of an interrupted change is damaged",
                         .at = SourcePos{file},
                         .hint = "remove it together with the directory 'staging' beside it"});
  };
  try {
    const auto root = nlohmann::json::parse(text);
    if (root.at("schema") != k_schema) {
      return damaged();
    }
    Journal out;
    root.at("remove").get_to(out.remove);
    root.at("directories").get_to(out.directories);
    root.at("put").get_to(out.put);
    for (const auto* paths : {&out.remove, &out.put}) {
      for (const auto& path : *paths) {
        OBS_TRY(validate_path(path));
      }
    }
    for (const auto& [path, mode] : out.directories) {
      OBS_TRY(validate_path(path));
    }
    return out;
  } catch (const nlohmann::json::exception&) {
    return damaged();
  }
}

// Directories that held nothing but removed files, from the inside out.
Result<void> remove_empty_directories(const Journal& journal, const Places& places,
                                      FileSystem& files) {
  for (const auto& path : journal.remove) {
    for (fs::path parent = fs::path(path).parent_path(); !parent.empty();
         parent = parent.parent_path()) {
      OBS_TRY(files.remove_if_empty(places.root / parent));
    }
  }
  return {};
}

Result<void> finish(const Journal& journal, const Places& places, FileSystem& files) {
  std::set<fs::path> touched = {places.root, places.own};
  // Removals first: a removed file may be in the way of a new directory.
  for (const auto& path : journal.remove) {
    OBS_TRY(remove_file_if_there(files, places.root / path));
    const fs::path parent = (places.root / path).parent_path();
    if (files.is_directory(parent)) {
      touched.insert(parent);
    }
  }
  for (const auto& [path, mode] : journal.directories) {
    OBS_TRY(files.make_directories(places.root / path, mode));
    touched.insert(places.root / path);
  }
  for (const auto& path : journal.put) {
    const fs::path staged = places.staged_files / path;
    if (files.exists(staged)) {
      OBS_TRY(files.move(staged, places.root / path));
    }
    touched.insert((places.root / path).parent_path());
  }
  if (files.exists(places.staged_manifest)) {
    OBS_TRY(files.move(places.staged_manifest, places.manifest));
  }
  OBS_TRY(files.sync({touched.begin(), touched.end()}));
  OBS_TRY(remove_empty_directories(journal, places, files));
  OBS_TRY(files.remove(places.journal));
  OBS_TRY(files.sync({places.own}));
  return files.remove_tree(places.staging);
}

}  // namespace obsctl::apply
