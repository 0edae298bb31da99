// Renders a stack: component configs once, then the packaging, the secrets' places and the runbook.
#include "lib/render/stack.hpp"

#include <array>

#include "lib/render/compose.hpp"
#include "lib/render/observe.hpp"
#include "lib/render/operations.hpp"
#include "lib/render/values.hpp"
#include "lib/topology/settings.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_token_length = 32;
constexpr FileMode k_private = 0600;

// Files of the stack as a whole that are one template each.
constexpr std::array k_files = {std::pair{"shared/sdk.env", "sdk.env"},
                                std::pair{"shared/env.example", ".env.example"},
                                std::pair{"targets/compose/gitignore", ".gitignore"}};

Result<void> add_file(FileTree& tree, const TemplateStore& store, const std::string& source,
                      std::string target, const Values& values) {
  OBS_TRY_ASSIGN(const Template found, store.find(source));
  OBS_TRY_ASSIGN(std::string bytes, render_template(found, values, store));
  tree[std::move(target)] = {.bytes = std::move(bytes), .origin = source};
  return {};
}

// Each component's own files; `self` are its settings and limits.
Result<void> add_configs(FileTree& tree, const Topology& topology, const TemplateStore& store,
                         const Values& values) {
  for (const auto& component : topology.components) {
    Values all = values;
    all["self"] = component_values(component);
    for (const auto& file : component.configs.files) {
      OBS_TRY(add_file(tree, store, "components/" + component.name + "/" + file,
                       "configs/" + component.name + "/" + file, all));
    }
  }
  return {};
}

void add_secret(FileTree& tree, std::string path, std::string bytes) {
  tree[std::move(path)] = {
      .bytes = std::move(bytes), .mode = k_private, .origin = "secret", .secret = true};
}

// Secrets come as environment where the program can read one, because a 0600 file of the host is
// unreadable for the user inside the container. Alertmanager reads files only; volume-init hands it
// copies.
Result<void> add_secrets(FileTree& tree, const Values& values, Random& random) {
  OBS_TRY_ASSIGN(const std::string password, random.token(k_token_length));
  add_secret(tree, stack_paths::grafana_secret,
             "# Password of Grafana's user admin; read on the first start only.\n"
             "GF_SECURITY_ADMIN_PASSWORD=" +
                 password + "\n");
  if (values["bearer"].get<bool>()) {
    OBS_TRY_ASSIGN(const std::string token, random.token(k_token_length));
    add_secret(tree, stack_paths::otlp_secret,
               "# The token that senders of telemetry need, and the same as their SDKs want it.\n"
               "OTLP_AUTH_TOKEN=" +
                   token + "\nOTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20" + token + "\n");
  }
  if (values["slack"].get<bool>()) {
    add_secret(tree, "secrets/slack-webhook-url",
               "https://hooks.slack.com/services/replace/with/yours\n");
  }
  if (values["smtp"].get<bool>()) {
    add_secret(tree, "secrets/smtp-password", "replace-with-yours\n");
  }
  return {};
}

}  // namespace

Result<FileTree> render_stack(const Topology& topology, const TemplateStore& store,
                              Random& random) {
  const Values values = stack_values(topology);
  FileTree tree;
  OBS_TRY(add_configs(tree, topology, store, values));
  for (const auto& [source, target] : k_files) {
    OBS_TRY(add_file(tree, store, source, target, values));
  }
  OBS_TRY_ASSIGN(const Watch watch, read_watch(topology, store));
  OBS_TRY(add_observability(tree, topology, store, watch));
  OBS_TRY(add_compose(tree, topology, values, store));
  OBS_TRY(add_operations(tree, topology, values, store, watch.alerts));
  OBS_TRY(add_secrets(tree, values, random));
  return tree;
}

}  // namespace obsctl
