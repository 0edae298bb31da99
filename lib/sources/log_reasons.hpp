// SPDX-License-Identifier: Apache-2.0
// Why a backend refused data, in its own words: exporters write its answer into the line that says
// that they dropped a batch, behind the words of everybody who handed it on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obsctl::health {

// The text of the field `error` of a line, which is JSON or ends in it; nothing where it has none.
[[nodiscard]] std::optional<std::string> error_in(std::string_view line);

// The backend's part of such an error, without logins:
//   not retryable error: Permanent error: rpc error: code = InvalidArgument desc = too old
//     → InvalidArgument: too old
//   … request to http://a:1/v1/logs responded with HTTP Status Code 400, Message=too old, Details=[]
//     → HTTP 400: too old
[[nodiscard]] std::string reason_of_error(std::string_view error);

}  // namespace obsctl::health
