// What of a stack is the same in every packaging: the configurations of its components, what
// watches it, and its secrets.
#pragma once

#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/io/random.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/render/words.hpp"
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

struct Rendered {
  FileTree tree;
  Values values;                           // of the stack and its components, for the packaging
  std::vector<catalog::AlertRule> alerts;  // filled in, for the runbook
};

// Adds a template of the store, filled in, at `path`. Errors: there is no such template, a broken
// one.
[[nodiscard]] Result<void> add_file(FileTree& tree, const TemplateStore& store,
                                    const std::string& source, const std::string& path,
                                    const Values& values);

// The files that do not depend on the packaging; a target adds its own (lib/targets). Secrets are
// drawn from `random` and marked `secret`, so that writing the tree keeps the ones that exist. The
// files of stack_paths (obsctl.yaml, TLS) are the caller's. Errors: a broken template or catalog
// row, with its position.
[[nodiscard]] Result<Rendered> render_stack(const Topology& topology, const TemplateStore& store,
                                            const Words& words, Random& random);

}  // namespace obsctl
