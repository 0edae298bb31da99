// SPDX-License-Identifier: Apache-2.0
// Reads the process environment once, at start.
#include "lib/io/environment.hpp"

#include <unistd.h>

#include <string_view>

namespace obsctl {

std::optional<std::string> Environment::get(const std::string& name) const {
  const auto it = variables.find(name);
  if (it == variables.end() || it->second.empty()) {
    return std::nullopt;
  }
  return it->second;
}

Environment Environment::of_process() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      out.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  std::error_code ignored;  // a deleted current directory leaves an empty path, reported when used
  out.directory = std::filesystem::current_path(ignored);
  out.user = ::geteuid();
  out.host_names = obsctl::host_names;
  return out;
}

}  // namespace obsctl
