// SPDX-License-Identifier: Apache-2.0
// Named places at which a test ends or stops the program, so that a kill at the worst moment can be
// repeated. They are in every build: what is tested is what is installed.
#pragma once

#include <string_view>

namespace obsctl::backup {

// Does nothing unless OBSCTL_FAILPOINT names this place: "NAME" kills the process there (SIGKILL),
// "NAME:stop" stops it (SIGSTOP), "NAME#3" means the third time that it comes there.
void failpoint(std::string_view name);

}  // namespace obsctl::backup
