// `obsctl loadgen`: synthetic traces, metrics and logs at an exact rate, and the truth about their
// fate.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command loadgen_command();

}  // namespace obsctl
