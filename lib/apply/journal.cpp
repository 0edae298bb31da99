// SPDX-License-Identifier: Apache-2.0
// Journal ↔ JSON, the check that it is obsctl's own, and its execution.
#include "lib/apply/journal.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/render/file_tree.hpp"

namespace obsctl::apply {
namespace {

namespace fs = std::filesystem;

constexpr auto k_schema = "obsctl.journal/v2";
constexpr FileMode k_journal_mode = 0600;

std::string how_to_go_on() {
  return fmt::format("remove '{}' and '{}' there, and run the command again with the same settings",
                     places::journal, places::staging);
}

Failure damaged(const std::string& file) {
  return Failure(Error{.code = Code::integrity,
                       .message = "the journal of an interrupted change is damaged",
                       .at = SourcePos{file},
                       .hint = how_to_go_on()});
}

Failure foreign(const std::string& file, std::string_view why) {
  return fail(Code::integrity,
              fmt::format("'{}' asks for changes, but {}; nothing of it has been done", file, why),
              how_to_go_on());
}

bool is_known(FileMode mode) {
  return mode == 0700 || mode == 0755;
}

// A directory in the file's place was made by the first, interrupted execution.
Result<void> remove_file_if_there(Directory& directory, const fs::path& path) {
  OBS_TRY_ASSIGN(const auto found, directory.info(path));
  return found && found->kind != FileKind::directory ? directory.remove(path) : Result<void>();
}

// Moves what was staged; nothing is there when an earlier execution has moved it.
Result<void> put(Directory& directory, const fs::path& staged, const fs::path& place) {
  OBS_TRY_ASSIGN(const auto found, directory.info(staged));
  return found ? directory.move(staged, place) : Result<void>();
}

// Directories that held nothing but removed files, from the inside out.
Result<void> remove_empty_directories(const Journal& journal, Directory& directory) {
  for (const auto& path : journal.remove) {
    for (fs::path parent = fs::path(path).parent_path(); !parent.empty();
         parent = parent.parent_path()) {
      OBS_TRY(directory.remove_if_empty(parent));
    }
  }
  return {};
}

Result<void> change_files(const Journal& journal, Directory& directory) {
  std::set<fs::path> touched = {".", places::own};
  // Removals first: a removed file may be in the way of a new directory.
  for (const auto& path : journal.remove) {
    OBS_TRY(remove_file_if_there(directory, path));
    const fs::path parent = fs::path(path).parent_path();
    OBS_TRY_ASSIGN(const auto found, directory.info(parent));
    if (found && found->kind == FileKind::directory) {
      touched.insert(parent);
    }
  }
  for (const auto& [path, mode] : journal.directories) {
    OBS_TRY(directory.make_directory(path, mode));
    touched.insert(path);
  }
  for (const auto& path : journal.put) {
    OBS_TRY(put(directory, places::staged_files / fs::path(path), path));
    touched.insert(fs::path(path).parent_path());
  }
  OBS_TRY(put(directory, places::staged_manifest, places::manifest));
  return directory.sync({touched.begin(), touched.end()});
}

}  // namespace

std::string print_journal(const Journal& journal) {
  const nlohmann::ordered_json root = {
      {"schema", k_schema},
      {"obsctl_directory", {{"inode", journal.own.inode}, {"born", journal.own.born}}},
      {"remove", journal.remove},
      {"directories", journal.directories},
      {"put", journal.put}};
  return root.dump(2) + "\n";
}

Result<Journal> parse_journal(std::string_view text, const std::string& file) {
  try {
    const auto root = nlohmann::json::parse(text);
    if (root.at("schema") != k_schema) {
      return damaged(file);
    }
    Journal out;
    root.at("obsctl_directory").at("inode").get_to(out.own.inode);
    root.at("obsctl_directory").at("born").get_to(out.own.born);
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
      if (!is_known(mode)) {
        return damaged(file);
      }
    }
    return out;
  } catch (const nlohmann::json::exception&) {
    return damaged(file);
  }
}

Result<DirectoryIdentity> identify(const Directory& directory) {
  OBS_TRY_ASSIGN(const auto own, directory.info(places::own));
  if (!own) {
    return fail(Code::failed, fmt::format("'{}' has just been removed", places::own),
                "run the command again");
  }
  return DirectoryIdentity{.inode = own->inode, .born = own->born};
}

Result<std::optional<Journal>> read_journal(const Directory& directory, const fs::path& shown) {
  OBS_TRY_ASSIGN(const auto found, directory.info(places::journal));
  if (!found) {
    return std::optional<Journal>{};
  }
  const std::string file = (shown / places::journal).string();
  if (found->kind == FileKind::regular && !found->mine) {
    return foreign(file, "it belongs to another user");
  }
  if (found->kind == FileKind::regular && found->mode != k_journal_mode) {
    return foreign(file, "obsctl has not written it");
  }
  OBS_TRY_ASSIGN(const std::string text, directory.read(places::journal));
  OBS_TRY_ASSIGN(Journal journal, parse_journal(text, file));
  OBS_TRY_ASSIGN(const DirectoryIdentity own, identify(directory));
  if (journal.own != own) {
    return foreign(file, "it was written for another directory or on another machine");
  }
  return std::optional(std::move(journal));
}

Result<void> finish(const Journal& journal, Directory& directory) {
  OBS_TRY(change_files(journal, directory));
  OBS_TRY(remove_empty_directories(journal, directory));
  OBS_TRY(directory.remove(places::journal));
  OBS_TRY(directory.sync({places::own}));
  return directory.remove_tree(places::staging);
}

}  // namespace obsctl::apply
