// SPDX-License-Identifier: Apache-2.0
// `size` without its command line: which spec is sized, by what, and everything it prints.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/size/output.hpp"
#include "lib/sizing/plan.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::size {

// What size touches outside of the program.
struct Services {
  const Environment& environment;
  FileSystem& files;
  HttpClient& http;
  const Clock& clock;
};

struct Options {
  // At most one of these; absent: the obsctl.yaml of this or the nearest parent directory, or the
  // default stack where there is none.
  std::optional<std::string> spec_file;  // relative to the current directory
  std::optional<stack::GivenSpec> spec;

  std::vector<std::string> settings;  // "key=value" of the spec, in their order
  std::optional<Rate> events;         // spans and log records together, in the tier's mix
  std::optional<Share> reduction;     // share of all traces that sampling removes
  std::vector<std::string> template_dirs;

  sizing::Model model = sizing::Model::recommended;
  std::vector<std::string> compare;       // tiers
  bool check = false;                     // hold what is declared against the load
  std::optional<std::string> prometheus;  // URL of what measured the stack
  bool write_calibration = false;         // of what was measured
  std::optional<std::string> explain;     // empty: every number; else one by its name
  Pages pages;
};

// Sizes. Errors: a bad value, an impossible reduction, options that exclude each other, a spec or a
// generated file that is wrong, a Prometheus that does not answer (Code::unreachable).
[[nodiscard]] Result<SizeResult> run(const Services& services, const Options& options);

}  // namespace obsctl::size
