// SPDX-License-Identifier: Apache-2.0
// What is checked: a stack that obsctl generated, or programs that somebody names by their URLs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/discards.hpp"
#include "lib/checks/judge.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/io/process.hpp"
#include "lib/io/signals.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::health {

// Everything outside of the program that checking touches.
struct Services {
  const Environment& environment;
  const FileSystem& files;
  HttpClient& http;
  Processes& processes;
  Clock& clock;
  const StopFlag& stop;
};

// A program of a stack that obsctl did not generate: `component` is the folder whose checks it gets.
struct GivenEndpoint {
  std::string component;  // "prometheus"
  std::string url;        // of its API or its metrics: "http://host:9090"
};

// Begins the URL of what kubectl asks a cluster's API for, in the context of the user.
inline constexpr std::string_view k_cluster_scheme = "kubectl:";

struct Subject {
  stack::Stack stack;  // of given programs: their components of a default stack
  std::vector<GivenEndpoint>
      given;  // empty: the stack is obsctl's, and its files are in `stack.directory`
  std::vector<Check> checks;
  std::vector<catalog::Discard> discards = {};  // how the stores count what they do not keep

  [[nodiscard]] bool own() const { return given.empty(); }
  // For people: the stack's directory, or the URLs.
  [[nodiscard]] std::string name() const;
  // Where a port of a component is reached from here, without a path; nothing when it is not
  // published. In a cluster it is a path of its API behind k_cluster_scheme.
  [[nodiscard]] std::optional<std::string> url_of(const Component& component, int port) const;
};

// The checks of a stack. Errors: one that is not valid.
[[nodiscard]] Result<std::vector<Check>> checks_of(const stack::Stack& stack);

// The rows of ledger.yaml of its components. Errors: one that is not valid.
[[nodiscard]] Result<std::vector<catalog::Discard>> discards_of(const stack::Stack& stack);

// What rows of the catalog are filled in with. Given programs are some components of a stack, and rows
// name all of them. Errors: a row that is not valid.
[[nodiscard]] Result<Values> row_values(const Subject& subject);

// The stack of `start` (absolute) or above it, with its checks. Errors: those of stack::open; a check
// that is not valid.
[[nodiscard]] Result<Subject> open_stack(const Services& services,
                                         const std::filesystem::path& start,
                                         const std::vector<std::string>& template_dirs);

// Programs by their URLs. Errors: a component that does not exist.
[[nodiscard]] Result<Subject> given_programs(const Services& services,
                                             std::vector<GivenEndpoint> given);

}  // namespace obsctl::health
