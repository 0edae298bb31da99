// SPDX-License-Identifier: Apache-2.0
// The table over the bytes that embedded.S includes.
#include "templates/embedded.hpp"

#include <algorithm>
#include <vector>

#define FILE(index, path) extern "C" const char file_##index[], file_##index##_end[];
#include "embedded_table.inc"
#undef FILE

namespace obsctl {

std::span<const EmbeddedFile> embedded_files() {
  static const std::vector<EmbeddedFile> files = {
#define FILE(index, path) \
  {path, {file_##index, static_cast<std::size_t>(file_##index##_end - file_##index)}},
#include "embedded_table.inc"
#undef FILE
  };
  return files;
}

std::string_view embedded_file(std::string_view path) {
  const auto files = embedded_files();
  const auto it = std::ranges::lower_bound(files, path, {}, &EmbeddedFile::path);
  return it != files.end() && it->path == path ? it->bytes : std::string_view();
}

}  // namespace obsctl
