// SPDX-License-Identifier: Apache-2.0
// `init` without its command line: from what was asked for to a planned change of a directory, and
// its execution.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/apply/stack_directory.hpp"
#include "lib/base/error.hpp"
#include "lib/init/notes.hpp"
#include "lib/init/transition.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/io/random.hpp"
#include "lib/sizing/check.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// What init touches outside of the program.
struct Services {
  const Environment& environment;
  FileSystem& files;
  HttpClient& http;
  const Clock& clock;
  Random& random;
};

struct Options {
  // As the user wrote it, relative to the current directory. Absent: the current directory; or the
  // stack above it, when there is none in it and nothing says what a new one should be.
  std::optional<std::string> directory;
  std::optional<stack::GivenSpec> spec;        // instead of the directory's obsctl.yaml
  std::vector<std::string> settings;           // "key=value" of the spec, in their order
  std::vector<std::string> receivers;          // of alerts, besides those of the spec
  std::map<std::string, std::string> secrets;  // what secrets/<name> is to hold, by name
  std::vector<std::string> template_dirs;
  bool renew_certificates = false;
  bool pin_digests = false;  // ask the registries what exactly the images are
  bool look_only = false;    // plan, but leave the disk alone
  bool force = false;        // replace files that were edited by hand
  bool strict = false;       // refuse a load that does not fit
};

// Everything that is known before the disk is touched.
struct Prepared {
  apply::StackDirectory directory;
  stack::Stack stack;
  std::string shown_directory;
  FileTree wanted;
  apply::DiskState disk;
  apply::Plan plan;
  std::vector<Note> origins;  // to be said before anything is written
  std::vector<Note> notes;
  Transition transition;
  Findings findings;   // what of the load does not fit
  bool fresh = false;  // there was no stack before
  bool look_only = false;
  bool refused = false;  // strict, and something does not fit
  bool written = false;

  // A person has to look after a file, because it could not become what is wanted.
  [[nodiscard]] bool partial() const {
    return plan.count(apply::Action::beside) + plan.count(apply::Action::conflict) > 0;
  }
};

// Plans the change. Completes one that was interrupted first, unless `look_only`. Errors: a stack
// of another user, a spec, template or certificate that is wrong, a directory that another obsctl
// is changing.
[[nodiscard]] Result<Prepared> prepare(const Services& services, const Options& options);

// Executes it, unless it is refused or only to be looked at. `version` is
// obsctl's, for the manifest. Errors: writing fails; the directory is then what it was, or the next
// run completes it.
[[nodiscard]] Result<void> write(Prepared& prepared, const std::string& version);

}  // namespace obsctl::init
