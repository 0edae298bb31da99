// Says what the engine's host lacks, and what would fit it.
#include "commands/init_host.hpp"

#include <fmt/format.h>

#include "lib/engine/host.hpp"

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

void compare_host(const sizing::Catalogs& catalogs, const sizing::SizingReport& report,
                  const EngineHost& host, std::vector<std::string>& notes) {
  const bool cpus = report.cpus.value > host.cpus;
  const bool memory = report.memory.value > host.memory.gb();
  if (!cpus && !memory) {
    return;
  }
  std::string note = fmt::format(
      "the engine's host '{}' has {:g} CPUs and {}; this plan takes {:.3g} cores and {}", host.name,
      host.cpus, human_bytes(host.memory), report.cpus.value,
      human_bytes(Bytes::from_gb(report.memory.value)));
  const catalog::Profile* fits = profile_of(catalogs, host);
  const bool smaller = fits != nullptr && report.host && fits->name != report.host->profile;
  notes.push_back(smaller
                      ? fmt::format("{}: --profile {} is made for it", note, fits->name)
                      : fmt::format("{}: --host-cpus {:g} --host-memory {:.0f}GiB keeps within it",
                                    note, host.cpus, host.memory.gib()));
}

// Only an engine on this machine has its disk here; elsewhere the path is another machine's.
void compare_disk(Context& context, const sizing::SizingReport& report, const EngineHost& host,
                  std::vector<std::string>& notes) {
  if (!context.files.exists(host.root_dir)) {
    return;
  }
  const auto space = context.files.disk_space(host.root_dir);
  if (space && space->available.gb() < report.disk.value) {
    notes.push_back(
        fmt::format("'{}' has {} free and the plan fills {} over its retention: shorten it, or "
                    "--host-disk {:.0f}GB",
                    host.root_dir, human_bytes(space->available),
                    human_bytes(Bytes::from_gb(report.disk.value)), space->available.gb()));
  }
}

}  // namespace

std::vector<std::string> compare_with_engine(Context& context, const sizing::Catalogs& catalogs,
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
  compare_host(catalogs, report, *host, notes);
  compare_disk(context, report, *host, notes);
  return notes;
}

}  // namespace obsctl
