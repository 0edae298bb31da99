// SPDX-License-Identifier: Apache-2.0
// FileTree: a generated directory as a value, before anything touches the disk.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl {

struct GeneratedFile {
  std::string bytes;
  FileMode mode = 0644;
  std::string origin = {};  // the template or generator it came from, for -v and the manifest
  // Made once and then kept: an existing file on disk wins, its bytes are never shown or compared.
  // A directory (other than the top one) that holds a secret file is made 0700.
  bool secret = false;
  // The bytes take the file on disk into account (an edit that was merged, a certificate that was
  // renewed), so they replace it without being a conflict.
  bool replaces = false;
  // Written once, for a person to fill: from then on it is theirs, never compared and never replaced.
  bool own = false;
  // A template of another engine, which cannot be parsed as what it becomes.
  bool templated = false;
};

// Path relative to the generated directory, with '/' between its parts.
using FileTree = std::map<std::string, GeneratedFile>;

// An error unless the path is relative, in its shortest form, without ".." and outside .obsctl.
[[nodiscard]] Result<void> validate_path(const std::string& path);

// Every path is valid and no file is also a directory.
[[nodiscard]] Result<void> validate_paths(const FileTree& tree);

// A .yml/.yaml parses without duplicate keys, a .json parses. The error names the generated file
// with its line, and where it came from.
[[nodiscard]] Result<void> validate_content(const std::string& path, const GeneratedFile& file);

// validate_content() for some files of the tree, on all processors; the first error in the order of
// `paths`.
[[nodiscard]] Result<void> validate_contents(const FileTree& tree,
                                             const std::vector<std::string>& paths);

// Paths and contents of the whole tree: the last check before anything is written.
[[nodiscard]] Result<void> validate_tree(const FileTree& tree);

}  // namespace obsctl
