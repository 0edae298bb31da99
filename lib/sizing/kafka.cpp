// Kafka: brokers, memory and disk by the seed's formulas, beside what its tables say.
#include <fmt/format.h>

#include "lib/sizing/components.hpp"

namespace obsctl::sizing {

Quantity kafka_daily(const ComponentInputs& in) {
  std::vector<Quantity> parts;
  for (const auto& signal : in.signals) {
    parts.push_back(signal.raw ? *signal.raw : signal.daily);
  }
  return sum_of("through Kafka per day", parts);
}

Quantity kafka_brokers(const ComponentInputs& in) {
  const catalog::TierComponent* row = in.tier.find("kafka");
  if (in.spec.sizing.kafka_brokers > 0 || row == nullptr) {
    return given("brokers", in.spec.sizing.kafka_brokers, "", "sizing.kafka_brokers");
  }
  return given("brokers", row->instances, "",
               fmt::format("tier {} ({})", in.tier.name, row->source));
}

std::optional<KafkaPlan> plan_kafka(const ComponentInputs& in) {
  const catalog::TierComponent* row = in.tier.find("kafka");
  if (row == nullptr && in.spec.sizing.kafka_brokers <= 0) {
    return std::nullopt;
  }
  constexpr double k_topics = 3;  // otlp-traces, otlp-metrics, otlp-logs (A04)
  KafkaPlan out;
  out.brokers = kafka_brokers(in);
  out.partitions = calc(
      "D17", "partitions",
      {{"topics", k_topics, "", "004:1305"},
       {"partitions per topic", in.spec.sizing.kafka_partitions, "", "sizing.kafka_partitions"}},
      "partitions");
  out.daily = kafka_daily(in);
  // The seed's example brokers have "8 GB" and "32 GB", which its formula takes as plain numbers.
  const Input memory = row != nullptr
                           ? Input{"broker's memory", row->memory.gib(), "GB", row->source}
                           : Input{"broker's memory", 8, "GB", "004:3763"};
  out.memory = calc("F07", "Kafka memory per broker", {out.partitions.input(), memory});
  out.disk =
      calc("F08", "Kafka disk per broker",
           {out.daily.input(),
            {"retention", in.spec.sizing.kafka_retention.days(), "days", "sizing.kafka_retention"},
            {"replication", in.spec.sizing.kafka_replication, "", "sizing.kafka_replication"},
            out.brokers.input()});
  out.table_disk = given("Kafka disk of the table", row != nullptr ? row->disk.gb() : 0, "GB",
                         row != nullptr ? row->source : "none");
  for (const auto& table : in.data.kafka) {
    const std::size_t scale = table.scale(in.load.events.value);
    std::string text =
        fmt::format("{} ({}): {} brokers", table.table, table.source, table.brokers[scale]);
    if (!table.partitions.empty()) {
      text += fmt::format(", {} partitions per topic", table.partitions[scale]);
    }
    out.other_tables.push_back(std::move(text));
  }
  return out;
}

}  // namespace obsctl::sizing
