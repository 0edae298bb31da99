// How an error looks.
#pragma once

#include <string>

#include "lib/base/error.hpp"

namespace obsctl::cli {

// "obsctl: error: …" with the location, the context and the hint below it.
[[nodiscard]] std::string error_text(const Error& error, bool color);

// The same as one line of JSON, schema obsctl.error/v1.
[[nodiscard]] std::string error_json(const Error& error);

}  // namespace obsctl::cli
