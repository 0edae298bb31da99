// SPDX-License-Identifier: Apache-2.0
// The files of templates/ as they were at build time, carried inside the binary.
#pragma once

#include <span>
#include <string_view>

namespace obsctl {

struct EmbeddedFile {
  std::string_view path;  // relative to templates/, for example "catalog/tiers.yaml"
  std::string_view bytes;
};

// All embedded files, sorted by path.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

// The bytes of one file; an empty view with a null pointer when there is none.
[[nodiscard]] std::string_view embedded_file(std::string_view path);

}  // namespace obsctl
