// SPDX-License-Identifier: Apache-2.0
// Runs Compose to its end.
#include "lib/protect/compose.hpp"

namespace obsctl::protect {

Result<void> compose(Processes& processes, const std::filesystem::path& directory,
                     const std::vector<std::string>& arguments, Duration longest,
                     const StopFlag& stop) {
  ProcessRequest request;
  request.command = {"docker", "compose"};
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  request.directory = directory;
  request.timeout = longest;
  request.stop = &stop;
  OBS_TRY_ASSIGN(const ProcessResult result, processes.run(request));
  if (!result.ok()) {
    return tl::make_unexpected(process_error(request, result));
  }
  return {};
}

}  // namespace obsctl::protect
