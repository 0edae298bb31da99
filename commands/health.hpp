// SPDX-License-Identifier: Apache-2.0
// The group `obsctl health` and its commands, one file each.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command health_command();
[[nodiscard]] Command health_check_command();

}  // namespace obsctl
