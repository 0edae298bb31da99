// SPDX-License-Identifier: Apache-2.0
// The whole plan: it says what the golden numbers say, explains every number, and rises with the
// load.
#include "lib/sizing/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "lib/sizing/formulas.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

namespace {

const Catalogs& data() {
  static const Catalogs k_data = load_catalogs().value();
  return k_data;
}

SizingReport plan(const StackSpec& spec, Model model = Model::documented) {
  auto report = size_stack(spec, data(), model);
  REQUIRE_MESSAGE(report, report.error().message);
  return std::move(*report);
}

// As the documents have it: they know no rate up to which every trace is kept.
StackSpec tier(const char* name) {
  StackSpec spec;
  spec.tier = name;
  spec.traces.keep_all_below = {0};
  return spec;
}

const ComponentPlan& component(const SizingReport& report, const std::string& name) {
  const auto found = std::ranges::find(report.components, name, &ComponentPlan::name);
  REQUIRE(found != report.components.end());
  return *found;
}

const ModelRow& model_row(const SizingReport& report, const std::string& name) {
  const auto found = std::ranges::find(report.models, name, &ModelRow::name);
  REQUIRE(found != report.models.end());
  return *found;
}

constexpr const char* k_tiers[] = {"small", "medium", "large", "xlarge"};
constexpr Model k_always[] = {Model::recommended, Model::documented, Model::table,
                              Model::published};

}  // namespace

