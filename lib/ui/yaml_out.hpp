// Prints a JSON value as YAML, for `-o yaml`.
//
// yaml-cpp's emitter writes the text "yes" or "012" without quotes, so that it reads back as
// something else; here every text that any YAML version could take for another type is quoted.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace obsctl {

// One YAML document with a final newline. Keys keep their order. Non-finite numbers print as null,
// as they do in JSON.
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace obsctl
