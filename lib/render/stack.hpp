// A stack as files: configs of every component, the packaging of the target, and the runbook.
#pragma once

#include "lib/base/error.hpp"
#include "lib/io/random.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Paths that other parts of obsctl need to know, relative to the generated directory.
namespace stack_paths {
inline constexpr auto spec = "obsctl.yaml";
inline constexpr auto tls_certificate = "tls/server.crt";  // chain that the OTLP receivers present
inline constexpr auto tls_key = "tls/server.key";          // 0600; volume-init hands a copy over
inline constexpr auto tls_ca = "tls/ca.crt";               // what senders trust (self-signed)
inline constexpr auto tls_ca_key = "tls/ca.key";           // 0600
inline constexpr auto otlp_secret = "secrets/otlp.env";
}  // namespace stack_paths

// Every file of the stack except what the caller adds: obsctl.yaml, and the TLS files of
// stack_paths (made or copied) when security.tls is not "off". Secrets are drawn from `random` and
// marked `secret`, so that writing the tree keeps the ones that exist. Errors: a broken template or
// catalog row, with its position.
[[nodiscard]] Result<FileTree> render_stack(const Topology& topology, const TemplateStore& store,
                                            Random& random);

}  // namespace obsctl
