// SPDX-License-Identifier: Apache-2.0
// Applies the sizing rules of the components and fits the result into the host.
#include "lib/sizing/recommend.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/amounts.hpp"
#include "lib/sizing/host.hpp"
#include "lib/sizing/settings.hpp"

namespace obsctl::sizing {
namespace {

constexpr double k_passing_days = 2;  // rules, recovery and a look back, in front of another store

// Steps that a person would write into a file.
constexpr double k_cpu_step = 0.05;
constexpr double k_memory_step = 32 * 1024 * 1024 / 1e9;  // 32 MiB, in GB
constexpr double k_disk_step = 1;                         // GB

// One resource: how its rule's bytes become the plan's unit.
struct Resource {
  const char* name;
  const char* unit;
  double scale;  // of the rule's numbers
  double step;
};
constexpr Resource k_cpus = {"cpus", "cores", 1, k_cpu_step};
constexpr Resource k_memory = {"memory", "GB", 1e-9, k_memory_step};
constexpr Resource k_disk = {"disk", "GB", 1e-9, k_disk_step};

class ComponentSizer {
 public:
  ComponentSizer(const Selected& component, const ComponentInputs& in, Amounts amounts)
      : component_(component), in_(in), amounts_(std::move(amounts)) {}

  [[nodiscard]] ComponentPlan plan(int instances) {
    ComponentPlan out;
    out.name = component_.name;
    out.title = component_.title;
    out.role = component_.role;
    out.table_instances = component_.row != nullptr ? component_.row->instances : 0;
    out.instances = instances;
    for (const auto& kept : component_.keeps) {
      out.stores.push_back(kept.signal);
    }
    const auto& rules = *component_.rules;
    count_ = std::max(instances, 1);
    out.cpus = choose(k_cpus, rules.cpus, rule(k_cpus, rules.cpus));
    amounts_["cores"] = load_cores(rules.cpus).input();
    out.memory = choose(k_memory, rules.memory, rule(k_memory, rules.memory));
    if (rules.disk.floor > 0) {
      out.disk = choose(k_disk, rules.disk, rule(k_disk, rules.disk));
    } else {
      out.disk.table = out.disk.chosen =
          named(given("no disk", 0, "GB", "it keeps nothing"), k_disk);
    }
    return out;
  }

 private:
  // What the load alone takes of all instances: memory that grows with cores must not grow with the
  // floor.
  [[nodiscard]] Quantity load_cores(catalog::ResourceRule cpus) const {
    cpus.floor = 0;
    Quantity each = rule({k_cpus.name, k_cpus.unit, k_cpus.scale, 0}, cpus);
    each.name = "cores that the load takes";
    return calc("D17", "cores that the load takes, all instances",
                {each.input(), {"instances", count_, "", "plan"}}, "cores");
  }

  [[nodiscard]] Quantity named(Quantity quantity, const Resource& resource) const {
    quantity.name = fmt::format("{} of {}", resource.name, component_.name);
    quantity.key = fmt::format("{}.{}", component_.name, resource.name);
    return quantity;
  }

  void add_terms(const catalog::ResourceRule& rule, const Resource& resource,
                 std::vector<Input>& inputs) const {
    for (const auto& term : rule.per) {
      const Input& of = amounts_.at(term.of);
      inputs.push_back(of);
      inputs.push_back({"takes", term.takes * resource.scale, resource.unit, rule.source.text});
      inputs.push_back({"for each", term.per, of.unit, rule.source.text});
    }
  }

  [[nodiscard]] Quantity rule(const Resource& resource, const catalog::ResourceRule& rule) const {
    const std::string& source = rule.source.text;
    std::vector<Input> inputs = {
        {"floor", rule.floor * resource.scale, resource.unit, source},
        {"step", resource.step, resource.unit, "written in steps that read well"},
        {"instances", count_, "", "plan"}};
    const char* formula = "R01";
    if (rule.points) {
      formula = "R02";
      inputs.push_back(amounts_.at(rule.points->of));
      inputs.push_back({"lower load", rule.points->at[0], inputs.back().unit, source});
      inputs.push_back({"takes", rule.points->take[0] * resource.scale, resource.unit, source});
      inputs.push_back({"upper load", rule.points->at[1], inputs[3].unit, source});
      inputs.push_back({"takes", rule.points->take[1] * resource.scale, resource.unit, source});
      inputs.push_back(in_.load.copies);
      inputs.push_back({"more per copy", rule.replicated * resource.scale, resource.unit, source});
    } else {
      inputs.push_back({"base", rule.base * resource.scale, resource.unit, source});
      if (rule.headroom > 0) {
        formula = "R03";
        inputs.push_back(stored().input());
        inputs.push_back({"head-room", rule.headroom, "", source});
      }
      add_terms(rule, resource, inputs);
    }
    Quantity out = named(calc(formula, "", std::move(inputs), resource.unit), resource);
    out.why = rule.source.text;
    out.url = rule.source.url;
    out.source = source;
    return out;
  }

