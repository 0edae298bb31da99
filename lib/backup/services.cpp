// SPDX-License-Identifier: Apache-2.0
// Progress of an archive, which counts from its start, as progress of a line, which counts steps.
#include "lib/backup/services.hpp"

#include <memory>

namespace obsctl::backup {

archive::Progress progress_of(Services& services, std::string doing, std::optional<double> total) {
  auto shown = std::make_shared<Progress>(services.progress, services.clock, doing,
                                          ProgressUnit::bytes, total);
  auto before = std::make_shared<std::uint64_t>(0);
  return [shown, before, doing = std::move(doing),
          &stop = services.stop](std::uint64_t bytes) -> Result<void> {
    if (stop.level() != StopLevel::none) {
      return stop.failure(doing);
    }
    if (bytes > *before) {
      shown->add(static_cast<double>(bytes - *before));
      *before = bytes;
    }
    return {};
  };
}

}  // namespace obsctl::backup
