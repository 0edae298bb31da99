// SPDX-License-Identifier: Apache-2.0
// Kafka: brokers, memory and disk by the documents' formulas, beside what their tables say.
#include <fmt/format.h>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/amounts.hpp"
#include "lib/sizing/formulas.hpp"
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

constexpr const char* k_name = "kafka";

Instances asked_brokers(const StackSpec& spec) {
  return {static_cast<int>(spec.sizing.kafka_brokers), "sizing.kafka_brokers"};
}

// What is received, before sampling.
Quantity daily(const ComponentInputs& in) {
  std::vector<Quantity> parts;
  for (const auto& signal : in.signals) {
    parts.push_back(signal.raw ? *signal.raw : signal.daily);
  }
  return sum_of("through Kafka per day", parts);
}

Quantity brokers(const ComponentInputs& in, const catalog::TierComponent* row) {
  if (in.spec.sizing.kafka_brokers > 0 || row == nullptr) {
    return given("brokers", in.spec.sizing.kafka_brokers, "", "sizing.kafka_brokers");
  }
  return given("brokers", row->instances, "", "tier " + in.tier.name);
}

std::vector<std::string> other_tables(const ComponentInputs& in) {
  std::vector<std::string> out;
  for (const auto& table : in.catalogs.models.brokers) {
    const std::size_t scale = table.scale(in.load.events.value);
    out.push_back(fmt::format("{}: {} brokers", table.table, table.brokers[scale]));
    if (!table.partitions.empty()) {
      out.back() += fmt::format(", {} partitions per topic", table.partitions[scale]);
    }
  }
  return out;
}

// Nothing when neither tier nor spec has any.
std::optional<KafkaPlan> plan(const ComponentInputs& in) {
  const catalog::TierComponent* row = in.tier.find(k_name);
  if (row == nullptr && in.spec.sizing.kafka_brokers <= 0) {
    return std::nullopt;
  }
  const SizingSpec& sizing = in.spec.sizing;
  KafkaPlan out;
  out.brokers = brokers(in, row);
  out.partitions = queue_partitions(in.spec);
  out.daily = daily(in);
  // The documents' example brokers have "8 GB" and "32 GB", which the formula takes as plain
  // numbers.
  const Input memory = row != nullptr
                           ? Input{"broker's memory", row->memory.gib(), "GB", catalog::k_documents}
                           : Input{"broker's memory", 8, "GB", catalog::k_documents};
  out.memory = calc("F07", "Kafka memory per broker", {out.partitions.input(), memory});
  out.disk = calc("F08", "Kafka disk per broker",
                  {out.daily.input(),
                   {"retention", sizing.kafka_retention.days(), "days", "sizing.kafka_retention"},
                   {"replication", sizing.kafka_replication, "", "sizing.kafka_replication"},
                   out.brokers.input()});
  out.table_disk = given("Kafka disk of the table", row != nullptr ? row->disk.gb() : 0, "GB",
                         row != nullptr ? catalog::k_documents : "none");
  out.other_tables = other_tables(in);
  return out;
}

void add_formulas(const ComponentInputs& in, ComponentPlan& out) {
  const auto kafka = plan(in);
  if (!kafka) {
    return;
  }
  if (in.model != Model::table) {
    out.memory.formula = kafka->memory;
  }
  out.disk.formula = kafka->disk;
}

void add_plan(const ComponentInputs& in, SizingReport& out) {
  out.kafka = plan(in);
  if (out.kafka) {
    out.kafka->brokers.key = "kafka.brokers";
    out.kafka->partitions.key = "kafka.partitions";
    out.kafka->daily.key = "kafka.daily";
  }
}

double disk_of(const StackSpec& spec, const KafkaPlan& kafka) {
  const auto own = spec.components.find(k_name);
  return own != spec.components.end() && own->second.disk ? own->second.disk->gb()
                                                          : kafka.table_disk.value;
}

std::string gb(double value) {
  return human_bytes(Bytes::from_gb(value));
}

void check(const StackSpec& spec, const SizingReport& report, Findings& out) {
  if (!report.kafka || report.kafka->table_disk.value <= 0) {
    return;
  }
  const KafkaPlan& kafka = *report.kafka;
  const double has = disk_of(spec, kafka);
  if (has < kafka.disk.value) {
    out.push_back(
        {.id = "disk.kafka",
         .subject = k_name,
         .message = fmt::format("a broker needs {} and has {}", gb(kafka.disk.value), gb(has)),
         .evidence = source_of("F08"),
         .hint = "more brokers, a shorter 'sizing.kafka_retention', or larger disks",
         .settings = {{fmt::format("components.{}.disk", k_name),
                       fmt::format("{:.0f}GB", std::ceil(kafka.disk.value))}}});
  }
  if (spec.sizing.kafka_replication > kafka.brokers.value) {
    out.push_back(
        {.id = "kafka.replication",
         .subject = "sizing.kafka_replication",
         .message = fmt::format("{:g} copies need at least as many brokers; there are {:g}",
                                spec.sizing.kafka_replication, kafka.brokers.value),
         .evidence = source_of("F08"),
         .hint = "add brokers or keep fewer copies",
         .settings = {{"sizing.kafka_brokers", print_count(spec.sizing.kafka_replication)}},
         .alternatives = {{{"sizing.kafka_replication", print_count(kafka.brokers.value)}}}});
  }
}

}  // namespace

OwnRules kafka() {
  return {.component = k_name,
          .instances = asked_brokers,
          .formulas = add_formulas,
          .report = add_plan,
          .check = check};
}

}  // namespace obsctl::sizing::own
