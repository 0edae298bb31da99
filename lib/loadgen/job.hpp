// SPDX-License-Identifier: Apache-2.0
// A prepared run as a Kubernetes Job, and what no pod can do refused before anything is printed.
#pragma once

#include "lib/loadgen/kubernetes.hpp"
#include "lib/loadgen/prepare.hpp"

namespace obsctl::loadgen {

// `arguments` are the options that shape the plan, as words of `obsctl loadgen`; what points to
// this machine (endpoints, scenario file, secrets, seed) is added here from the run. Errors: an
// endpoint that inside a pod would be the pod itself, a scenario file that is too large for a
// ConfigMap, a file that is not there (Code::missing), a control character in a value that the
// manifest shows in a comment.
[[nodiscard]] Result<KubernetesJob> derive_job(const RunOptions& options, const PreparedRun& run,
                                               const StackTarget* stack, const Local& local,
                                               std::vector<std::string> arguments, int shards,
                                               const std::string& image);

}  // namespace obsctl::loadgen
