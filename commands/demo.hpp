// SPDX-License-Identifier: Apache-2.0
// `obsctl demo`: telemetry of a made-up shop for a stack that has no applications yet.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command demo_command();

}  // namespace obsctl
