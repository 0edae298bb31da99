// SPDX-License-Identifier: Apache-2.0
// Where the container engine is, by the environment variables that Docker's own client reads.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

// DOCKER_HOST, or the default socket.
[[nodiscard]] std::string engine_address(const Environment& environment);

// A GET of a path of the engine's API ("/info"), with URL, socket and TLS set: unix://, tcp://, and
// tcp:// with the certificates of DOCKER_CERT_PATH or ~/.docker when DOCKER_TLS_VERIFY is set.
// Errors: Code::unreachable for what cannot be asked, such as ssh://.
[[nodiscard]] Result<HttpRequest> engine_request(const Environment& environment,
                                                 std::string_view path);

}  // namespace obsctl
