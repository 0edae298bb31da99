// SPDX-License-Identifier: Apache-2.0
// The single-node topology: what it contains, what overrides change, and that it hangs together.
#include "lib/topology/build.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "tests/support/sized.hpp"

namespace obsctl {
namespace {

Topology built(const std::vector<std::string>& assignments = {}) {
  return test::sized(assignments).topology;
}

std::string error_of(const std::string& assignment) {
  auto out = size_and_build(test::spec_of({assignment}), test::catalogs());
  REQUIRE_FALSE(out);
  return out.error().message;
}

// Every variant that changes which components or links there are.
const std::vector<std::vector<std::string>> k_variants = {
    {},
    {"metrics.backend=victoriametrics"},
    {"security.tls=self-signed", "security.auth=bearer"},
    {"alerting.slack_channel=#alerts", "alerting.email_to=a@b.c", "alerting.smtp_host=m:587"},
};

}  // namespace

TEST_CASE("the small tier has the components of A02 with the limits of its sizing") {
  const SizedStack stack = test::sized();
  for (const char* name : {"otel-collector", "prometheus", "jaeger", "loki", "grafana",
                           "alertmanager", "node-exporter"}) {
    CAPTURE(name);
    const Component* component = stack.topology.find(name);
    const sizing::ComponentPlan* plan = stack.report.find(name);
    REQUIRE(component != nullptr);
    REQUIRE(plan != nullptr);
    CHECK(component->limits.cpus == doctest::Approx(plan->cpus.chosen.value));
    CHECK(fmt::format("{}", component->limits.cpus).size() <= 4);  // 1.2, not 1.2000000000000002
    CHECK(component->limits.memory.gb() == doctest::Approx(plan->memory.chosen.value));
    CHECK(component->disk.gb() == doctest::Approx(plan->disk.chosen.value));
    CHECK(component->limits.cpus > 0);
    CHECK(component->limits.memory.value > 0);
  }
  CHECK(stack.topology.find("victoriametrics") == nullptr);
}

TEST_CASE("rates and retention come from the tier where the spec has none") {
  const Topology topology = built();
  CHECK(topology.load.spans.per_second == doctest::Approx(5000));
  CHECK(topology.load.traces.per_second == doctest::Approx(1000));   // 5 spans per trace (F14)
  CHECK(topology.retention.traces.hours() == doctest::Approx(168));  // I03
  CHECK(topology.retention.metrics.days() == doctest::Approx(15));
  const Topology changed =
      built({"traces.spans=50k/s", "traces.retention=3d", "logs.retention=48h"});
  CHECK(changed.load.traces.per_second == doctest::Approx(10000));
  CHECK(changed.retention.traces.days() == doctest::Approx(3));
  CHECK(changed.retention.logs.hours() == doctest::Approx(48));
}

TEST_CASE("every variant hangs together") {
  for (const auto& variant : k_variants) {
    CAPTURE(variant);
    const Topology topology = built(variant);
    std::set<std::string> started;
    for (const auto& component : topology.components) {
      CAPTURE(component.name);
      CHECK_FALSE(component.image.empty());
      CHECK(component.image.find(":latest") == std::string::npos);
      CHECK(component.limits.cpus > 0);
      CHECK(component.limits.memory.value > 0);
      for (const auto& dependency : component.depends_on) {
        CAPTURE(dependency.component);
        CHECK(started.contains(dependency.component));  // the list is in start order
        if (dependency.condition == Ready::healthy) {
          CHECK(topology.find(dependency.component)->probes);  // otherwise it never gets healthy
        }
      }
      started.insert(component.name);
    }
    for (const auto& link : topology.links) {
      CAPTURE(link.from);
      CAPTURE(link.to);
      CHECK(topology.find(link.from) != nullptr);
      const Component* to = topology.find(link.to);
      REQUIRE(to != nullptr);
      const bool listens = std::ranges::any_of(
          to->ports, [&link](const Port& port) { return port.container == link.port; });
      CHECK(listens);
    }
  }
}

TEST_CASE("services without a login stay on loopback") {
  const Topology topology = built({"security.bind=0.0.0.0", "security.bind_ui=192.0.2.7"});
  CHECK(topology.port("otlp-grpc")->bind == "0.0.0.0");
  CHECK(topology.port("grafana")->bind == "192.0.2.7");
  for (const char* name : {"prometheus", "loki", "jaeger", "alertmanager", "collector-metrics"}) {
    CAPTURE(name);
    CHECK(topology.port(name)->bind == "127.0.0.1");
  }
}

TEST_CASE(
    "opening the receivers opens no page; an open page speaks TLS where there is a certificate") {
  CHECK(built({"security.bind=0.0.0.0"}).port("grafana")->bind == "127.0.0.1");
  CHECK_FALSE(built({"security.bind_ui=0.0.0.0"}).port("grafana")->tls);
  CHECK_FALSE(built({"security.tls=self-signed"}).port("grafana")->tls);
  const Topology open = built({"security.bind_ui=0.0.0.0", "security.tls=self-signed"});
  CHECK(open.port("grafana")->tls);
  CHECK(open.port("otlp-grpc")->tls);
  CHECK_FALSE(open.port("prometheus")->tls);
  const Component* grafana = open.find("grafana");
  CHECK(grafana->environment.at("GF_SERVER_PROTOCOL") == "https");
  CHECK(grafana->environment.at("GF_SECURITY_COOKIE_SECURE") == "true");
  CHECK(grafana->probes->readiness.command.back() == "https://127.0.0.1:3000/api/health");
}

TEST_CASE("links in messages lead where people open the page") {
  const Topology own = built({});
  CHECK(own.find("grafana")->environment.at("GF_SERVER_ROOT_URL") == "http://localhost:3000/");
  const Topology proxied = built({"public_urls.grafana=https://obs.example.com/grafana",
                                  "public_urls.alertmanager=https://obs.example.com/alerts/"});
  const auto& environment = proxied.find("grafana")->environment;
  CHECK(environment.at("GF_SERVER_ROOT_URL") == "https://obs.example.com/grafana/");
  CHECK(environment.at("GF_SECURITY_COOKIE_SECURE") == "true");
  CHECK_FALSE(environment.contains("GF_SERVER_PROTOCOL"));
  const auto& command = proxied.find("alertmanager")->command;
  CHECK(std::ranges::count(command, "--web.external-url=https://obs.example.com/alerts/") == 1);
  CHECK(std::ranges::count(command, "--web.route-prefix=/") == 1);
}

TEST_CASE("a digest pins the image that it was asked for, not a later one") {
  const Component plain = *built({}).find("loki");
  const std::string digest = "sha256:" + std::string(64, 'a');
  const Topology pinned = built({"digests." + plain.image + "=" + digest});
  CHECK(pinned.find("loki")->image == plain.image + "@" + digest);
  CHECK(pinned.find("grafana")->image.find('@') == std::string::npos);
  CHECK(built({"digests.grafana/loki:0.1=" + digest}).find("loki")->image == plain.image);
  StackSpec spec;
  CHECK_FALSE(set_field(spec, "digests.grafana/loki:0.1=sha256:abc"));
}

TEST_CASE("nobody of the stack waits for a store: queues and data sources do without") {
  for (const auto& component : built({}).components) {
    CAPTURE(component.name);
    CHECK(component.depends_on.empty());
  }
}

TEST_CASE("overrides") {
  const Topology topology =
      built({"ports.grafana=3001", "ports.loki=0", "components.loki.memory=3GiB",
             "components.otel-collector.disk=20GB", "name=obs2"});
  CHECK(topology.port("grafana")->host == 3001);
  CHECK(topology.port("grafana")->container == 3000);
  CHECK(topology.port("loki")->host == 0);
  CHECK(topology.find("loki")->limits.memory.gib() == doctest::Approx(3));
  CHECK(topology.find("loki")->limits.cpus == doctest::Approx(1));  // still the tier's
  CHECK(topology.find("otel-collector")->disk.gb() == doctest::Approx(20));
  CHECK(topology.volume_name(topology.find("loki")->volumes[0]) == "obs2_loki-data");
}

TEST_CASE("overrides that mean nothing are errors") {
  CHECK(error_of("ports.grafanna=3001") == "the stack has no port 'grafanna'");
  CHECK(error_of("public_urls.grafanna=https://a.example") == "the stack has no port 'grafanna'");
  CHECK(error_of("ports.jaeger-metrics=1234") == "the stack has no port 'jaeger-metrics'");
  CHECK(error_of("ports.grafana=9090") ==
        "'prometheus' and 'grafana' would both be published on port 9090");
  CHECK(error_of("components.lokki.cpus=2") == "the stack has no component 'lokki'");
  CHECK(error_of("components.loki.memory=4MiB") ==
        "'components.loki.memory' is 4.19 MB, less than the component needs without any load");
  CHECK(error_of("components.prometheus.disk=100MB").find("less than the component needs") !=
        std::string::npos);
  CHECK(error_of("alerting.receivers=slak") == "unknown value 'slak' for 'alerting.receivers'");
  CHECK(error_of("tier=medium") == "tier 'medium' does not fit on a single node");
}

TEST_CASE("an unmet need is an error that names who could meet it") {
  sizing::Catalogs catalogs = test::catalogs();
  std::erase_if(catalogs.single_node,
                [](const auto& entry) { return entry.name == "alertmanager"; });
  const auto stack = size_and_build(StackSpec{}, catalogs);
  REQUIRE_FALSE(stack);
  CHECK(stack.error().message ==
        "'prometheus' needs alerts.router and no component of the stack provides it");
  CHECK(stack.error().hint == "these provide it: alertmanager");
}

TEST_CASE("a component that is added by data is sized, wired and scraped") {
  sizing::Catalogs catalogs = test::catalogs();
  catalogs.components["echo"] =
      catalog::parse_component(
          "title: Echo\nimage: example/echo\nversion: 1.0.0\nuid: 1000\npurpose: answers\n"
          "needs: [{capability: logs.store, carries: logs, start: healthy}]\n"
          "ports: [{name: echo, number: 8000}]\nmetrics: {port: echo}\n",
          "echo/component.yaml", "echo")
          .value();
  catalogs.rules["echo"] = catalog::parse_component_sizing(
                               "cpus: {floor: 0.1, source: x}\nmemory: {floor: 64MiB, per: [{of: "
                               "lines, per: 1000, takes: 10MB}], source: x}\n",
                               "echo/sizing.yaml", "echo")
                               .value();
  StackSpec spec;
  spec.extra_components = {"echo"};
  const auto stack = size_and_build(spec, catalogs);
  REQUIRE_MESSAGE(stack, (stack ? "" : stack.error().message));
  const Component* echo = stack->topology.find("echo");
  REQUIRE(echo != nullptr);
  CHECK(echo->limits.memory.value >= 64 * 1024 * 1024);
  CHECK(echo->depends_on.at(0).component == "loki");
  CHECK(std::ranges::any_of(stack->topology.links, [](const Link& link) {
    return link.from == "prometheus" && link.to == "echo" && link.port == 8000;
  }));
  spec.extra_components = {"eco"};
  CHECK(size_and_build(spec, catalogs).error().hint == "did you mean 'echo'?");
}

TEST_CASE("a backend that does not store the signal is refused") {
  CHECK(error_of("traces.backend=loki") == "unknown value 'loki' for 'traces.backend'");
  CHECK(error_of("metrics.backend=victoriametric") ==
        "unknown value 'victoriametric' for 'metrics.backend'");
}

TEST_CASE("VictoriaMetrics stands behind Prometheus") {
  const Topology topology = built({"metrics.backend=victoriametrics", "metrics.retention=36h"});
  const Component* component = topology.find("victoriametrics");
  REQUIRE(component != nullptr);
  CHECK(topology.find("prometheus") != nullptr);  // evaluates the rules
  // Whole days, rounded up: a number without a unit would mean months.
  CHECK(std::ranges::find(component->command, "-retentionPeriod=2d") != component->command.end());
}

TEST_CASE("a component carries what any target needs to know") {
  const Topology topology = built({});
  const Component* prometheus = topology.find("prometheus");
  REQUIRE(prometheus != nullptr);
  REQUIRE(prometheus->probes);
  CHECK(prometheus->probes->readiness.path == "/-/ready");
  CHECK(prometheus->probes->liveness.path == "/-/healthy");
  CHECK(prometheus->instances == 1);
  CHECK(prometheus->requests.cpus > 0);
  CHECK(prometheus->requests.cpus <= prometheus->limits.cpus);
  CHECK(prometheus->requests.memory.value == prometheus->limits.memory.value);
  CHECK(prometheus->volumes.front().size.value == prometheus->disk.value);
  CHECK(std::ranges::count(topology.links, LinkKind::scrape, &Link::kind) ==
        std::ranges::count_if(topology.components, [](const Component& component) {
          return !component.metrics_path.empty();
        }));
}

TEST_CASE("whoever provides a capability is found by it") {
  for (const auto& [setting, capability, name] :
       {std::tuple{"logs.backend=victorialogs", "logs.store", "victorialogs"},
        std::tuple{"traces.backend=tempo", "traces.store", "tempo"}}) {
    const Topology topology = built({setting});
    CHECK(topology.provider(capability)->component == name);
    CHECK(std::ranges::any_of(topology.links, [&](const Link& link) {
      return link.capability == capability && link.to == name && link.from == "otel-collector";
    }));
  }
}

TEST_CASE("nobody waits for the health of what has no probe") {
  sizing::Catalogs catalogs = test::catalogs();
  catalogs.components.at("loki").probe.reset();
  for (auto& need : catalogs.components.at("otel-collector").needs) {
    need.start_healthy = need.capability == "logs.store";
  }
  const auto stack = size_and_build(StackSpec{}, catalogs);
  REQUIRE_FALSE(stack);
  CHECK(stack.error().message ==
        "'otel-collector' waits for 'loki' to be healthy, which has no probe");
}

TEST_CASE("what a component may use of its memory lies below its container's limit") {
  constexpr double k_mib = 1024.0 * 1024.0;
  std::size_t seen = 0;
  for (const std::vector<std::string>& settings : std::vector<std::vector<std::string>>{
           {},
           {"profile=minimum"},
           {"profile=production"},
           {"traces.backend=tempo", "logs.backend=victorialogs"},
           {"components.loki.memory=768MiB", "components.jaeger.memory=1GiB",
            "components.otel-collector.memory=512MiB"},
           {"components.loki.memory=64GiB", "components.otel-collector.memory=64GiB"}}) {
    for (const auto& component : built(settings).components) {
      const auto* rules = test::catalogs().sizing_of(component.name);
      REQUIRE(rules != nullptr);
      for (const auto& rule : rules->settings) {
        if (rule.of != "memory" || !rule.over.empty()) {
          continue;
        }
        CAPTURE(component.name + "." + rule.name);
        const double bytes = component.setting(rule.name) * (rule.unit == "MiB" ? k_mib : 1);
        CHECK(bytes > 0);
        CHECK(bytes < component.limits.memory.value);
        ++seen;
      }
    }
  }
  CHECK(seen >= 30);  // six stacks with at least a collector's three, Loki's two …
}

}  // namespace obsctl
