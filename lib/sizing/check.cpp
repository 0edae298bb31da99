// SPDX-License-Identifier: Apache-2.0
// Holds a plan against what the spec declares and what the generated configs are limited to.
#include "lib/sizing/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/components.hpp"
#include "lib/sizing/formulas.hpp"
#include "lib/sizing/own/registry.hpp"
#include "lib/sizing/signals.hpp"

namespace obsctl::sizing {
namespace {

std::string gb(double value) {
  return human_bytes(Bytes::from_gb(value));
}

class Checker {
 public:
  Checker(const StackSpec& spec, const Catalogs& catalogs, const catalog::Tier& tier,
          const SizingReport& report, const DeclaredLimits& limits)
      : spec_(spec), catalogs_(catalogs), tier_(tier), report_(report), limits_(limits) {}

  Result<Findings> run() {
    if (report_.model == Model::recommended) {
      OBS_TRY_ASSIGN(out_, check_plan(spec_, catalogs_, report_));
      check_limiter();
      check_containers();
    } else {
      check_tier();
      check_disks();
      check_host();
      check_limiter();
      check_collector();
    }
    check_tail_sampling();
    check_own_rules();
    check_metrics_size();
    check_network();
    check_availability();
    sort_by_severity(out_);
    return std::move(out_);
  }

 private:
  // The limit that the generated files give, else the plan's.
  [[nodiscard]] double limit_of(const ComponentPlan& component) const {
    const auto declared = limits_.components.find(component.name);
    if (declared != limits_.components.end() && declared->second.memory) {
      return declared->second.memory->gb();
    }
    return report_.model == Model::recommended ? component.memory.chosen.value
                                               : component.memory.table.value;
  }

  // The finding, for what only some of them have.
  Finding& add(Severity severity, std::string id, std::string subject, std::string message,
               std::string hint, std::string evidence) {
    return out_.emplace_back(Finding{.id = std::move(id),
                                     .severity = severity,
                                     .subject = std::move(subject),
                                     .message = std::move(message),
                                     .evidence = std::move(evidence),
                                     .hint = std::move(hint)});
  }

  // The same about a number in a generated file.
  void add_declared(std::string id, const DeclaredFact& fact, std::string message, std::string hint,
                    std::string evidence) {
    add(Severity::error, std::move(id), fact.component, std::move(message), std::move(hint),
        std::move(evidence))
        .place = SourcePos{fact.file};
  }

  void check_tier() {
    if (report_.load.events.value > tier_.events_max && !tier_.open) {
      add(Severity::error, "tier.events", "tier",
          fmt::format("{} is more than the {} that the {} tier carries",
                      human_rate({report_.load.events.value}), human_rate({tier_.events_max}),
                      tier_.name),
          "use the tier that carries the load", catalog::k_documents)
          .settings = {{"tier", report_.tier_by_load}};
    }
  }

  // Disk < daily x days. One declared host disk replaces the disks of the tier table.
  void check_disks() {
    for (const auto& disk : report_.disks) {
      const bool overridden = spec_.components.contains(disk.component) &&
                              spec_.components.at(disk.component).disk.has_value();
      if (spec_.host.disk.value > 0 && !overridden) {
        continue;
      }
      if (std::isinf(disk.full_days.value)) {
        continue;
      }
      // A disk that holds today's load and only fills up as the load grows is a warning.
      const bool grows = disk.needed.value <= disk.disk.value;
      add(grows ? Severity::warning : Severity::error, "disk." + disk.component, disk.component,
          grows ? fmt::format("{} of disk for {} is full in {}, as the load grows",
                              gb(disk.disk.value), disk.component, days(disk.full_days.value))
                : fmt::format("{} needs {} for its retention and has {}: full after {}",
                              disk.component, gb(disk.needed.value), gb(disk.disk.value),
                              days(disk.full_days.value)),
          "shorten the retention, measure the real bytes with 'obsctl size --from-prometheus URL', "
          "or declare a larger disk",
          source_of("F31"))
          .settings = {{fmt::format("components.{}.disk", disk.component),
                        fmt::format("{:.0f}GB", std::ceil(disk.needed.value))}};
    }
  }

  static std::string days(double value) { return human_duration(Duration::from_days(value)); }

