// SPDX-License-Identifier: Apache-2.0
// Paths of a stack that several parts of obsctl read or write, relative to its directory.
#pragma once

namespace obsctl::stack_paths {

inline constexpr auto spec = "obsctl.yaml";
inline constexpr auto tls_certificate = "tls/server.crt";   // chain that the OTLP receivers present
inline constexpr auto tls_key = "tls/server.key";           // 0600; the packaging hands a copy over
inline constexpr auto tls_ca = "tls/ca.crt";                // what senders trust (self-signed)
inline constexpr auto tls_ca_key = "tls/ca.key";            // 0600
inline constexpr auto tls_client_ca = "tls/client-ca.crt";  // who issues senders' certificates
inline constexpr auto otlp_secret = "secrets/otlp.env";     // the token of senders (bearer)
inline constexpr auto own = ".obsctl";                      // what obsctl remembers about the stack
inline constexpr auto templates = ".obsctl/templates";      // templates of the user, for this stack
inline constexpr auto state = ".obsctl/state.json";
inline constexpr auto state_lock = ".obsctl/state.lock";

}  // namespace obsctl::stack_paths
