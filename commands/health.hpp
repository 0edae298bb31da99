// SPDX-License-Identifier: Apache-2.0
// The group `obsctl health`, its commands, one file each, and what they share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "commands/command.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl {

[[nodiscard]] Command health_command();
[[nodiscard]] Command health_check_command();
[[nodiscard]] Command health_diagnose_command();
[[nodiscard]] Command health_explain_command();
[[nodiscard]] Command health_review_command();
[[nodiscard]] Command health_scale_command();
[[nodiscard]] Command health_schedule_command();

[[nodiscard]] health::Services services_of(Context& context);

// A document in ASCII: a label from outside may hold what a terminal obeys.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& json);

}  // namespace obsctl
