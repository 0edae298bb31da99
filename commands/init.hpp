// SPDX-License-Identifier: Apache-2.0
// `obsctl init`: generates a stack, or applies a changed spec to a generated one.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command init_command();

}  // namespace obsctl
