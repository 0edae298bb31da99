// SPDX-License-Identifier: Apache-2.0
// The sized default stack for tests: spec settings in, report and topology out.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lib/topology/build.hpp"

namespace obsctl::test {

inline const sizing::Catalogs& catalogs() {
  static const sizing::Catalogs k_catalogs = sizing::load_catalogs().value();
  return k_catalogs;
}

inline StackSpec spec_of(const std::vector<std::string>& settings) {
  StackSpec spec;
  for (const auto& setting : settings) {
    const auto set = set_field(spec, setting);
    REQUIRE_MESSAGE(set, (set ? "" : set.error().message));
  }
  return spec;
}

inline SizedStack sized(const std::vector<std::string>& settings = {}) {
  auto out = size_and_build(spec_of(settings), catalogs());
  REQUIRE_MESSAGE(out, (out ? "" : out.error().message));
  return std::move(*out);
}

}  // namespace obsctl::test