  // GB on this component's disks over the retention, all copies.
  [[nodiscard]] Quantity stored() const {
    std::vector<Quantity> parts;
    for (const auto& kept : component_.keeps) {
      parts.push_back(stored_of(kept, component_, in_));
    }
    return parts.size() == 1 ? parts.front() : sum_of("stored", parts);
  }

  [[nodiscard]] Choice choose(const Resource& resource, const catalog::ResourceRule& rule,
                              Quantity asked) const {
    Choice out;
    out.floor = rule.floor * resource.scale;
    out.table = table(resource);
    out.chosen = asked;
    out.reason = asked.value * (1 - 1e-9) <= out.floor + resource.step ? "floor" : "rule";
    if (const auto own = override_of(resource)) {
      out.chosen = named(given(resource.name, *own, resource.unit,
                               fmt::format("components.{}.{}", component_.name, resource.name)),
                         resource);
      out.reason = "set in the spec";
      out.overridden = true;
      out.floor = *own;
    }
    out.formula = std::move(asked);
    return out;
  }

  [[nodiscard]] Quantity table(const Resource& resource) const {
    const catalog::TierComponent* row = component_.row;
    const std::string name = fmt::format("{} {} of the table", component_.name, resource.name);
    if (row == nullptr) {
      return given(name, 0, resource.unit, "not in the reference documents' table");
    }
    const double value = resource.name == k_cpus.name     ? row->cpus
                         : resource.name == k_memory.name ? row->memory.gb()
                         : row->instances > 0             ? row->disk.gb()
                                                          : row->total_disk.gb();
    return given(name, value, resource.unit, catalog::k_documents);
  }

  [[nodiscard]] std::optional<double> override_of(const Resource& resource) const {
    const auto found = in_.spec.components.find(component_.name);
    if (found == in_.spec.components.end()) {
      return std::nullopt;
    }
    const ComponentOverride& own = found->second;
    if (resource.name == k_cpus.name) {
      return own.cpus;
    }
    const auto& bytes = resource.name == k_memory.name ? own.memory : own.disk;
    return bytes ? std::optional(bytes->gb()) : std::nullopt;
  }

  const Selected& component_;
  const ComponentInputs& in_;
  Amounts amounts_;
  double count_ = 1;
};

const Input& days_of(Signal signal, const Load& load) {
  switch (signal) {
    case Signal::traces: return load.trace_days;
    case Signal::metrics: return load.metric_days;
    case Signal::logs: break;
  }
  return load.log_days;
}

}  // namespace

Input kept_days(const Kept& kept, const Load& load) {
  const Input& asked = days_of(kept.signal, load);
  if (!kept.passing) {
    return asked;
  }
  return calc("D22", "days kept in front of the store",
              {asked, {"at most", k_passing_days, "days", "rules, recovery and a look back"}},
              "days")
      .input();
}

Quantity daily_of(const Kept& kept, const Selected& component, const ComponentInputs& in) {
  const Quantity& daily = plan_of(in.signals, kept.signal).daily;
  if (!kept.passing) {
    return daily;
  }
  if (kept.signal != Signal::metrics) {
    const auto name = catalog::signal_name(kept.signal);
    return given(fmt::format("{} per day in front of the store", name), 0, daily.unit,
                 fmt::format("nothing is sent to a second store of {}", name));
  }
  const catalog::StoredRule& rule = component.rules->stores.at(kept.signal);
  return calc("F02", "metrics per day in front of the store",
              {in.load.series,
               in.load.interval,
               {"bytes per sample", rule.sample_size, "B", rule.source.text}});
}

Quantity stored_of(const Kept& kept, const Selected& component, const ComponentInputs& in) {
  return calc("D04", fmt::format("{} stored", catalog::signal_name(kept.signal)),
              {daily_of(kept, component, in).input(), kept_days(kept, in.load), in.load.copies});
}

Recommended recommend(const ComponentInputs& in, const std::vector<Selected>& selected) {
  const Amounts amounts = load_amounts(in.spec, in.load, in.signals);
  Recommended out;
  for (const auto& component : selected) {
    if (component.rules == nullptr) {
      continue;
    }
    Instances instances = count_instances(
        in, component.name,
        {component.instances, component.row != nullptr ? "tier table" : "one on the host"});
    out.components.push_back(ComponentSizer(component, in, amounts).plan(instances.count));
    out.components.back().instances_reason = std::move(instances.reason);
  }
  if (in.tier.single_node) {
    out.host = plan_host(in.spec, in.catalogs, out.components);
    cut_to_fit(*out.host, out.components);
  }
  for (auto& plan : out.components) {
    const auto component = std::ranges::find(selected, plan.name, &Selected::name);
    plan.settings = derive_settings(*component, in, amounts, plan);
  }
  return out;
}

}  // namespace obsctl::sizing
