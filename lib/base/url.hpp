// SPDX-License-Identifier: Apache-2.0
// Web addresses, checked as strictly as the strictest program that reads them from a generated
// file.
#pragma once

#include <string_view>

namespace obsctl {

// True for http:// or https:// with a host and, if any, a port from 1 to 65535; only characters of
// RFC 3986 and whole percent escapes. An IPv6 address stands in brackets.
[[nodiscard]] bool is_web_url(std::string_view text);

// True for a web address of scheme, host and port alone, as browsers name an origin.
[[nodiscard]] bool is_web_origin(std::string_view text);

}  // namespace obsctl
