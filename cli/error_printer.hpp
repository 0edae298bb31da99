// SPDX-License-Identifier: Apache-2.0
// How an error looks.
#pragma once

#include <string>

#include "lib/base/error.hpp"

namespace obsctl::cli {

// "obsctl: error: …" with the location, the context and the hint below it. Of many mistakes of one
// input the first 20, and how many more there are.
[[nodiscard]] std::string error_text(const Error& error, bool color);

// All of them as one line of JSON, schema obsctl.error/v1: the first, and the others as `more`.
[[nodiscard]] std::string error_json(const Error& error);

}  // namespace obsctl::cli
