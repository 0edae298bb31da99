// Says what the engine's host lacks, and what would fit it.
#include "commands/init_host.hpp"

#include <fmt/format.h>

#include <cmath>

#include "commands/init_options.hpp"
#include "lib/engine/host.hpp"
#include "lib/sizing/fit.hpp"

namespace obsctl {
namespace {

// Machines sold as 8 GiB show a little less: the kernel keeps some.
constexpr double k_kernel_share = 0.05;

// The largest profile that the host is; null when it is smaller than all.
const catalog::Profile* profile_of(const sizing::Catalogs& catalogs, const EngineHost& host) {
  const catalog::Profile* out = nullptr;
  for (const auto& profile : catalogs.profiles) {
    if (profile.cpus <= host.cpus &&
        profile.memory.value * (1 - k_kernel_share) <= host.memory.value) {
      out = &profile;
    }
  }
  return out;
}

// What may be asked for instead: the profile that the host is, or the host itself.
std::vector<Settings> smaller_plans(const sizing::Catalogs& catalogs,
                                            const sizing::SizingReport& report,
                                            const EngineHost& host) {
  std::vector<Settings> out;
  const catalog::Profile* fits = profile_of(catalogs, host);
  if (fits != nullptr && report.host && fits->name != report.host->profile) {
    out.push_back({{"profile", fits->name}});
  }
  constexpr double k_tenths = 10;  // rounded down, so that it is not more than there is
  out.push_back({{"host.cpus", fmt::format("{:g}", host.cpus)},
                 {"host.memory",
                  fmt::format("{:g}GiB", std::floor(host.memory.gib() * k_tenths) / k_tenths)}});
  return out;
}

bool within(const sizing::SizingReport& report, const EngineHost& host) {
  return report.cpus.value <= host.cpus && report.memory.value <= host.memory.gb();
}

std::string sum_of(const sizing::SizingReport& report) {
  return fmt::format("{:.3g} cores and {}", report.cpus.value,
                     human_bytes(Bytes::from_gb(report.memory.value)));
}

void compare_host(const StackSpec& spec, const sizing::Catalogs& catalogs,
                  const sizing::SizingReport& report, const EngineHost& host,
                  std::vector<std::string>& notes) {
  if (within(report, host)) {
    return;
  }
  const std::string note =
      fmt::format("the engine's host '{}' has {:g} CPUs and {}; this plan takes {}", host.name,
                  host.cpus, human_bytes(host.memory), sum_of(report));
  std::string least;
  for (const auto& settings : smaller_plans(catalogs, report, host)) {
    const auto smaller = sizing::size_plan(sizing::with_settings(spec, settings), catalogs);
    if (!smaller) {
      continue;
    }
    if (within(*smaller, host)) {
      const bool holds = smaller->host && smaller->host->holds();
      notes.push_back(fmt::format("{}: {} {}", note, typed(settings, k_spec_flags),
                                  holds ? "fits it" : "keeps within it, with less load"));
      return;
    }
    least = sum_of(*smaller);
  }
  notes.push_back(fmt::format("{}, and no less than {}: it is too small", note, least));
}

// Only an engine on this machine has its disk here; elsewhere the path is another machine's.
void compare_disk(Context& context, const sizing::SizingReport& report, const EngineHost& host,
                  std::vector<std::string>& notes) {
  if (!context.files.exists(host.root_dir)) {
    return;
  }
  const auto space = context.files.disk_space(host.root_dir);
  if (space && space->available.gb() < report.disk.value) {
    notes.push_back(fmt::format(
        "'{}' has {} free and the plan fills {} over its retention: shorten it, or "
        "--host-disk {:.0f}GB",
        host.root_dir, human_bytes(space->available),
        human_bytes(Bytes::from_gb(report.disk.value)), std::floor(space->available.gb())));
  }
}

}  // namespace

std::vector<std::string> compare_with_engine(Context& context, const StackSpec& spec,
                                             const sizing::Catalogs& catalogs,
                                             const sizing::SizingReport& report) {
  std::vector<std::string> notes;
  const auto host = engine_host(context.http, context.environment);
  if (!host) {
    if (host.error().code != Code::unreachable) {
      notes.push_back("the container engine could not be asked about its host: " +
                      host.error().message);
    }
    return notes;
  }
  compare_host(spec, catalogs, report, *host, notes);
  compare_disk(context, report, *host, notes);
  return notes;
}

}  // namespace obsctl
