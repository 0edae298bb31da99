// SPDX-License-Identifier: Apache-2.0
// Holds a recommended plan against its host, its tier and what the spec overrides.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/sizing/check.hpp"
#include "lib/sizing/fit.hpp"
#include "lib/sizing/host.hpp"

namespace obsctl::sizing {
namespace {

std::string gb(double value) {
  return human_bytes(Bytes::from_gb(value));
}

class PlanChecker {
 public:
  PlanChecker(const StackSpec& spec, const Catalogs& catalogs, const catalog::Tier& tier,
              const SizingReport& report)
      : spec_(spec), catalogs_(catalogs), tier_(tier), report_(report) {}

  Findings run() {
    check_tier();
    if (report_.host) {
      check_host(*report_.host);
    } else {
      check_declared_host();
    }
    for (const auto& component : report_.components) {
      check_override(component, component.cpus, "cpus");
      check_override(component, component.memory, "memory");
      check_override(component, component.disk, "disk");
    }
    check_growth();
    return std::move(out_);
  }

 private:
  void check_tier() {
    const bool events = report_.load.events.value > tier_.events_max && !tier_.open;
    const bool series = report_.load.series.value > tier_.series_max;
    if (!events && !series) {
      return;
    }
    // One host that holds the load is judged by its cores, not by the name of a tier.
    out_.push_back(
        {.id = "tier.load",
         .severity = tier_.single_node ? Severity::warning : Severity::error,
         .subject = "tier",
         .message =
             events ? fmt::format("{} is more than the {} that the {} tier is meant for",
                                  human_rate({report_.load.events.value}),
                                  human_rate({tier_.events_max}), tier_.name)
                    : fmt::format("{} series are more than the {} that the {} tier is meant for",
                                  human_count(report_.load.series.value),
                                  human_count(tier_.series_max), tier_.name),
         .hint = fmt::format("the load belongs to tier {}", report_.tier_by_load)});
  }

  void check_host(const HostPlan& host) {
    if (!host.holds_cpus() || !host.holds_memory()) {
      add_host_load(host);
    }
    if (!host.holds_disk()) {
      const auto fit = nearest_retention(spec_, catalogs_);
      out_.push_back({.id = "host.disk",
                      .subject = "host",
                      .message = fmt::format("the components need {} of disk and the host has {}",
                                             gb(host.need_disk.value), gb(host.disk->value)),
                      .hint = fit ? "a larger disk, or at most this retention"
                                  : "a larger disk, because not even the shortest retention fits",
                      .settings = fit.value_or(disk_for(host))});
    }
  }

  static Settings disk_for(const HostPlan& host) {
    return {{"host.disk", fmt::format("{:.0f}GB", std::ceil(host.need_disk.value))}};
  }

  void add_host_load(const HostPlan& host) {
    std::vector<std::string> short_of;
    if (!host.holds_cpus()) {
      short_of.push_back(fmt::format("{:.3g} cores and the host has {:.3g}", host.need_cpus.value,
                                     host.cpus.value));
    }
    if (!host.holds_memory()) {
      short_of.push_back(short_of_memory(host));
    }
    Finding out{.id = host.holds_cpus() ? "host.memory" : "host.cpus",
                .subject = "host",
                .message = "the components need " + join(short_of, ", and ")};
    const auto fit = nearest_load(spec_, catalogs_);
    const bool own_host = spec_.host.cpus > 0 || spec_.host.memory.value > 0;
    const Settings larger =
        !host.smallest.empty() && !own_host ? Settings{{"profile", host.smallest}} : host_for(host);
    if (fit) {
      out.hint = "at most this load, or a larger host";
      out.settings = *fit;
      out.alternatives = {larger};
    } else {
      out.hint = "a larger host, because not even an idle stack fits";
      out.settings = larger;
    }
    out_.push_back(std::move(out));
  }

