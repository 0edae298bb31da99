// SPDX-License-Identifier: Apache-2.0
// The manifest: what obsctl wrote the last time, so that it can tell its own files from edited
// ones and merge what both have changed.
//
// Stored as .obsctl/manifest.json (schema obsctl.manifest/v1), by lines, so that its difference in
// version control is that of the files. Secrets are listed without a hash: a hash of a short secret
// in a file that gets committed could be searched for.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/directory.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl::apply {

// A version of a file that obsctl made.
struct Version {
  std::string sha256;               // empty: there is none
  std::optional<std::string> text;  // absent: obsctl 0.1.0 wrote it, or not everybody may read it

  [[nodiscard]] bool is(std::string_view bytes) const;
  bool operator==(const Version&) const = default;
};

struct ManifestEntry {
  Version base;  // what a person's edits start from; none of a secret or of somebody else's file
  std::optional<Version> offered =
      {};  // lies beside the file as FILE.new until a person deletes it
  FileMode mode = 0644;
  bool secret = false;

  bool operator==(const ManifestEntry&) const = default;
};

struct Manifest {
  std::string version;                                 // of the obsctl that wrote it
  std::map<std::string, ManifestEntry> files;          // by path, as in FileTree
  std::map<std::string, std::string> components = {};  // their versions, by name

  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] Version version_of(const GeneratedFile& file);

// The entry of a file that is on disk as it was generated.
[[nodiscard]] ManifestEntry entry_of(const GeneratedFile& file);

[[nodiscard]] std::string print_manifest(const Manifest& manifest);

// `file` names it in errors. Paths that leave the directory are errors: a manifest is input.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, const std::string& file);

// The manifest of a generated directory, which `shown` names in errors; nothing where there is none.
// Errors: it is damaged, or not a file.
[[nodiscard]] Result<std::optional<Manifest>> read_manifest(const Directory& directory,
                                                            const std::filesystem::path& shown);

}  // namespace obsctl::apply
