// SPDX-License-Identifier: Apache-2.0
// Extended attributes of an open file, or of a name in an open directory without following it.
#pragma once

#include <map>
#include <string>

namespace obsctl::archive {

using Attributes = std::map<std::string, std::string>;

// Both fill `into` and return 0 or an errno. A file system that has none gives none.
[[nodiscard]] int read_attributes(int fd, Attributes& into);
[[nodiscard]] int read_attributes(int parent, const std::string& name, Attributes& into);

// Both return 0 or an errno.
[[nodiscard]] int write_attribute(int fd, const std::string& key, const std::string& value);
[[nodiscard]] int write_attribute(int parent, const std::string& name, const std::string& key,
                                  const std::string& value);

}  // namespace obsctl::archive