  static std::string short_of_memory(const HostPlan& host) {
    const double whole = host.memory.inputs.front().value;
    const double reserve = host.memory.inputs.back().value;
    if (whole <= reserve) {
      return fmt::format(
          "{} of memory and the host has {}, less than the {} that the kernel and the container "
          "engine keep",
          gb(host.need_memory.value), gb(whole), gb(reserve));
    }
    return fmt::format("{} of memory and the host has {} for them, of {}",
                       gb(host.need_memory.value), gb(host.memory.value), gb(whole));
  }

  // A host as large as what the components need.
  static Settings host_for(const HostPlan& host) {
    return {{"host.cpus", print_count(std::ceil(host.need_cpus.value))},
            {"host.memory",
             fmt::format("{:.0f}GiB", std::ceil(Bytes::from_gb(whole_memory(host)).gib()))}};
  }

  // With what the kernel and the engine keep.
  static double whole_memory(const HostPlan& host) {
    return host.need_memory.value + host.memory.inputs.back().value;
  }

  // A cluster has no profile; a declared host is all of it.
  void check_declared_host() {
    const HostSpec& host = spec_.host;
    const auto add = [&](const char* code, std::string message) {
      out_.push_back(
          {.id = code, .subject = "host", .message = std::move(message), .hint = "a larger host"});
    };
    if (host.cpus > 0 && host.cpus < report_.cpus.value) {
      add("host.cpus", fmt::format("the components need {:.3g} cores and the host has {:g}",
                                   report_.cpus.value, host.cpus));
    }
    if (host.memory.value > 0 && host.memory.gb() < report_.memory.value) {
      add("host.memory", fmt::format("the components need {} of memory and the host has {}",
                                     gb(report_.memory.value), gb(host.memory.gb())));
    }
    if (host.disk.value > 0 && host.disk.gb() < report_.disk.value) {
      add("host.disk", fmt::format("the components need {} of disk and the host has {}",
                                   gb(report_.disk.value), gb(host.disk.gb())));
    }
  }

  void check_override(const ComponentPlan& component, const Choice& choice, const char* resource) {
    if (!choice.overridden || !choice.formula || choice.chosen.value >= choice.formula->value) {
      return;
    }
    const bool cores = std::string_view(resource) == "cpus";
    const std::string key = fmt::format("components.{}.{}", component.name, resource);
    const std::string needed = cores ? print_count(choice.formula->value)
                                     : print_bytes(Bytes{std::ceil(choice.formula->value * 1e9)});
    const auto shown = [cores](double value) {
      return cores ? fmt::format("{:.3g} cores", value) : gb(value);
    };
    // A limit below what the component needs to start and to be looked at is never right.
    const auto place = spec_.places.of.find(key);
    out_.push_back(
        {.id = fmt::format("{}.{}", resource, component.name),
         .subject = key,
         .place = place != spec_.places.of.end() ? std::optional(place->second) : std::nullopt,
         .message = fmt::format("{} needs {} of {} and is given {}", component.name,
                                shown(choice.formula->value), cores ? "CPU" : resource,
                                shown(choice.chosen.value)),
         .hint = "at least what it needs",
         .settings = {{key, needed}}});
  }

  void check_growth() {
    for (const auto& disk : report_.disks) {
      if (std::isfinite(disk.full_days.value) && report_.growth > 0 &&
          disk.needed.value <= disk.disk.value) {
        out_.push_back(
            {.id = "disk." + disk.component,
             .severity = Severity::warning,
             .subject = disk.component,
             .message = fmt::format("{} of disk for {} is full in {}, as the load grows",
                                    gb(disk.disk.value), disk.component,
                                    human_duration(Duration::from_days(disk.full_days.value))),
             .hint = "a larger disk by then, or a shorter retention"});
      }
    }
  }

  const StackSpec& spec_;
  const Catalogs& catalogs_;
  const catalog::Tier& tier_;
  const SizingReport& report_;
  Findings out_;
};

}  // namespace

Result<Findings> check_plan(const StackSpec& spec, const Catalogs& catalogs,
                            const SizingReport& report) {
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(spec.tier));
  auto out = PlanChecker(spec, catalogs, *tier, report).run();
  sort_by_severity(out);
  return out;
}

}  // namespace obsctl::sizing
