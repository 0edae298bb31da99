// SPDX-License-Identifier: Apache-2.0
// The generated stack read back: the settings that decide whether data survives and fits.
#include "lib/render/stack.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "lib/base/text.hpp"
#include "lib/catalog/components.hpp"
#include "lib/render/values.hpp"
#include "lib/stack/paths.hpp"
#include "lib/targets/target.hpp"
#include "lib/topology/build.hpp"
#include "lib/yaml/read.hpp"
#include "tests/support/sized.hpp"

namespace obsctl {
namespace {

// Tokens that a test can recognise.
class CountingRandom final : public Random {
 public:
  Result<std::string> token(std::size_t length) override {
    return std::string(length, static_cast<char>('a' + count_++));
  }

 private:
  int count_ = 0;
};

Result<FileTree> render(const Topology& topology) {
  const OsFileSystem files;
  const TemplateStore store(files, {});
  CountingRandom random;
  OBS_TRY_ASSIGN(auto out, generate(**find_target("compose"), topology, store, random));
  return std::move(out.tree);
}

FileTree rendered(const std::vector<std::string>& assignments = {}) {
  auto tree = render(test::sized(assignments).topology);
  REQUIRE_MESSAGE(tree, (tree ? "" : tree.error().message));
  const auto valid = validate_tree(*tree);
  REQUIRE_MESSAGE(valid, (valid ? "" : valid.error().message));
  return *tree;
}

yaml::Node parsed(const FileTree& tree, const std::string& path) {
  REQUIRE(tree.contains(path));
  auto node = yaml::parse(tree.at(path).bytes, path);
  REQUIRE_MESSAGE(node, (node ? "" : node.error().message));
  return *node;
}

// The value of a key, also where it comes in by a merge ("<<"), which a program sees as its own.
const yaml::Node* value_of(const yaml::Node& node, std::string_view key) {
  const yaml::Node* merged = node.find("<<");
  const yaml::Node* own = node.find(key);
  return own != nullptr || merged == nullptr ? own : value_of(*merged, key);
}

// The node below `node` along a path of keys, or null.
const yaml::Node* at(const yaml::Node& node, const std::vector<std::string>& keys) {
  const yaml::Node* out = &node;
  for (const auto& key : keys) {
    out = out == nullptr ? nullptr : value_of(*out, key);
  }
  return out;
}

double number_at(const yaml::Node& node, const std::vector<std::string>& keys) {
  const yaml::Node* out = at(node, keys);
  REQUIRE(out != nullptr);
  return std::stod(out->scalar);
}

constexpr auto k_collector = "configs/otel-collector/config.yaml";

const std::vector<std::vector<std::string>> k_variants = {
    {},
    {"security.tls=self-signed"},
    {"security.auth=bearer"},
    {"security.cors_origins=https://a.example.com,https://b.example.com"},
    {"metrics.backend=victoriametrics"},
    {"traces.keep=100%"},
    {"traces.keep=0%"},
    {"security.bind=::1", "ports.loki=0", "ports.grafana=0"},
    {"environment=it's \"quoted\": # no", "alerting.slack_channel=#alerts"},
    {"security.tls=self-signed", "security.auth=bearer", "metrics.backend=victoriametrics",
     "alerting.email_to=a@b.c", "alerting.smtp_host=m:587", "name=obs2", "traces.spans=50k/s"},
};

}  // namespace

TEST_CASE("every variant renders to valid files") {
  for (const auto& variant : k_variants) {
    CAPTURE(variant);
    const FileTree tree = rendered(variant);
    for (const char* path :
         {"docker-compose.yml", ".gitignore", ".env.example", "sdk.env", "OPERATIONS.md",
          "configs/prometheus/prometheus.yml", "configs/loki/config.yaml",
          "configs/jaeger/config.yaml", "configs/alertmanager/alertmanager.yml"}) {
      CAPTURE(path);
      CHECK(tree.contains(path));
    }
    for (const auto& [path, file] : tree) {
      CAPTURE(path);
      CHECK_FALSE(file.bytes.empty());
      CHECK(file.bytes.back() == '\n');
      CHECK(file.bytes.find("[%") == std::string::npos);
    }
  }
}

TEST_CASE("in every pipeline the memory limiter is first and the queue is on disk") {
  for (const auto& variant : k_variants) {
    CAPTURE(variant);
    const yaml::Node config = parsed(rendered(variant), k_collector);
    const yaml::Node* pipelines = at(config, {"service", "pipelines"});
    REQUIRE(pipelines != nullptr);
    for (const auto& pipeline : pipelines->entries) {
      CAPTURE(pipeline.key);
      const yaml::Node* processors = pipeline.value.find("processors");
      REQUIRE(processors != nullptr);
      REQUIRE_FALSE(processors->items.empty());
      // A connector hands on what another pipeline's limiter let in; span_metrics sends when it wants.
      const std::string& receiver = pipeline.value.find("receivers")->items.at(0).scalar;
      if (receiver == "otlp" || receiver == "span_metrics") {
        CHECK(processors->items[0].scalar == "memory_limiter");
      }
      for (const auto& processor : processors->items) {
        CHECK(processor.scalar != "batch");  // holds confirmed data in memory
      }
    }
    const yaml::Node* extensions = at(config, {"service", "extensions"});
    CHECK(std::ranges::any_of(
        extensions->items, [](const yaml::Node& node) { return node.scalar == "file_storage"; }));
    CHECK(at(config, {"extensions", "file_storage", "compaction", "directory"}) != nullptr);
  }
}

TEST_CASE("the memory limiter stays below the container's limit") {
  const FileTree tree = rendered({"components.otel-collector.memory=1GiB"});
  const yaml::Node config = parsed(tree, k_collector);
  const double limit = number_at(config, {"processors", "memory_limiter", "limit_mib"});
  CHECK(limit == doctest::Approx(819));  // 80 % of 1024 MiB (CT-20)
  CHECK(number_at(config, {"processors", "memory_limiter", "spike_limit_mib"}) < limit);
  CHECK(tree.at("docker-compose.yml").bytes.find("GOMEMLIMIT: 819MiB\n") != std::string::npos);
}

TEST_CASE("three queues and a compaction copy fit on the collector's disk") {
  for (const char* disk : {"10GB", "40GB"}) {
    CAPTURE(disk);
    const yaml::Node config =
        parsed(rendered({std::string("components.otel-collector.disk=") + disk}), k_collector);
    const double queue =
        number_at(config, {"exporters", "otlp_grpc/jaeger", "sending_queue", "queue_size"});
    CHECK(4 * queue <= parse_bytes(disk, "disk")->value);
    CHECK(queue >= 0.15 * parse_bytes(disk, "disk")->value);
  }
}

TEST_CASE("tail sampling holds decision wait times trace rate with head-room") {
  struct Row {
    std::vector<std::string> spec;
    double num_traces;
  };
  for (const Row& row : {Row{{}, 50000},                       // 10 s × 1000/s (golden D-TAIL)
                         Row{{"traces.spans=50k/s"}, 200000},  // 10 s × 10000/s × 2
                         Row{{"traces.traces=30k/s", "traces.decision_wait=30s"}, 1800000}}) {
    CAPTURE(row.spec);
    const yaml::Node config = parsed(rendered(row.spec), k_collector);
    CHECK(number_at(config, {"processors", "tail_sampling", "num_traces"}) ==
          doctest::Approx(row.num_traces));
  }
}

TEST_CASE("sampling keeps what was asked for") {
  const auto policy = [](const std::string& keep, const std::string& name) {
    const yaml::Node config = parsed(rendered({"traces.keep=" + keep}), k_collector);
    const yaml::Node* policies = at(config, {"processors", "tail_sampling", "policies"});
    REQUIRE(policies != nullptr);
    for (const auto& row : policies->items) {
      if (row.text_or("name", "") == name) {
        return row;
      }
    }
    return yaml::Node{};
  };
  CHECK(number_at(policy("2.5%", "rest"), {"probabilistic", "sampling_percentage"}) ==
        doctest::Approx(2.5));
  CHECK(policy("0%", "rest").kind == yaml::Node::Kind::null);
  CHECK(number_at(policy("10%", "up-to-rate"), {"rate_limiting", "spans_per_second"}) == 1000);
  // 500 ms itself is slow, and threshold_ms is exclusive.
  CHECK(number_at(policy("10%", "slow"), {"latency", "threshold_ms"}) == doctest::Approx(499));
  CHECK(at(parsed(rendered({"traces.keep=100%"}), k_collector), {"processors", "tail_sampling"}) ==
        nullptr);
}

TEST_CASE("no rate up to which all traces are kept: no policy for it") {
  const yaml::Node config = parsed(rendered({"traces.keep_all_below=0/s"}), k_collector);
  const yaml::Node* policies = at(config, {"processors", "tail_sampling", "policies"});
  REQUIRE(policies != nullptr);
  CHECK(std::ranges::none_of(policies->items, [](const yaml::Node& policy) {
    return policy.text_or("name", "") == "up-to-rate";
  }));
}

TEST_CASE("requests of metrics are never put together: a store refuses a request as a whole") {
  for (const auto& variant : k_variants) {
    CAPTURE(variant);
    const yaml::Node config = parsed(rendered(variant), k_collector);
    const yaml::Node* pipelines = at(config, {"service", "pipelines"});
    for (const char* name : {"metrics/stored", "metrics/spans", "metrics/problems"}) {
      for (const auto& exporter : at(*pipelines, {name, "exporters"})->items) {
        CHECK(at(config, {"exporters", exporter.scalar, "sending_queue", "batch"}) == nullptr);
      }
    }
    const std::string& traces = at(*pipelines, {"traces/stored", "exporters"})->items.at(0).scalar;
    CHECK(at(config, {"exporters", traces, "sending_queue", "batch"}) != nullptr);
  }
}

// What stands in the files whose readers expand $NAME and ${...}, with every $$ taken away: they read it as a $.
std::string expanded_parts(const FileTree& tree) {
  return replace_all(
      tree.at(k_collector).bytes + tree.at("configs/prometheus/prometheus.yml").bytes, "$$", "");
}

TEST_CASE("no text setting is expanded by the collector or in Prometheus' labels") {
  constexpr const char* k_text = "https://a$b.example${env:SECRET}";
  for (const auto& field : spec_fields()) {
    StackSpec spec;
    spec.tier = "small";
    if (field.form != "text" || !field.set(spec, k_text) || !validate_spec(spec)) {
      continue;
    }
    CAPTURE(field.key);
    const auto sized = size_and_build(spec, test::catalogs());
    if (const auto tree = sized ? std::optional(render(sized->topology)) : std::nullopt;
        tree && *tree) {
      CHECK(expanded_parts(**tree).find("$b.example") == std::string::npos);
      CHECK(expanded_parts(**tree).find("${env:SECRET}") == std::string::npos);
    }
  }
  const FileTree tree =
      rendered({"environment=a$b ${env:SECRET}", "security.cors_origins=https://a$b.example"});
  const yaml::Node prometheus = parsed(tree, "configs/prometheus/prometheus.yml");
  CHECK(at(prometheus, {"global", "external_labels", "environment"})->scalar ==
        "a$$b $${env:SECRET}");
  CHECK(tree.at(k_collector).bytes.find("value: 'a$$b $${env:SECRET}'\n") != std::string::npos);
  CHECK(tree.at(k_collector).bytes.find("- 'https://a$$b.example'\n") != std::string::npos);
  CHECK(expanded_scalar("a$b$$") == "a$$b$$$$");
}

TEST_CASE("a full batch fits into Loki's limits") {
  for (const char* lines : {"10/s", "200k/s"}) {
    CAPTURE(lines);
    const FileTree tree = rendered({std::string("logs.lines=") + lines});
    const yaml::Node collector = parsed(tree, k_collector);
    const yaml::Node loki = parsed(tree, "configs/loki/config.yaml");
    const double batch = number_at(
        collector, {"exporters", "otlp_grpc/jaeger", "sending_queue", "batch", "max_size"});
    CHECK(number_at(loki, {"limits_config", "ingestion_burst_size_mb"}) * 1e6 > 2 * batch);
    CHECK(number_at(loki, {"server", "grpc_server_max_recv_msg_size"}) > 2 * batch);
  }
}

TEST_CASE("secrets are random, private and kept out of everything else") {
  const FileTree tree = rendered({"security.auth=bearer"});
  const GeneratedFile& grafana = tree.at("secrets/grafana.env");
  const GeneratedFile& otlp = tree.at(stack_paths::otlp_secret);
  CHECK(grafana.secret);
  CHECK(grafana.mode == 0600);
  CHECK(otlp.secret);
  const std::string password(32, 'a');
  const std::string token(32, 'b');
  CHECK(grafana.bytes.find("GF_SECURITY_ADMIN_PASSWORD=" + password) != std::string::npos);
  CHECK(otlp.bytes.find("OTLP_AUTH_TOKEN=" + token) != std::string::npos);
  CHECK(otlp.bytes.find("Bearer%20" + token) != std::string::npos);
  for (const auto& [path, file] : tree) {
    CAPTURE(path);
    if (!file.secret) {
      CHECK(file.bytes.find(password) == std::string::npos);
      CHECK(file.bytes.find(token) == std::string::npos);
    }
  }
  CHECK_FALSE(rendered().contains(stack_paths::otlp_secret));
}

TEST_CASE("the same spec renders to the same bytes") {
  const FileTree first = rendered();
  for (const auto& [path, file] : rendered()) {
    CAPTURE(path);
    CHECK(first.at(path).bytes == file.bytes);
  }
}

TEST_CASE("the SDK settings do not sample at the head") {
  const std::string sdk = rendered().at("sdk.env").bytes;
  CHECK(sdk.find("OTEL_TRACES_SAMPLER=parentbased_always_on\n") != std::string::npos);  // CT-19
  CHECK(sdk.find("OTEL_TRACES_SAMPLER_ARG") == std::string::npos);
}

TEST_CASE("the runbook knows every alert and every volume of its stack") {
  const FileTree tree = rendered();
  const std::string& runbook = tree.at("OPERATIONS.md").bytes;
  CHECK(runbook.find("**CollectorDown**") != std::string::npos);
  CHECK(runbook.find("{{") == std::string::npos);
  const Topology topology = test::sized().topology;
  for (const auto& component : topology.components) {
    for (const auto& volume : component.volumes) {
      if (volume.backup != Backup::none) {
        CHECK(runbook.find(volume.name) != std::string::npos);
      }
    }
  }
}

TEST_CASE("the runbook has a place for every topic of a component") {
  Topology topology = test::sized({}).topology;
  for (const auto& topic : catalog::runbook_topics()) {
    topology.components.back().runbook[topic] = {"what is said of " + topic};
  }
  const auto tree = render(topology);
  REQUIRE(tree);
  for (const auto& topic : catalog::runbook_topics()) {
    CAPTURE(topic);
    CHECK(tree->at("OPERATIONS.md").bytes.find("what is said of " + topic) != std::string::npos);
  }
}

TEST_CASE("the runbook asks an API by its published port, or from inside the network") {
  const std::string open = rendered().at("OPERATIONS.md").bytes;
  CHECK(open.find("`curl -s localhost:9090/-/ready`") != std::string::npos);
  CHECK(open.find("`curl -s localhost:8888/metrics |") != std::string::npos);
  const FileTree tree = rendered({"ports.prometheus=0", "ports.collector-metrics=0"});
  const std::string& closed = tree.at("OPERATIONS.md").bytes;
  CHECK(closed.find("wget -qY off -O- http://prometheus:9090/-/ready`") != std::string::npos);
  CHECK(closed.find("wget -qY off -O- http://otel-collector:8888/metrics |") != std::string::npos);
  for (const auto& [path, file] : tree) {
    CAPTURE(path);
    CHECK(file.bytes.find("localhost:0") == std::string::npos);
  }
}

TEST_CASE("a receiver of telemetry without metrics or probe is no reason to crash") {
  Topology topology = test::sized({"ports.collector-metrics=0"}).topology;
  const auto collector = std::ranges::find(topology.components, "otel-collector", &Component::name);
  REQUIRE(collector != topology.components.end());
  collector->probes.reset();
  const auto unprobed = render(topology);
  CHECK_MESSAGE(unprobed, (unprobed ? "" : unprobed.error().message));
  collector->metrics_port = 0;
  collector->metrics_path.clear();
  const auto silent = render(topology);
  REQUIRE_FALSE(silent);
  CHECK(silent.error().code == Code::config);
  CHECK(silent.error().message.find("telemetry.in") != std::string::npos);
}

TEST_CASE("VictoriaLogs' size limit and its alert lie above what whole days of the load take") {
  constexpr double k_alert = 0.95;  // VictoriaLogsSizeLimitNear
  constexpr double k_stored = 0.4;  // bytes on disk per byte received, as sizing.yaml has it
  for (const char* days : {"1d", "7d", "30d"}) {
    CAPTURE(days);
    const SizedStack stack =
        test::sized({"logs.backend=victorialogs", std::string("logs.retention=") + days});
    const Component* store = stack.topology.find("victorialogs");
    REQUIRE(store != nullptr);
    const auto& load = stack.report.load;
    const double daily = load.lines.value * load.line_size.value * 86400 * k_stored;
    const double kept = daily * (load.log_days.value + 1);
    CHECK(k_alert * store->setting("max_disk_mib") * 1048576 > kept);
  }
}

TEST_CASE("VictoriaMetrics' disk holds the month that it deletes at the end") {
  const SizedStack stack = test::sized({"metrics.backend=victoriametrics"});
  const Component* store = stack.topology.find("victoriametrics");
  REQUIRE(store != nullptr);
  const auto& load = stack.report.load;
  const double daily = load.samples.value * 86400;  // a byte per sample
  CHECK(store->setting("disk_warn_bytes") > daily * (load.metric_days.value + 31));
}

// The number at the end of a setting's place, "file: key.key" with '*' for any key, as the
// generated file has it.
std::string carried(const FileTree& tree, const std::string& place) {
  const auto colon = place.find(": ");
  const yaml::Node root = parsed(tree, place.substr(0, colon));
  std::vector<const yaml::Node*> nodes = {&root};
  for (const auto& key : split(place.substr(colon + 2), '.')) {
    std::vector<const yaml::Node*> next;
    for (const auto* node : nodes) {
      for (const auto& entry : node->entries) {
        // A processor may have a name behind its type.
        if (key == "*" || entry.key.starts_with(key + "/")) {
          next.push_back(&entry.value);
        }
      }
      if (const yaml::Node* value = value_of(*node, key)) {
        next.push_back(value);
      }
    }
    nodes = std::move(next);
  }
  for (const auto* node : nodes) {
    if (node->is_scalar()) {
      return node->scalar;
    }
    for (const auto& entry : node->entries) {
      return entry.value.scalar;  // decision_cache has two of the same
    }
  }
  return "";
}

TEST_CASE("a generated file carries the number that the sizing explains") {
  for (std::vector<std::string> load :
       {std::vector<std::string>{},
        {"traces.spans=200/s", "metrics.series=5k", "logs.lines=100/s"},
        {"traces.spans=40k/s", "metrics.series=900k", "logs.lines=40k/s", "host.cpus=64",
         "host.memory=256GiB"}}) {
    load.emplace_back("forward.url=https://otlp.example.com");  // which has a queue of its own
    const SizedStack stack = test::sized(load);
    const FileTree tree = rendered(load);
    int seen = 0;
    for (const auto& plan : stack.report.components) {
      for (const auto& setting : plan.settings) {
        const bool file = setting.place.starts_with("configs/") &&
                          setting.place.find(".y") != std::string::npos &&
                          setting.place.find(": ") != std::string::npos;
        if (!file) {
          continue;
        }
        CAPTURE(setting.key);
        CAPTURE(setting.place);
        std::string digits = carried(tree, setting.place);
        const bool gib = digits.ends_with("GB") && setting.unit == "MiB";  // Prometheus' GB are GiB
        std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
        REQUIRE_FALSE(digits.empty());
        const double expected = gib ? std::floor(setting.value / 1024) : setting.value;
        CHECK(std::stod(digits) == doctest::Approx(expected));
        ++seen;
      }
    }
    CHECK(seen >= 10);
  }
}

TEST_CASE("limits of the compose file are those of the sizing") {
  const SizedStack stack = test::sized();
  const yaml::Node compose = parsed(rendered(), "docker-compose.yml");
  for (const auto& plan : stack.report.components) {
    CAPTURE(plan.name);
    const yaml::Node* limits =
        at(compose, {"services", plan.name, "deploy", "resources", "limits"});
    REQUIRE(limits != nullptr);
    CHECK(std::stod(limits->find("cpus")->scalar) == doctest::Approx(plan.cpus.chosen.value));
    CHECK(std::stod(limits->find("memory")->scalar) ==
          doctest::Approx(std::floor(plan.memory.chosen.value * 1e9 / 1048576 + 1e-6)));
  }
}

TEST_CASE("a component is not called as another value of templates") {
  for (const char* name : {"ports", "cmd", "retention", "secrets", "self", "max_series"}) {
    CAPTURE(name);
    Topology topology = test::sized({}).topology;
    topology.components.push_back(*topology.find("node-exporter"));
    topology.components.back().name = name;
    topology.components.back().configs = {};
    const auto tree = render(topology);
    REQUIRE_FALSE(tree);
    CHECK(tree.error().message.find(fmt::format("'{}' cannot be a component's name", name)) == 0);
  }
}

TEST_CASE("two components do not share a service's name or a secret") {
  Topology topology = test::sized({}).topology;
  topology.components.push_back(topology.components.back());
  topology.components.back().name = "otel-collector-health";
  topology.components.back().secrets.clear();
  topology.components.back().configs = {};
  const auto named = render(topology);
  REQUIRE_FALSE(named);
  CHECK(named.error().message == "two services would be called 'otel-collector-health'");
  topology.components.back() = *topology.find("grafana");
  topology.components.back().name = "second";
  topology.components.back().configs = {};
  const auto secret = render(topology);
  REQUIRE_FALSE(secret);
  CHECK(secret.error().message == "the secret 'secrets/grafana.env' is made twice");
}

}  // namespace obsctl
