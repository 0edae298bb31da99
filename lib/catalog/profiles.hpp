// SPDX-License-Identifier: Apache-2.0
// The hosts that a single-node stack is made for, from templates/catalog/profiles.yaml.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"

namespace obsctl::catalog {

struct ProfileRates {
  Rate spans;
  double series = 0;
  Rate lines;
};

struct ProfileRetention {
  Duration traces;
  Duration metrics;
  Duration logs;
};

struct Profile {
  std::string name;  // "minimum"
  std::string meant_for;
  double cpus = 0;
  Bytes memory;
  Bytes disk;     // that the host needs at least; the plan's disks follow from load and retention
  Bytes reserve;  // memory that stays with the kernel and the container engine
  std::optional<ProfileRates> rates;  // assumed where nothing is asked for; absent: the tier's
  std::optional<ProfileRetention> retention;  // likewise
  ProfileRates band;                          // upper end of what the documents promise for it
};

// All profiles, smallest host first. `text` and `file` are for tests; the product reads the
// embedded file. Errors name file, line and column.
[[nodiscard]] Result<std::vector<Profile>> parse_profiles(std::string_view text,
                                                          const std::string& file);
[[nodiscard]] Result<std::vector<Profile>> profiles();

}  // namespace obsctl::catalog
