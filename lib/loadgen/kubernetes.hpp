// SPDX-License-Identifier: Apache-2.0
// One plan from many pods: an Indexed Job whose pods send every N-th request.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::loadgen {

struct KubernetesJob {
  int shards = 1;
  int cpus = 1;              // of each pod: one per worker
  std::size_t memory = 256;  // MiB, of each pod
  std::string image;
  // Words after `obsctl loadgen`, without --shard: every pod has its own from its completion index.
  std::vector<std::string> arguments;
  // The scenario file; empty when it is a shipped one. It becomes a ConfigMap and --scenario.
  std::string scenario;
  // Flag without dashes → file on this machine. It becomes a file of the Secret and the flag.
  std::vector<std::pair<std::string, std::string>> secret_files;
  // Names of headers. Their values come from the Secret too: any of them may be a key.
  std::vector<std::string> headers;
};

// The manifest as YAML: a ConfigMap when there is a scenario, and the Job. Its comment says how to
// make the Secret and how to put the pods' JSON reports together; it contains no secret itself.
// The only error is a mistake in the template.
[[nodiscard]] Result<std::string> kubernetes_manifest(const KubernetesJob& job);

}  // namespace obsctl::loadgen
