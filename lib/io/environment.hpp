// SPDX-License-Identifier: Apache-2.0
// Environment variables and the current directory, injectable so that tests do not depend on a
// shell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "lib/io/host_names.hpp"

namespace obsctl {

struct Environment {
  std::map<std::string, std::string> variables;
  std::filesystem::path directory;         // absolute
  std::optional<std::uint32_t> user = {};  // number of the user who runs obsctl
  // How other machines reach this one. Asked for only where it is needed, because a resolver can be
  // slow; empty: not known.
  std::function<HostNames()> host_names = {};

  // The value of a variable; nothing when it is unset or empty.
  [[nodiscard]] std::optional<std::string> get(const std::string& name) const;

  // The environment of this process.
  [[nodiscard]] static Environment of_process();
};

}  // namespace obsctl