TEST_CASE("every trace is kept up to a rate, and the share beyond") {
  const auto kept = [](double spans, double below) {
    StackSpec spec = tier("small");
    spec.traces.spans = Rate{spans};
    spec.traces.keep_all_below = {below};
    return plan(spec).signals[0].kept->value;
  };
  CHECK(kept(800, 1000) == doctest::Approx(1));
  CHECK(kept(5000, 1000) == doctest::Approx(0.2 + 0.8 * 0.1225));
  CHECK(kept(50'000, 1000) == doctest::Approx(0.02 + 0.98 * 0.1225));
  CHECK(kept(5000, 0) == doctest::Approx(0.1225));
}

TEST_CASE("documented: the small tier at its own rates (Z29, S-01, J05)") {
  const SizingReport report = plan(tier("small"));
  CHECK(report.signals[0].raw->value == doctest::Approx(432));
  CHECK(report.signals[0].kept->value == doctest::Approx(0.1225));
  CHECK(report.signals[0].daily.value == doctest::Approx(52.92));
  CHECK(report.signals[1].daily.value == doctest::Approx(1.728));
  CHECK(report.signals[2].daily.value == doctest::Approx(129.6));
  CHECK(report.raw_daily->value == doctest::Approx(563.328));
  CHECK(report.signals[0].stored.value == doctest::Approx(52.92 * 7));
  CHECK(report.signals[1].stored.value == doctest::Approx(1.728 * 15));
  const ComponentPlan& collector = component(report, "otel-collector");
  CHECK(collector.memory.formula->value == doctest::Approx(11));  // F05, Z10
  CHECK(collector.memory.table.value == doctest::Approx(Bytes::from_gib(2).gb()));
  CHECK(collector.memory.reason == "formula exceeds the table");
  CHECK(collector.cpus.reason == "table covers the formula");
  CHECK(report.network.ingress.value == doctest::Approx(52));  // Z39
  CHECK(report.tail_traces.value == doctest::Approx(10000));   // D-TAIL
  CHECK_FALSE(report.kafka.has_value());
}

TEST_CASE("table: the tiers' own figures, in proportion to the load (Z24-Z27)") {
  const double daily[] = {50, 475, 2300, 10500};
  for (std::size_t i = 0; i < 4; ++i) {
    StackSpec spec = tier(k_tiers[i]);
    const SizingReport report = plan(spec, Model::table);
    CAPTURE(report.tier);
    // XLarge has no throughput table; its series follow from its GB per day.
    CHECK(report.daily.value == doctest::Approx(daily[i]));
    CHECK(report.cpus.value == doctest::Approx(report.table_cpus.value));
    CHECK(report.memory.value == doctest::Approx(report.table_memory.value));
    spec.traces.spans = Rate{report.load.spans.value / 2};
    spec.logs.lines = Rate{report.load.lines.value};
    spec.metrics.series = report.load.series.value;
    CHECK(plan(spec, Model::table).signals[0].daily.value ==
          doctest::Approx(report.signals[0].daily.value / 2));
  }
}

TEST_CASE("published: 2 bytes per sample, one core per 15k spans, 20k samples or 10k lines") {
  const SizingReport report = plan(tier("small"), Model::published);
  CHECK(report.signals[1].daily.value == doctest::Approx(100000 * 5760 * 2.0 / 1e9));
  const ComponentPlan& collector = component(report, "otel-collector");
  CHECK(collector.cpus.formula->value ==
        doctest::Approx(5000.0 / 15000 + 100000.0 / 15 / 20000 + 5000.0 / 10000));
  CHECK(collector.memory.formula->value == doctest::Approx(collector.cpus.formula->value * 2));
  CHECK_FALSE(component(report, "jaeger").memory.formula.has_value());  // Jaeger publishes no rule
  // Mimir at 500k series: 12.5 GB for the ingesters (config-truth-storage §5) and 1.33 for
  // distributors.
  const SizingReport medium = plan(tier("medium"), Model::published);
  CHECK(component(medium, "mimir").memory.formula->value * 3 ==
        doctest::Approx(12.5 + 500000.0 / 15 / 25000));
}

TEST_CASE("every number names a formula of the registry and follows from its inputs") {
  for (const char* name : k_tiers) {
    for (const Model model : k_always) {
      StackSpec spec = tier(name);
      spec.sizing.growth_per_month = Share{0.05};
      const SizingReport report = plan(spec, model);
      for (const Quantity* quantity : quantities(report)) {
        CAPTURE(quantity->name);
        const Formula* formula = find_formula(quantity->formula);
        REQUIRE(formula != nullptr);
        REQUIRE_FALSE(quantity->inputs.empty());
        CHECK_FALSE(quantity->source.empty());
        std::vector<double> inputs;
        for (const auto& input : quantity->inputs) {
          CHECK_FALSE(input.name.empty());
          CHECK_FALSE(input.source.empty());
          inputs.push_back(input.value);
        }
        const double again = formula->eval(inputs);
        CHECK((again == quantity->value || (std::isinf(again) && std::isinf(quantity->value))));
      }
    }
  }
}

TEST_CASE("more load or longer retention never needs less") {
  const auto needs = [](const SizingReport& report) {
    return std::vector<double>{report.daily.value,      report.stored.value,
                               report.cpus.value,       report.memory.value,
                               report.disk.value,       report.network.ingress.value,
                               report.tail_traces.value};
  };
  const auto rises = [&](const StackSpec& less, const StackSpec& more, Model model) {
    const auto a = needs(plan(less, model));
    const auto b = needs(plan(more, model));
    for (std::size_t i = 0; i < a.size(); ++i) {
      CAPTURE(i);
      CHECK(b[i] >= a[i]);
    }
  };
  for (const char* name : k_tiers) {
    for (const Model model : k_always) {
      for (const double factor : {1.1, 3.0, 100.0}) {
        CAPTURE(std::string(name));
        CAPTURE(factor);
        StackSpec base = tier(name);
        base.traces.spans = Rate{3000};
        base.metrics.series = 50000;
        base.logs.lines = Rate{3000};
        base.traces.retention = Duration::from_days(7);
        base.metrics.retention = Duration::from_days(7);
        base.logs.retention = Duration::from_days(7);
        StackSpec more = base;
        more.traces.spans = Rate{3000 * factor};
        rises(base, more, model);
        more = base;
        more.metrics.series = 50000 * factor;
        rises(base, more, model);
        more = base;
        more.logs.lines = Rate{3000 * factor};
        rises(base, more, model);
        more = base;
        more.logs.retention = Duration::from_days(7 * factor);
        rises(base, more, model);
        more = base;
        more.sizing.replication = factor;
        rises(base, more, model);
      }
    }
  }
}

TEST_CASE("models that differ by more than 2x say which one to trust, and why") {
  const SizingReport report = plan(tier("medium"));
  const ModelRow& memory = model_row(report, "collector memory");
  CHECK(memory.spread == doctest::Approx(101.0 / 10));  // F05 against F12 (G-03)
  CHECK(memory.trusted == "recommended");
  CHECK_FALSE(memory.why.empty());
  CHECK(model_row(report, "logs stored").trusted == "recommended");
  const ModelRow& cores = model_row(report, "collector cores");
  CHECK(cores.spread < 2);
  CHECK(cores.trusted.empty());
  for (const auto& row : report.models) {
    CAPTURE(row.name);
    CHECK((row.spread > 2) == !row.trusted.empty());
  }
}

TEST_CASE(
    "measured: calibrated values replace the documented ones, and a given rate replaces both") {
  StackSpec spec = tier("small");
  CHECK_FALSE(size_stack(spec, data(), Model::measured));
  spec.calibration.measured_at = "2026-11-21T00:00:00Z";
  spec.calibration.values = {{calibrated::spans, 1000},   {calibrated::span_size, 400},
                             {calibrated::kept, 0.5},     {calibrated::series, 30000},
                             {calibrated::samples, 1000}, {calibrated::sample_size, 1.5},
                             {calibrated::line_size, 60}};
  const SizingReport report = plan(spec, Model::measured);
  CHECK(report.signals[0].daily.value == doctest::Approx(1000.0 * 86400 * 400 * 0.5 / 1e9));
  CHECK(report.signals[1].daily.value == doctest::Approx(1000.0 * 86400 * 1.5 / 1e9));
  CHECK(report.signals[2].daily.value ==
        doctest::Approx(5000.0 * 86400 * 60 / 1e9));  // rate of the tier
  CHECK(report.load.spans.source == "measured 2026-11-21T00:00:00Z");
  // The documented model does not look at the calibration.
  CHECK(plan(spec).signals[0].raw->value == doctest::Approx(432));
  spec.traces.spans = Rate{2000};
  CHECK(plan(spec, Model::measured).load.spans.value == 2000);
}

TEST_CASE("kafka: formula beside table (G-04), more brokers need less each") {
  StackSpec spec = tier("medium");
  const SizingReport table = plan(spec, Model::table);
  REQUIRE(table.kafka.has_value());
  CHECK(table.kafka->disk.value == doctest::Approx(475));     // Z15
  CHECK(table.kafka->memory.value == doctest::Approx(4.36));  // Z13
  CHECK(table.kafka->table_disk.value == doctest::Approx(200));
  CHECK(component(table, "kafka").disk.reason == "formula exceeds the table");
  spec.sizing.kafka_brokers = 5;
  const SizingReport more = plan(spec, Model::table);
  CHECK(more.kafka->disk.value == doctest::Approx(475 * 3 / 5.0));
  CHECK(component(more, "kafka").instances == 5);
  CHECK(plan(tier("large"), Model::table).kafka->disk.value == doctest::Approx(1380));  // Z16
  StackSpec small = tier("small");
  small.sizing.kafka_brokers = 3;
  CHECK(plan(small).kafka.has_value());
}

TEST_CASE("high availability raises the instances to the minimum (J09)") {
  StackSpec spec = tier("medium");
  CHECK(component(plan(spec), "postgresql").instances == 1);
  spec.sizing.ha = true;
  const SizingReport report = plan(spec);
  CHECK(component(report, "postgresql").instances == 2);
  CHECK(report.instances.value == 22);
  for (const auto& row : report.availability) {
    CAPTURE(row.component);
    CHECK(row.instances >= row.minimum);
  }
}

TEST_CASE("an override of the spec takes the place of the table") {
  StackSpec spec = tier("small");
  spec.components["loki"].disk = Bytes::from_gb(2000);
  const SizingReport report = plan(spec);
  CHECK(component(report, "loki").disk.chosen.value == doctest::Approx(2000));
  CHECK(component(report, "loki").disk.table.source == "components.loki.disk");
  const auto disk = std::ranges::find(report.disks, "loki", &DiskOutlook::component);
  REQUIRE(disk != report.disks.end());
  CHECK(std::isinf(disk->full_days.value));
}

TEST_CASE("disks say when they are full (Z33), counting growth") {
  StackSpec spec = tier("small");
  spec.traces.retention = Duration::from_days(30);
  spec.metrics.retention = Duration::from_days(30);
  spec.logs.retention = Duration::from_days(30);
  const SizingReport report = plan(spec, Model::table);
  REQUIRE(report.disks.size() == 3);
  CHECK(report.disks[0].full_days.value == doctest::Approx(20));  // metrics
  CHECK(report.disks[1].full_days.value == doctest::Approx(5));   // traces
  CHECK(report.disks[2].full_days.value == doctest::Approx(4));   // logs
  spec.sizing.growth_per_month = Share{0.2};
  CHECK(plan(spec, Model::table).disks[0].full_days.value < 20);
}

TEST_CASE("cost: hosts that hold the plan, disks at the book's price, the seed's TCO") {
  StackSpec spec = tier("medium");
  spec.sizing.provider = Vendor::aws;
  const SizingReport report = plan(spec, Model::table);
  REQUIRE(report.cost.providers.size() == 1);
  const CostRow& aws = report.cost.providers.front();
  CHECK(aws.hosts->value == 9);  // 72 cores on hosts of 8, not the table's 7 (G-09)
  CHECK(aws.hosts_low.value == doctest::Approx(9 * 2000.0 / 7));
  CHECK(aws.low.value == doctest::Approx(aws.hosts_low.value + aws.storage_low->value));
  CHECK(aws.instance_types.find("kafka r6i.xlarge") != std::string::npos);
  CHECK(report.cost.tco_low.value == 1100);  // K02
  CHECK(report.cost.tco_high.value == 4000);
  CHECK(report.cost.saving_low->value == doctest::Approx(1 - 1100.0 / 5000));
  REQUIRE(report.cost.dr.size() == 3);
  CHECK(report.cost.dr[1].low.value == doctest::Approx(aws.low.value * 1.5));
}

TEST_CASE("the tier follows from the load, by the tier definitions (CT-01)") {
  StackSpec spec;
  CHECK(tier_by_load(spec, data()) == "small");
  spec.traces.spans = Rate{9000};
  CHECK(tier_by_load(spec, data()) == "small");
  spec.logs.lines = Rate{2000};
  CHECK(tier_by_load(spec, data()) == "medium");
  StackSpec metrics;
  metrics.metrics.series = 50e6;
  CHECK(tier_by_load(metrics, data()) == "xlarge");
  spec.tier = "medium";
  const SizingReport report = plan(spec);
  CHECK(report.tier_by_load == "medium");
  CHECK(report.other_tiers.size() == 3);
  CHECK(
      std::ranges::any_of(report.notes, [](const Note& note) { return note.id == "tier_lines"; }));
  CHECK_FALSE(size_stack(tier("huge"), data(), Model::documented));
}
