// What of a load does not fit, in the words of the command line and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/sizing/check.hpp"

namespace obsctl {

// "error" or "warning".
[[nodiscard]] const char* severity_name(const sizing::Finding& finding);

// What to change, with the settings that fit as flags to paste.
[[nodiscard]] std::string hint_of(const sizing::Finding& finding);

[[nodiscard]] nlohmann::ordered_json findings_json(const std::vector<sizing::Finding>& findings);

}  // namespace obsctl
