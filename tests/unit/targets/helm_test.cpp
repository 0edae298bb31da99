// SPDX-License-Identifier: Apache-2.0
// The chart of a stack: what reaches the cluster, who may talk to whom, and the commands for it.
#include <doctest/doctest.h>

#include "lib/targets/helm_parts.hpp"
#include "lib/yaml/read.hpp"
#include "tests/support/sized.hpp"

using namespace obsctl;

namespace {

class FixedRandom final : public Random {
 public:
  Result<std::string> token(std::size_t length) override { return std::string(length, 'r'); }
};

Generated generated(const Topology& topology) {
  const OsFileSystem files;
  FixedRandom random;
  auto out = generate(helm::target(), topology, TemplateStore(files, {}), random);
  REQUIRE_MESSAGE(out, (out ? "" : out.error().message));
  return std::move(*out);
}

Generated with(const std::vector<std::string>& settings = {}) {
  return generated(test::sized(settings).topology);
}

const HeldSecret k_nothing = [](const std::string&) -> Result<std::optional<std::string>> {
  return std::nullopt;
};

std::string secret_values(FileTree tree, const Topology& topology, const HeldSecret& held) {
  const auto done = helm::hand_over(tree, topology, held);
  REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  CHECK(tree.at(helm::k_secret_values).mode == 0600);
  CHECK(tree.at(helm::k_secret_values).secret);
  return tree.at(helm::k_secret_values).bytes;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("secrets/values.yaml has what the secret files hold, not what a new one would") {
  const Topology topology = test::sized({"security.auth=bearer"}).topology;
  const FileTree tree = generated(topology).tree;
  CHECK(has(secret_values(tree, topology, k_nothing),
            "GF_SECURITY_ADMIN_PASSWORD: " + std::string(32, 'r') + "\n"));
  const HeldSecret mine = [](const std::string& path) -> Result<std::optional<std::string>> {
    return path == "secrets/grafana.env"
               ? std::optional<std::string>(
                     "# mine\nGF_SECURITY_ADMIN_PASSWORD=it's \"mine\" = $1 {{ x }}\r\n")
               : std::nullopt;
  };
  const auto root = yaml::parse(secret_values(tree, topology, mine), helm::k_secret_values);
  REQUIRE(root);
  const yaml::Node* grafana = root->find("secrets")->find("grafana");
  REQUIRE(grafana->entries.size() == 1);
  CHECK(grafana->find("GF_SECURITY_ADMIN_PASSWORD")->scalar == "it's \"mine\" = $1 {{ x }}");
  CHECK(root->find("secrets")->find("otlp")->find("OTLP_AUTH_TOKEN")->scalar ==
        std::string(32, 'r'));
}

TEST_CASE("secrets/values.yaml is written again only when a secret changed") {
  const Topology topology = test::sized().topology;
  FileTree tree = generated(topology).tree;
  const std::string first = secret_values(tree, topology, k_nothing);
  REQUIRE(helm::hand_over(tree, topology, k_nothing));
  CHECK(tree.at(helm::k_secret_values).replaces);
  REQUIRE(helm::hand_over(
      tree, topology, [&](const std::string& path) -> Result<std::optional<std::string>> {
        return path == helm::k_secret_values ? std::optional(first) : std::nullopt;
      }));
  CHECK_FALSE(tree.at(helm::k_secret_values).replaces);
}

TEST_CASE("a secret file that nobody brought is an error") {
  const Topology topology = test::sized({"security.tls=self-signed"}).topology;
  FileTree tree = generated(topology).tree;
  const auto done = helm::hand_over(tree, topology, k_nothing);
  REQUIRE_FALSE(done);
  CHECK(has(done.error().message, "tls/server.crt"));
}

TEST_CASE("nothing secret is in the chart or the runbook") {
  for (const auto& [path, file] : with({"security.auth=bearer"}).tree) {
    CAPTURE(path);
    CHECK((file.secret || !has(file.bytes, std::string(32, 'r'))));
  }
}

TEST_CASE("a policy admits the ends of links and nobody else") {
  const Generated stack = with();
  const std::string& loki = stack.tree.at("chart/templates/loki.yaml").bytes;
  const std::string ingress =
      loki.substr(loki.find("ingress:"), loki.find("egress:") - loki.find("ingress:"));
  for (const char* caller : {"otel-collector", "grafana", "prometheus", "stack-test"}) {
    CAPTURE(caller);
    CHECK(has(ingress, "(list . \"" + std::string(caller) + "\")"));
  }
  CHECK_FALSE(has(ingress, "(list . \"jaeger\")"));
  CHECK_FALSE(
      has(ingress, "namespaceSelector:\n            matchLabels: {{- toYaml .Values.network"));
  const std::string& collector = stack.tree.at("chart/templates/otel-collector.yaml").bytes;
  CHECK(has(collector, ".Values.networkPolicies.applications"));
  CHECK(has(stack.tree.at("chart/values.yaml").bytes, "exposedService:\n  enabled: false\n"));
  CHECK(has(with({"security.bind=0.0.0.0"}).tree.at("chart/values.yaml").bytes,
            "exposedService:\n  enabled: true\n"));
}

TEST_CASE("a cluster has no address of a host") {
  for (const char* good : {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
    CAPTURE(good);
    CHECK(helm::target().carries(test::sized({"security.bind=" + std::string(good)}).topology));
  }
  CHECK_FALSE(helm::target().carries(test::sized({"security.bind_ui=0.0.0.0"}).topology));
  const auto other = helm::target().carries(test::sized({"security.bind=10.1.2.3"}).topology);
  REQUIRE_FALSE(other);
  CHECK(has(other.error().message, "10.1.2.3"));
}

TEST_CASE("a variables file is read as Compose reads it, or its line is named") {
  const Topology topology = test::sized().topology;
  const FileTree tree = generated(topology).tree;
  const auto held = [](const std::string& text) -> HeldSecret {
    return [text](const std::string& path) -> Result<std::optional<std::string>> {
      return path == "secrets/grafana.env" ? std::optional(text) : std::nullopt;
    };
  };
  CHECK(has(secret_values(tree, topology, held("\n# c\nexport A = \"x y\"\n")), "    A: x y\n"));
  FileTree broken = tree;
  const auto done = helm::hand_over(broken, topology, held("A=1\nB C=2\n"));
  REQUIRE_FALSE(done);
  REQUIRE(done.error().at);
  CHECK(done.error().at->str() == "secrets/grafana.env:2");
}

TEST_CASE("what Helm or Kubernetes would replace is written as it is") {
  Topology topology = test::sized().topology;
  Component& grafana = topology.components.back();
  grafana.command = {"--format={{ .x }}", "--env=$(HOME)"};
  const std::string text =
      generated(topology).tree.at("chart/templates/" + grafana.name + ".yaml").bytes;
  CHECK(has(text, "- '--format={{ `{{` }} .x }}'\n"));
  CHECK(has(text, "- --env=$$(HOME)\n"));
}

TEST_CASE("an image that runs as root is given another user") {
  const auto tree = with({"logs.backend=victorialogs"}).tree;
  CHECK(has(tree.at("chart/templates/victorialogs.yaml").bytes, "runAsUser: 65534"));
  CHECK(has(tree.at("chart/templates/grafana.yaml").bytes, "runAsUser: 472"));
}

TEST_CASE("an API is asked from a pod that may and can") {
  const Topology topology = test::sized({"name=edge", "logs.backend=victorialogs"}).topology;
  const Values asked = word_values(generated(topology).words, topology, {}, {}).at("cmd").at("ask");
  CHECK(asked.at("victorialogs") ==
        "kubectl -n edge exec prometheus-0 -- wget -qO- http://victorialogs:9428");
  CHECK(asked.at("prometheus") ==
        "kubectl -n edge exec prometheus-0 -- wget -qO- http://localhost:9090");
  CHECK(asked.at("otel-collector") ==
        "kubectl -n edge exec prometheus-0 -- wget -qO- http://otel-collector:8888");
}

TEST_CASE("the runbook speaks kubectl and helm") {
  const auto tree = with({"name=edge"}).tree;
  const std::string& text = tree.at("OPERATIONS.md").bytes;
  CHECK(has(tree.at("apply").bytes, "helm upgrade --install edge chart --namespace edge"));
  CHECK(has(text, "kubectl -n edge exec otel-collector-0 -- /otelcol-contrib validate") == false);
  CHECK(has(tree.at("chart/configs/otel-collector/config.yaml").bytes,
            "kubectl -n edge exec otel-collector-0 -- /otelcol-contrib validate"));
  for (const auto& [path, file] : tree) {
    CAPTURE(path);
    CHECK_FALSE(has(file.bytes, "docker compose"));
    CHECK_FALSE(has(file.bytes, "volume-init"));
  }
}

TEST_CASE("a chart runs one instance of each component") {
  Topology topology = test::sized().topology;
  topology.components.front().instances = 3;
  const auto carried = helm::target().carries(topology);
  REQUIRE_FALSE(carried);
  CHECK(has(carried.error().message, topology.components.front().name));
}
