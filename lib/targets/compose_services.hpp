// SPDX-License-Identifier: Apache-2.0
// What Compose needs beside the neutral topology: bind mounts, env files, a job that gives fresh
// volumes to their users, and a probe for images that cannot probe themselves.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/words.hpp"
#include "lib/targets/helper.hpp"
#include "lib/template/template.hpp"

namespace obsctl::compose {

// A generated file or folder mounted read-only into a container.
struct Mount {
  std::string source;  // relative to the generated directory
  std::string target;
};

struct StartAfter {
  std::string service;
  std::string condition;  // in Compose's words
};

struct Service {
  Component component;
  std::vector<std::string> entrypoint = {};  // empty: the image's own
  std::vector<std::string> env_files = {};
  std::vector<Mount> mounts = {};
  std::vector<Volume> secrets = {};        // which volume-init fills; the service only reads them
  std::vector<std::string> networks = {};  // keys of the compose file; none: it has no network
  std::vector<StartAfter> start_after = {};
  std::vector<std::string> cap_add = {};  // capabilities beyond none
  bool one_shot = false;                  // a job that ends
};

// Keys of the networks in the compose file. Applications join the first and send to the collector;
// those that want to be scraped join the last. Everything else of the stack is on the second alone.
inline constexpr auto k_ingest = "observability";
inline constexpr auto k_backend = "backend";
inline constexpr auto k_scrape = "scrape";

// The name under which the engine knows a network. Applications of older stacks have joined the
// first by the stack's own name.
[[nodiscard]] std::string network_name(const Topology& topology, std::string_view key);

// How the stack is run, reached and watched.
[[nodiscard]] Result<Words> words(const Topology& topology, const TemplateStore& store);

// The services in start order: the job for the volumes first, each probe behind what it probes.
[[nodiscard]] std::vector<Service> services(const Topology& topology, const Helper& helper);

// The service that probes a component whose image cannot; empty when the image can.
[[nodiscard]] std::string probe_of(const Component& component);

}  // namespace obsctl::compose
