// SPDX-License-Identifier: Apache-2.0
// Names and addresses under which other machines reach this one, for certificates that they accept.
#pragma once

#include <string>
#include <vector>

namespace obsctl {

struct HostNames {
  std::vector<std::string> names;      // the host name, and its canonical name where one resolves
  std::vector<std::string> addresses;  // of interfaces that are up; no loopback, no link-local
};

// Asks the kernel and the resolver, which may take seconds where no DNS server answers. What cannot
// be found out is left out.
[[nodiscard]] HostNames host_names();

}  // namespace obsctl
