// SPDX-License-Identifier: Apache-2.0
// Checks again and again: until nothing fails, for scripts that have just started a stack, or until
// somebody stops it, for people who look on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/health/report.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/signals.hpp"

namespace obsctl::health {

// One run of the checks. Errors: stopped.
using CheckRun = std::function<Result<Report>()>;

struct WaitOptions {
  Duration limit;
  FailOn fail_on = FailOn::warning;
  Duration pause = {1};
};

// Repeats until the exit code is 0 or the time is over, and gives the last report; runs at least
// once. `say` gets a line whenever what is waited for has changed. Errors: those of a run.
[[nodiscard]] Result<Report> wait_until_well(Clock& clock, const StopFlag& stop,
                                             const WaitOptions& options, const CheckRun& run,
                                             const std::function<void(const std::string&)>& say);

// Repeats until it is stopped, which is no error. `show` gets every report.
[[nodiscard]] Result<void> watch(Clock& clock, const StopFlag& stop, Duration pause,
                                 const CheckRun& run,
                                 const std::function<void(const Report&)>& show);

// A screen's content in the place of what it showed before, for a terminal.
[[nodiscard]] std::string redrawn(const std::string& text);

// Reports as lines for a log: the verdict each time, problems when they are not those of the report
// before.
class Appended {
 public:
  [[nodiscard]] std::string lines(const Report& report);

 private:
  std::vector<std::string> last_;
};

}  // namespace obsctl::health