  void check_host() {
    const HostSpec& host = spec_.host;
    if (host.cpus > 0 && host.cpus < report_.cpus.value) {
      add(Severity::error, "host.cpus", "host",
          fmt::format("the components need {:.3g} cores and the host has {:g}", report_.cpus.value,
                      host.cpus),
          "take a larger host, or lower the limits of components", catalog::k_documents);
    }
    if (host.memory.value > 0 && host.memory.gb() < report_.memory.value) {
      add(Severity::error, "host.memory", "host",
          fmt::format("the components need {} of memory and the host has {}",
                      gb(report_.memory.value), gb(host.memory.gb())),
          "take a larger host, or size by the model 'published' or 'table'", catalog::k_documents);
    }
    if (host.disk.value > 0 && host.disk.gb() < report_.stored.value) {
      add(Severity::error, "host.disk", "host",
          fmt::format("{} are stored over the retention and the host has {} of disk",
                      gb(report_.stored.value), gb(host.disk.gb())),
          "take a larger disk or shorten the retention", source_of("D04"));
    }
  }

  template <class Check>
  void each_fact(catalog::Fact fact, Check check) const {
    for (const auto& declared : limits_.facts) {
      if (declared.fact == fact) {
        check(declared);
      }
    }
  }

  void check_limiter() {
    each_fact(catalog::Fact::memory_limit, [this](const DeclaredFact& limiter) {
      const ComponentPlan* component = report_.find(limiter.component);
      const double allowed = Bytes{limiter.value}.gb();
      if (component != nullptr && allowed > limit_of(*component)) {
        add_declared("collector.limiter", limiter,
                     fmt::format("the memory limiter of {} allows {} and the container only {}",
                                 component->name, gb(allowed), gb(limit_of(*component))),
                     fmt::format("set {} in '{}' to at most 80 % of the container", limiter.key,
                                 limiter.file),
                     source_of("F26"));
      }
    });
  }

  // Containers that were generated for less than this load. Where the host itself is too small,
  // that has been said.
  void check_containers() {
    if (report_.host && !report_.host->holds()) {
      return;
    }
    for (const auto& component : report_.components) {
      const auto declared = limits_.components.find(component.name);
      if (declared == limits_.components.end()) {
        continue;
      }
      constexpr double k_rounding = 1e-3;  // files carry whole MiB
      const auto compare = [&](const Choice& choice, std::optional<double> has, const char* what,
                               const auto& shown) {
        if (!has || choice.overridden || *has >= choice.chosen.value * (1 - k_rounding)) {
          return;
        }
        add(Severity::error, fmt::format("{}.{}", what, component.name), component.name,
            fmt::format("{} needs {} of {} and '{}' gives {}", component.name,
                        shown(choice.chosen.value), what, limits_.components_file, shown(*has)),
            "'obsctl init' with this load writes what it needs", "")
            .place = SourcePos{limits_.components_file};
      };
      compare(component.cpus, declared->second.cpus, "cpus",
              [](double value) { return fmt::format("{:.3g}", value); });
      const auto& memory = declared->second.memory;
      compare(component.memory, memory ? std::optional(memory->gb()) : std::nullopt, "memory", gb);
    }
  }

  [[nodiscard]] double limiter_of(const ComponentPlan& component) const {
    double out = memory_limiter(component.memory.table.value);
    each_fact(catalog::Fact::memory_limit, [&](const DeclaredFact& limiter) {
      if (limiter.component == component.name) {
        out = Bytes{limiter.value}.gb();
      }
    });
    return out;
  }

  // What the memory limiter lets the collectors use, over all instances.
  void check_collector() {
    double usable = 0;
    double limit = 0;
    std::string name;
    for (const auto& component : report_.components) {
      if (component.role == "collector") {
        usable += limiter_of(component) * component.instances;
        limit += component.memory.table.value * component.instances;
        name = component.name;
      }
    }
    const double published = rule(Model::published);
    const double documented = rule(Model::documented);
    const auto more = [&name = name](double needed) -> Settings {
      return {
          {fmt::format("components.{}.memory", name), print_bytes(Bytes{std::ceil(needed) * 1e9})}};
    };
    const char* hint = "give the collector more memory";
    if (published > limit) {
      add(Severity::error, "collector.memory", name,
          fmt::format(
              "the published rule asks for {} of collector memory; there are {}, of which the "
              "limiter allows {}",
              gb(published), gb(limit), gb(usable)),
          hint, source_of("P02"))
          .settings = more(published);
    } else if (documented > usable) {
      add(Severity::warning, "collector.memory", name,
          fmt::format(
              "the documented formula asks for {} of collector memory; the limiter allows {}, "
              "which the published rule ({}) finds enough",
              gb(documented), gb(usable), gb(published)),
          hint, source_of("F05"))
          .settings = more(documented);
    }
  }

