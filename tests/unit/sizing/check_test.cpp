// SPDX-License-Identifier: Apache-2.0
// `--check` finds what cannot hold the load, and nothing else.
#include "lib/sizing/check.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace obsctl;
using namespace obsctl::sizing;

namespace {

const Catalogs& data() {
  static const Catalogs k_data = load_catalogs().value();
  return k_data;
}

Findings check(const StackSpec& spec, const DeclaredLimits& limits = {}) {
  const auto report = size_stack(spec, data(), Model::documented);
  REQUIRE(report);
  auto findings = check_stack(spec, data(), *report, limits);
  REQUIRE(findings);
  return std::move(*findings);
}

const Finding* find(const Findings& findings, const std::string& code) {
  const auto found = std::ranges::find(findings, code, &Finding::id);
  return found == findings.end() ? nullptr : &*found;
}

bool fails(const Findings& findings, const std::string& code) {
  const Finding* finding = find(findings, code);
  return finding != nullptr && finding->severity == Severity::error;
}

DeclaredLimits declared(std::vector<DeclaredFact> facts) {
  DeclaredLimits out;
  out.facts = std::move(facts);
  return out;
}

// A load that the small tier's own table holds.
StackSpec modest() {
  StackSpec spec;
  spec.traces.spans = Rate{300};
  spec.traces.keep_all_below = {0};  // the table knows no rate up to which every trace is kept
  spec.metrics.series = 20000;
  spec.logs.lines = Rate{300};
  return spec;
}

}  // namespace

TEST_CASE("a modest load fits the small tier without a finding") {
  CHECK(check(modest()).empty());
}

TEST_CASE("disks smaller than daily x days fail (G-07)") {
  StackSpec spec = modest();
  spec.logs.lines = Rate{1000};  // 25.9 GB a day, 181 GB in 7 days
  auto findings = check(spec);
  REQUIRE(fails(findings, "disk.loki"));
  CHECK_FALSE(find(findings, "disk.loki")->hint.empty());
  CHECK(find(findings, "disk.jaeger") == nullptr);
  spec.components["loki"].disk = Bytes::from_gb(200);
  CHECK(find(check(spec), "disk.loki") == nullptr);
  // One host disk for everything replaces the table's disks.
  spec.components.clear();
  spec.host.disk = Bytes::from_gb(500);
  findings = check(spec);
  CHECK(find(findings, "disk.loki") == nullptr);
  CHECK(find(findings, "host.disk") == nullptr);
  spec.host.disk = Bytes::from_gb(150);
  CHECK(fails(check(spec), "host.disk"));
}

TEST_CASE("a disk that only growth fills is a warning") {
  StackSpec spec = modest();
  spec.sizing.growth_per_month = Share{0.1};
  const auto findings = check(spec);
  const Finding* loki = find(findings, "disk.loki");
  REQUIRE(loki != nullptr);
  CHECK(loki->severity == Severity::warning);
}

TEST_CASE("host cores and memory smaller than the sum of the components fail") {
  StackSpec spec = modest();
  spec.host.cpus = 8;
  spec.host.memory = Bytes::from_gib(13);
  CHECK(check(spec).empty());
  spec.host.cpus = 7;
  CHECK(fails(check(spec), "host.cpus"));
  spec.host.cpus = 8;
  spec.host.memory = Bytes::from_gib(12);
  CHECK(fails(check(spec), "host.memory"));
}

TEST_CASE("collector memory: the published rule fails, the seed's formula only warns (CT-08)") {
  StackSpec spec = modest();
  spec.traces.spans = Rate{3000};
  spec.components["jaeger"].disk = Bytes::from_gb(1000);
  auto findings = check(spec);
  REQUIRE(find(findings, "collector.memory") !=
          nullptr);  // 4.3 GB by F05, 0.6 GB by the published rule
  CHECK_FALSE(fails(findings, "collector.memory"));
  spec.components["otel-collector"].memory = Bytes::from_mib(400);
  CHECK(fails(check(spec), "collector.memory"));
  // A limiter above the container is the OOM killer's.
  const DeclaredLimits limits = declared({{catalog::Fact::memory_limit, Bytes::from_mib(1600).value,
                                           "otel-collector", "a.yaml", "b.c"}});
  findings = check(spec, limits);
  REQUIRE(fails(findings, "collector.limiter"));
  CHECK(find(findings, "collector.limiter")->hint ==
        "set b.c in 'a.yaml' to at most 80 % of the container");
}

TEST_CASE("tail sampling must hold what arrives within its decision wait (F27, D-TAIL)") {
  StackSpec spec = modest();
  DeclaredLimits limits =
      declared({{catalog::Fact::num_traces, 50000, "otel-collector", "a.yaml", "b.c"}});
  spec.traces.traces = Rate{5000};
  CHECK(find(check(spec, limits), "tail_sampling.num_traces") == nullptr);
  spec.traces.traces = Rate{10000};
  CHECK(fails(check(spec, limits), "tail_sampling.num_traces"));
  spec.traces.keep = Share{1};  // no tail sampling
  CHECK(find(check(spec, limits), "tail_sampling.num_traces") == nullptr);
}

TEST_CASE("each component that declares a fact is held against it") {
  StackSpec spec = modest();
  spec.traces.traces = Rate{10000};
  const auto findings =
      check(spec, declared({{catalog::Fact::num_traces, 1, "otel-collector", "a.yaml", "a"},
                            {catalog::Fact::num_traces, 2, "another", "b.yaml", "b"}}));
  CHECK(std::ranges::count(findings, "tail_sampling.num_traces", &Finding::id) == 2);
}

TEST_CASE("Prometheus' size limit must not cut the retention short") {
  StackSpec spec = modest();
  spec.metrics.series = 500000;  // 8.64 GB a day, 129.6 GB in 15 days
  spec.components["prometheus"].disk = Bytes::from_gb(200);
  DeclaredLimits limits = declared(
      {{catalog::Fact::size_limit, Bytes::from_gb(45).value, "prometheus", "a.yml", "size"}});
  CHECK(fails(check(spec, limits), "metrics.retention_size"));
  limits.facts.front().value = Bytes::from_gb(160).value;
  CHECK(find(check(spec, limits), "metrics.retention_size") == nullptr);
}

TEST_CASE("kafka, tier, network and availability") {
  StackSpec medium;
  medium.tier = "medium";
  auto findings = check(medium);
  CHECK(fails(findings, "disk.kafka"));
  CHECK(find(findings, "network.ingress")->severity ==
        Severity::warning);  // Z39: 520 of 500 Mbit/s
  medium.sizing.kafka_brokers = 2;
  CHECK(fails(check(medium), "kafka.replication"));
  StackSpec small = modest();
  small.traces.spans = Rate{20000};
  findings = check(small);
  REQUIRE(fails(findings, "tier.events"));
  CHECK(find(findings, "tier.events")->settings == Settings{{"tier", "medium"}});
  small.sizing.ha = true;
  CHECK(fails(check(small), "ha.prometheus"));
  // Errors come first.
  const auto warning = std::ranges::find(findings, Severity::warning, &Finding::severity);
  CHECK(std::ranges::all_of(warning, findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::warning;
  }));
}
