// One plan from many pods: an Indexed Job whose pods send every N-th request.
#pragma once

#include <string>
#include <vector>

namespace obsctl::loadgen {

// The manifest as YAML. `arguments` are those of `obsctl loadgen` without --shard; every pod gets
// its own from its completion index and prints its JSON report, which `obsctl loadgen merge` puts
// together.
[[nodiscard]] std::string kubernetes_job(const std::vector<std::string>& arguments, int shards,
                                         const std::string& image);

}  // namespace obsctl::loadgen