  [[nodiscard]] double rule(Model model) const {
    const Load load = resolve_load(spec_, tier_, catalogs_, model, {});
    const LoadInputs in{spec_, tier_, catalogs_, model, load};
    const auto signals = plan_signals(in);
    const catalog::TierComponent* collector = row_of(in, k_collectors);
    const auto memory =
        collector != nullptr ? memory_rule({in, signals}, *collector) : std::nullopt;
    return memory ? memory->value : 0;
  }

  void check_tail_sampling() {
    if (spec_.traces.keep.value >= 1) {
      return;
    }
    const double needed = report_.tail_traces.value;
    each_fact(catalog::Fact::num_traces, [&](const DeclaredFact& held) {
      if (held.value < needed) {
        add_declared(
            "tail_sampling.num_traces", held,
            fmt::format(
                "tail sampling holds {:.0f} traces and {:.0f} arrive within its decision wait",
                held.value, needed),
            fmt::format("set {} in '{}' to at least {:.0f}, or shorten traces.decision_wait",
                        held.key, held.file, needed),
            source_of("F27"));
      }
    });
  }

  void check_own_rules() {
    for (const auto& own : all_own_rules()) {
      if (own.check != nullptr) {
        own.check(spec_, report_, out_);
      }
    }
  }

  // Holds a size limit of a store of metrics against what the component in front of it keeps there.
  void check_metrics_size() {
    each_fact(catalog::Fact::size_limit, [this](const DeclaredFact& size) {
      const double limit = Bytes{size.value}.gb();
      const auto disk = std::ranges::find(report_.disks, size.component, &DiskOutlook::component);
      const double needed = disk != report_.disks.end()
                                ? disk->needed.value
                                : plan_of(report_.signals, Signal::metrics).stored.value;
      if (limit < needed) {
        const auto component = catalogs_.components.find(size.component);
        add_declared("metrics.retention_size", size,
                     fmt::format("{} deletes beyond {}; the retention asks for {}",
                                 component != catalogs_.components.end() ? component->second.title
                                                                         : size.component,
                                 gb(limit), gb(needed)),
                     fmt::format("raise {} in '{}' or shorten the retention", size.key, size.file),
                     source_of("F31"));
      }
    });
  }

  void check_network() {
    const NetworkPlan& network = report_.network;
    if (network.ingress.value > network.table.value) {
      add(Severity::warning, "network.ingress", "network",
          fmt::format("{:.0f} Mbit/s arrive and the {} tier plans for {:.0f}",
                      network.ingress.value, tier_.name, network.table.value),
          "send OTLP with gzip, or plan a wider link with 30 % headroom", source_of("F30"));
    }
  }

  void check_availability() {
    if (!spec_.sizing.ha) {
      return;
    }
    for (const auto& row : report_.availability) {
      if (row.instances < row.minimum) {
        add(Severity::error, "ha." + row.component, row.component,
            fmt::format("{} has {} instances; high availability needs {}", row.component,
                        row.instances, row.minimum),
            "take a larger tier", catalog::k_documents);
      }
    }
    for (const auto& component : report_.components) {
      const catalog::ComponentSizing* sizing = catalogs_.sizing_of(component.name);
      if (sizing != nullptr && !sizing->runs_once.empty()) {
        add(Severity::error, "ha." + component.name, component.name,
            fmt::format("{} runs once only: {}", component.title, sizing->runs_once),
            "use a tier whose stores replicate", catalog::k_documents)
            .settings = {{"tier", "medium"}};
      }
    }
  }

  const StackSpec& spec_;
  const Catalogs& catalogs_;
  const catalog::Tier& tier_;
  const SizingReport& report_;
  const DeclaredLimits& limits_;
  Findings out_;
};

}  // namespace

Result<Findings> check_stack(const StackSpec& spec, const Catalogs& catalogs,
                             const SizingReport& report, const DeclaredLimits& limits) {
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(spec.tier));
  return Checker(spec, catalogs, *tier, report, limits).run();
}

}  // namespace obsctl::sizing
