// SPDX-License-Identifier: Apache-2.0
// `obsctl size`: what a load needs, by which model, and whether the declared machines can hold it.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command size_command();

}  // namespace obsctl
