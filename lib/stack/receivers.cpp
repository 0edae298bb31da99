// SPDX-License-Identifier: Apache-2.0
// Reads ports, trust and token off a stack.
#include "lib/stack/receivers.hpp"

#include "lib/stack/endpoints.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::stack {

Receivers receivers(const Stack& stack) {
  const auto reach = [&stack](const char* port) {
    const auto found = endpoint(stack.topology, port);
    return found ? found->url() : std::string();
  };
  Receivers out{
      .grpc = reach("otlp-grpc"), .http = reach("otlp-http"), .ca_file = {}, .token_file = {}};
  if (stack.spec.security.tls == Tls::self_signed) {
    out.ca_file = stack.directory / stack_paths::tls_ca;
  }
  if (stack.spec.security.auth == Auth::bearer) {
    out.token_file = stack.directory / stack_paths::otlp_secret;
  }
  return out;
}

}  // namespace obsctl::stack
