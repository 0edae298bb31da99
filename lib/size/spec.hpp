// SPDX-License-Identifier: Apache-2.0
// From settings and obsctl.yaml to the spec that is sized.
#pragma once

#include <filesystem>
#include <string>

#include "lib/size/size.hpp"

namespace obsctl::size {

// The spec to size and where it came from.
struct SpecSource {
  StackSpec spec;
  std::filesystem::path file;  // absolute; empty: no file is involved
  std::string shown;           // as the user would write it; empty: the default stack
  std::string text;            // of the file
  bool tier_by_load = false;   // no tier was given, so the load chose it
};

// Reads the given spec, or the obsctl.yaml of this or a parent directory; without either the
// default stack. Errors: a file that is wrong; a stack of another user.
[[nodiscard]] Result<SpecSource> read_source(const Services& services, const Options& options);

// Applies the settings. Errors: a bad value, a bare number without its unit, an impossible
// reduction, settings that exclude each other.
[[nodiscard]] Result<void> apply_options(const Options& options, const sizing::Catalogs& catalogs,
                                         SpecSource& out);

}  // namespace obsctl::size
