// SPDX-License-Identifier: Apache-2.0
// A store that no code knows is sized in every model when the spec chooses it.
#include "lib/sizing/selection.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/sizing/check.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

namespace {

// Adds a component that provides and stores what is given, as a folder of a person would.
void add(Catalogs& catalogs, const std::string& name, const std::string& provides,
         const std::string& stores) {
  auto component = catalog::parse_component(
      fmt::format("title: The {}\nimage: example/{}\nversion: 1.0.0\nuid: 1\npurpose: stores\n"
                  "provides: {{{}}}\nports:\n  - {{name: in, number: 80}}\n",
                  name, name, provides),
      "component.yaml", name);
  REQUIRE_MESSAGE(component, component.error().message);
  catalogs.components[name] = std::move(*component);
  auto rules = catalog::parse_component_sizing(
      fmt::format("cpus: {{floor: 0.5, source: test}}\nmemory: {{floor: 1GiB, source: test}}\n"
                  "disk: {{floor: 2GB, headroom: 1.25, source: test}}\nstores:\n{}",
                  stores),
      "sizing.yaml", name);
  REQUIRE_MESSAGE(rules, rules.error().message);
  catalogs.rules[name] = std::move(*rules);
}

const Catalogs& data() {
  static const Catalogs k_data = [] {
    Catalogs out = load_catalogs().value();
    add(out, "tracebox", "traces.store: {port: in}", "  traces: {factor: 0.5, source: test}\n");
    add(out, "logbox", "logs.store: {port: in}", "  logs: {factor: 0.1, source: test}\n");
    add(out, "metricbox", "metrics.query: {port: in}",
        "  metrics: {sample_size: 2B, source: test}\n");
    add(out, "omnibox", "traces.store: {port: in}, logs.store: {port: in}",
        "  traces: {factor: 0.5, source: test}\n  logs: {factor: 0.1, source: test}\n");
    return out;
  }();
  return k_data;
}

StackSpec spec_with(const std::vector<const char*>& assignments) {
  StackSpec spec;
  for (const char* assignment : assignments) {
    REQUIRE(set_field(spec, assignment));
  }
  spec.calibration.values["spans_per_second"] = 3000;
  return spec;
}

SizingReport plan(const StackSpec& spec, Model model) {
  auto report = size_stack(spec, data(), model);
  REQUIRE_MESSAGE(report, report.error().message);
  return std::move(*report);
}

// The chosen store in the place of the default one, whatever the model.
void check_replaced(const char* setting, const char* store, const char* instead_of, Signal signal) {
  const StackSpec chosen = spec_with({setting});
  for (const auto& [model, name] : names_of(Model{})) {
    CAPTURE(std::string(name));
    CAPTURE(store);
    const SizingReport report = plan(chosen, model);
    const ComponentPlan* plan_of_store = report.find(store);
    REQUIRE(plan_of_store != nullptr);
    CHECK(plan_of_store->title == fmt::format("The {}", store));
    CHECK(plan_of_store->stores == std::vector<Signal>{signal});
    CHECK(plan_of_store->memory.chosen.value > 0);
    CHECK(plan_of_store->disk.formula->value >= plan_of(report.signals, signal).stored.value);
    CHECK(report.find(instead_of) == nullptr);
    CHECK(std::ranges::count(report.disks, store, &DiskOutlook::component) == 1);
    CHECK(report.find("otel-collector") != nullptr);
  }
}

}  // namespace

TEST_CASE("a chosen store of traces or logs takes the place of the default one in every model") {
  check_replaced("traces.backend=tracebox", "tracebox", "jaeger", Signal::traces);
  check_replaced("logs.backend=logbox", "logbox", "loki", Signal::logs);
}

TEST_CASE("a chosen store of metrics joins Prometheus in the stack and replaces it in the table") {
  const StackSpec chosen = spec_with({"metrics.backend=metricbox"});
  for (const auto& [model, name] : names_of(Model{})) {
    CAPTURE(std::string(name));
    const SizingReport report = plan(chosen, model);
    CHECK(report.find("metricbox") != nullptr);
    CHECK((report.find("prometheus") != nullptr) == (model == Model::recommended));
    CHECK(plan_of(report.signals, Signal::metrics).stored.value > 0);
  }
}

TEST_CASE("one store for two signals is one row with what both rows had") {
  const StackSpec chosen = spec_with({"traces.backend=omnibox", "logs.backend=omnibox"});
  const SizingReport before = plan(spec_with({}), Model::documented);
  for (const Model model : {Model::documented, Model::table, Model::published}) {
    const SizingReport report = plan(chosen, model);
    CHECK(report.components.size() == before.components.size() - 1);
    const ComponentPlan* omnibox = report.find("omnibox");
    REQUIRE(omnibox != nullptr);
    CHECK(omnibox->stores == std::vector<Signal>{Signal::traces, Signal::logs});
    CHECK(omnibox->memory.table.value == doctest::Approx(before.find("jaeger")->memory.table.value +
                                                         before.find("loki")->memory.table.value));
    CHECK(report.table_memory.value == doctest::Approx(before.table_memory.value));
  }
  const SizingReport documented = plan(chosen, Model::documented);
  CHECK(documented.find("omnibox")->memory.formula->value ==
        doctest::Approx(before.find("jaeger")->memory.formula->value +
                        before.find("loki")->memory.formula->value));
}

TEST_CASE(
    "the documents' formula of a signal holds for whatever stores it, published rules do not") {
  const StackSpec chosen = spec_with({"logs.backend=logbox"});
  const SizingReport documented = plan(chosen, Model::documented);
  CHECK(documented.find("logbox")->memory.formula->value ==
        plan(spec_with({}), Model::documented).find("loki")->memory.formula->value);
  CHECK_FALSE(plan(chosen, Model::published).find("logbox")->memory.formula);
  CHECK(documented.loki_mode.empty());
  CHECK(plan(chosen, Model::recommended).find("logbox")->memory.documented);
}

TEST_CASE("the check names a chosen store, and its limits are the spec's") {
  StackSpec chosen = spec_with({"logs.backend=logbox", "logs.lines=1000/s"});
  const auto fails = [&] {
    const auto findings = check_stack(chosen, data(), plan(chosen, Model::documented), {});
    REQUIRE(findings);
    return std::ranges::count(*findings, "disk.logbox", &Finding::id) == 1;
  };
  CHECK(fails());
  chosen.components["logbox"].disk = Bytes::from_gb(200);
  CHECK_FALSE(fails());
}

TEST_CASE("a choice that does not store the signal is refused in every model") {
  for (const auto& [model, name] : names_of(Model{})) {
    const auto report = size_stack(spec_with({"traces.backend=logbox"}), data(), model);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Code::usage);
  }
}

TEST_CASE("every row of a tier is sized by the rules of a folder") {
  for (const auto& tier : data().tiers) {
    for (const auto& row : tier.components) {
      CHECK_MESSAGE(data().sizing_of(row.component) != nullptr, row.name);
    }
  }
}
