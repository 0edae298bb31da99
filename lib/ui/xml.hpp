// SPDX-License-Identifier: Apache-2.0
// Text inside XML 1.0 documents: JUnit reports.
#pragma once

#include <string>
#include <string_view>

namespace obsctl {

// The text as character data or as a double-quoted attribute's value. Characters that XML cannot
// carry, and bytes that are not UTF-8, become U+FFFD.
[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace obsctl
