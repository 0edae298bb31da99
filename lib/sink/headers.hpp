// SPDX-License-Identifier: Apache-2.0
// Request headers for people to read, without the values that may be secrets.
#pragma once

#include <string>
#include <string_view>

namespace obsctl::otlp {

// "name: value", or "name: (not shown)" when the name says that the value may be a secret.
[[nodiscard]] std::string shown_header(std::string_view name, std::string_view value);

}  // namespace obsctl::otlp
