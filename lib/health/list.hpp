// SPDX-License-Identifier: Apache-2.0
// Which checks a subject has, for people who choose some of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lib/sources/subject.hpp"

namespace obsctl::health {

[[nodiscard]] std::string checks_text(const Subject& subject, bool color);

// Schema obsctl.health.checks/v1.
[[nodiscard]] nlohmann::ordered_json checks_json(const Subject& subject);

}  // namespace obsctl::health
