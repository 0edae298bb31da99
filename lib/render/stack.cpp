// Renders a stack: component configs once, then the packaging, the secrets' places and the runbook.
#include "lib/render/stack.hpp"

#include <array>

#include "lib/render/compose.hpp"
#include "lib/render/observe.hpp"
#include "lib/render/operations.hpp"
#include "lib/render/values.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_token_length = 32;
constexpr FileMode k_private = 0600;

struct Rendered {
  const char* source;  // template
  const char* target;  // generated file
};

// The files that are one template each. A new component config is one line here.
constexpr std::array k_files = {
    Rendered{"shared/otel-collector/config.yaml", "configs/otel-collector/config.yaml"},
    Rendered{"shared/prometheus/prometheus.yml", "configs/prometheus/prometheus.yml"},
    Rendered{"shared/loki/config.yaml", "configs/loki/config.yaml"},
    Rendered{"shared/jaeger/config.yaml", "configs/jaeger/config.yaml"},
    Rendered{"shared/sdk.env", "sdk.env"},
    Rendered{"shared/env.example", ".env.example"},
    Rendered{"compose/gitignore", ".gitignore"},
};

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
  for (const auto& file : k_files) {
    OBS_TRY_ASSIGN(const Template source, store.find(file.source));
    OBS_TRY_ASSIGN(std::string bytes, render_template(source, values, store));
    tree[file.target] = {.bytes = std::move(bytes), .origin = file.source};
  }
  OBS_TRY_ASSIGN(const Watch watch, read_watch(topology, store));
  OBS_TRY(add_observability(tree, topology, store, watch));
  OBS_TRY(add_compose(tree, topology, values, store));
  OBS_TRY(add_operations(tree, topology, values, store, watch.alerts));
  OBS_TRY(add_secrets(tree, values, random));
  return tree;
}

}  // namespace obsctl
