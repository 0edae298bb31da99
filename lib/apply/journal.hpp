// SPDX-License-Identifier: Apache-2.0
// The journal of a committed change: what has to happen so that the directory becomes the new one.
//
// Every step can be repeated: what has been moved or removed already is skipped.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl::apply {

// Where the bookkeeping of a generated directory lives.
struct Places {
  explicit Places(const std::filesystem::path& dir)
      : root(dir),
        own(dir / ".obsctl"),
        lock(own / "lock"),
        manifest(own / "manifest.json"),
        journal(own / "journal.json"),
        staging(own / "staging"),
        staged_files(staging / "files"),
        staged_manifest(staging / "manifest.json"),
        staged_journal(staging / "journal.json") {}

  std::filesystem::path root, own, lock, manifest, journal, staging, staged_files, staged_manifest,
      staged_journal;
};

struct Journal {
  std::vector<std::string> remove;
  std::vector<std::pair<std::string, FileMode>> directories;  // parents first
  std::vector<std::string> put;                               // staged below Places::staged_files
};

[[nodiscard]] std::string print_journal(const Journal& journal);
[[nodiscard]] Result<Journal> parse_journal(std::string_view text, const std::string& file);

// Executes a journal that is on disk, then removes it and the staging directory.
[[nodiscard]] Result<void> finish(const Journal& journal, const Places& places, FileSystem& files);

}  // namespace obsctl::apply
