// SPDX-License-Identifier: Apache-2.0
// Archives of small regular files in the ustar format of POSIX.1-1988, made and read in memory. A
// support archive has no links, owners or sparse files, so it needs no library that can handle them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"

namespace obsctl::bundle {

class TarWriter {
 public:
  // The time of every file in it.
  explicit TarWriter(Time at) : at_(at) {}

  // Errors: a path of more than 100 bytes whose folders are not to be told from its name at one
  // within the first 155 bytes; a file of 8 GiB.
  [[nodiscard]] Result<void> add(std::string_view path, std::string_view bytes);
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  // Ends the archive.
  [[nodiscard]] std::string finish() &&;

 private:
  Time at_;
  std::string out_;
};

// The bytes of the first regular file with this name, in whatever folder; nothing where there is none.
// Nothing is unpacked, so that no path or link of a hostile archive leads anywhere. Errors
// (Code::config): it is no archive, or is cut short before the file.
[[nodiscard]] Result<std::optional<std::string_view>> find_in_tar(std::string_view archive,
                                                                  std::string_view name);

}  // namespace obsctl::bundle
