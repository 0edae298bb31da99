// SPDX-License-Identifier: Apache-2.0
// What the operations on a repository need from outside: time, randomness, a way to be stopped, and
// somebody who hears how far they are.
#pragma once

#include <functional>
#include <string>

#include "lib/archive/entry.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/random.hpp"
#include "lib/io/signals.hpp"
#include "lib/ui/progress.hpp"

namespace obsctl::backup {

struct Services {
  Clock& clock;
  Random& random;
  const StopFlag& stop;
  ProgressLine& progress;
  std::function<void(const std::string&)> note;  // one line for people
};

// Shows how far `doing` is, and ends it when a stop was asked for.
[[nodiscard]] archive::Progress progress_of(Services& services, std::string doing,
                                            std::optional<double> total);

}  // namespace obsctl::backup
