// SPDX-License-Identifier: Apache-2.0
// Whom `obsctl loadgen` may flood: one entry of loadgen.targets in obsctl.yaml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl {

struct LoadTarget {
  std::string host;                   // lower case, IPv6 without brackets in its shortest form
  std::optional<std::uint16_t> port;  // nothing: every port of the host

  // True when this entry covers that host (any case, IPv6 in any form) and port.
  [[nodiscard]] bool covers(std::string_view host, std::uint16_t port) const;
};

// "host", "host:port", "[2001:db8::1]" or "[2001:db8::1]:4317". Wildcards, schemes, paths and bare
// IPv6 addresses are Code::config: an entry that means more or less than it says is worse than
// none.
[[nodiscard]] Result<LoadTarget> parse_load_target(std::string_view text);

// True when one of `targets` (as they stand in a spec) covers the host and port. No part of a name
// stands for another: neither a domain for its hosts nor a name for its addresses.
[[nodiscard]] bool load_allowed(const std::vector<std::string>& targets, std::string_view host,
                                std::uint16_t port);

}  // namespace obsctl
