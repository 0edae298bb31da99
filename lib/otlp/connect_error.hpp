// SPDX-License-Identifier: Apache-2.0
// Words for connections that could not be made: one cause reads the same whichever library found
// it, and every cause comes with what to do about it.
#pragma once

#include <string>
#include <string_view>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

// libcurl's text (which quotes OpenSSL's) in the words of our own TLS channel.
[[nodiscard]] std::string plain_cause(std::string_view libcurl);

// What to do about it. `port` is what should be listening, for example "OTLP/gRPC".
[[nodiscard]] std::string connect_hint(std::string_view cause, const Endpoint& endpoint,
                                       std::string_view port);

}  // namespace obsctl::otlp
