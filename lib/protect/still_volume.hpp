// SPDX-License-Identifier: Apache-2.0
// A volume of the engine as a source for archives: its writers are stopped when reading begins and
// started again as soon as the last byte was read, not after compression and proof.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/archive/source.hpp"
#include "lib/base/error.hpp"
#include "lib/io/signals.hpp"
#include "lib/quiesce/standstill.hpp"

namespace obsctl::protect {

// What the operations on volumes need, and what they tell.
struct Engine {
  quiesce::Parts parts;
  const StopFlag& stop;
  std::filesystem::path journal;  // directory, absolute
  quiesce::StartCompanion start_companion;
  std::function<void(const std::string&)> note;  // one line for people
};

// A container that has to be as it was.
struct Earlier {
  quiesce::Stopped container;
  bool healthy = false;  // it had a health check, and passed
  Duration away = {};    // from its stop until it was started
};

struct StillOptions {
  std::string volume;  // its name at the engine
  bool stop_users = true;
};

// Opens it. `touched` gets every container that was stopped. Errors of next(): those of TarSource; a
// container that runs though it was stopped is a problem of the volume, because it may have written.
[[nodiscard]] Result<std::unique_ptr<archive::TreeSource>> open_still(
    Engine& engine, const StillOptions& options, std::vector<Earlier>& touched);

// Waits until they run again, and are healthy where they were. Errors: names those that do not.
[[nodiscard]] Result<void> wait_as_before(Engine& engine, const std::vector<Earlier>& touched,
                                          Duration longest);

}  // namespace obsctl::protect
