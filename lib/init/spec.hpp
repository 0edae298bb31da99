// SPDX-License-Identifier: Apache-2.0
// From settings and obsctl.yaml to the spec that init generates, and back into the file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "lib/init/init.hpp"
#include "lib/model/spec.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl::init {

// The directory to generate.
struct Place {
  std::filesystem::path directory;  // absolute
  std::string shown;                // as a person in the current directory writes it
};

[[nodiscard]] Place choose_place(const Services& services, const Options& options);

struct SpecSource {
  StackSpec spec;                         // settings over the file over the defaults
  std::optional<std::string> on_disk;     // the obsctl.yaml in the directory
  std::optional<StackSpec> spec_on_disk;  // what it says
  // Of what was generated there the last time; of obsctl 0.1.0, which did not store it, what is on
  // disk. Nothing where nothing was generated.
  std::optional<StackSpec> before;
  // Only people and obsctl read it, so the umask or who made it may keep others out.
  FileMode mode = 0644;
};

// Reads the given spec or the directory's obsctl.yaml and applies the settings. A new stack without
// a name gets its directory's; one that is there (`last`) keeps its own, since its volumes are called
// after it. Errors: neither a file nor a tier, a bad value (with its key or file:line:column), a
// contradiction, a tier or target that this version does not generate.
[[nodiscard]] Result<SpecSource> resolve_spec(const Services& services, const Options& options,
                                              const Place& place,
                                              const std::optional<apply::Manifest>& last);

// The obsctl.yaml to write. An equivalent file on disk is kept as it is, with its comments; one in
// obsctl's own form is replaced; into any other the changed values are edited. Errors, unless
// `force`: they cannot be edited into it. Nothing may be generated then, because the next init
// would not know the values.
[[nodiscard]] Result<GeneratedFile> spec_file(const SpecSource& source, bool force);

}  // namespace obsctl::init
