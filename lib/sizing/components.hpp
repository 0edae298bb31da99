// Instances, cores, memory and disk of each component of a tier, by each model.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// What the component rules read; made once per model.
struct ComponentInputs {
  const StackSpec& spec;
  const catalog::Tier& tier;
  const catalog::ModelData& data;
  Model model;
  const Load& load;
  const std::vector<SignalPlan>& signals;
};

[[nodiscard]] std::vector<ComponentPlan> plan_components(const ComponentInputs& in);

// Memory (GB) and cores that the model asks for over all instances of the collectors, the metrics
// store, the traces store and the logs store; nothing where it has no rule.
enum class Part { collector, metrics, traces, logs };
[[nodiscard]] std::optional<Quantity> memory_rule(const ComponentInputs& in, Part part);
[[nodiscard]] std::optional<Quantity> cpu_rule(const ComponentInputs& in, Part part);

// GB per day that pass through Kafka: what is received, before sampling.
[[nodiscard]] Quantity kafka_daily(const ComponentInputs& in);

// The tier's brokers, or the spec's.
[[nodiscard]] Quantity kafka_brokers(const ComponentInputs& in);

// Brokers, memory and disk of Kafka; nothing when neither tier nor spec has any.
[[nodiscard]] std::optional<KafkaPlan> plan_kafka(const ComponentInputs& in);

}  // namespace obsctl::sizing
