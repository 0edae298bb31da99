// Findings as rows of a report.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "lib/sizing/check.hpp"

namespace obsctl::size {

// "error" or "warning".
[[nodiscard]] const char* severity_name(const sizing::Finding& finding);

[[nodiscard]] nlohmann::ordered_json findings_json(const std::vector<sizing::Finding>& findings);

}  // namespace obsctl::size
