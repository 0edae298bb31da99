// From the command line and obsctl.yaml to the spec that init generates.
#pragma once

#include <optional>
#include <string>

#include "commands/command.hpp"
#include "commands/init_options.hpp"
#include "lib/model/spec.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl {

struct SpecSource {
  StackSpec spec;                         // flags over --set over the file over the defaults
  std::optional<std::string> on_disk;     // the obsctl.yaml in the directory
  std::optional<StackSpec> spec_on_disk;  // what it says
};

// Reads --spec or the directory's obsctl.yaml and applies --set and the flags. Errors: neither a
// file nor
// --tier, a bad value (with the flag's name or file:line:col), a contradiction, a tier or target
// that this version does not generate.
[[nodiscard]] Result<SpecSource> resolve_spec(Context& context, const InitOptions& options,
                                              const std::filesystem::path& dir);

// An error about the spec as a whole says the flags that were given.
[[nodiscard]] Error in_terms_of_flags(Error error, const InitOptions& options);

// The obsctl.yaml to write. An equivalent file on disk is kept as it is, with its comments;
// otherwise the changed values are edited into it; when that is not possible a file in obsctl's own
// form is replaced, and one with edits of the user becomes a conflict (`conflict` is set).
struct SpecFile {
  GeneratedFile file;
  bool conflict = false;
};
[[nodiscard]] SpecFile spec_file(const SpecSource& source);

}  // namespace obsctl
