// SPDX-License-Identifier: Apache-2.0
// Says what the engine's host lacks, and what would fit it.
#include "lib/init/host.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/engine/host.hpp"
#include "lib/sizing/fit.hpp"

namespace obsctl::init {
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
                                    const sizing::SizingReport& report, const EngineHost& host) {
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

void compare_host(const stack::Stack& stack, const EngineHost& host, std::vector<Note>& notes) {
  if (within(stack.report, host)) {
    return;
  }
  const std::string text =
      fmt::format("the engine's host '{}' has {:g} CPUs and {}; this plan takes {}", host.name,
                  host.cpus, human_bytes(host.memory), sum_of(stack.report));
  const sizing::Catalogs& catalogs = stack.templates.catalogs;
  std::string least;
  for (const auto& settings : smaller_plans(catalogs, stack.report, host)) {
    const auto smaller = sizing::size_plan(sizing::with_settings(stack.spec, settings), catalogs);
    if (!smaller) {
      continue;
    }
    if (within(*smaller, host)) {
      const bool holds = smaller->host && smaller->host->holds();
      notes.push_back({text, settings, holds ? "fits it" : "keeps within it, with less load"});
      return;
    }
    least = sum_of(*smaller);
  }
  notes.push_back({fmt::format("{}, and no less than {}: it is too small", text, least)});
}

// Only an engine on this machine has its disk here; elsewhere the path is another machine's.
void compare_disk(const FileSystem& files, const stack::Stack& stack, const EngineHost& host,
                  std::vector<Note>& notes) {
  if (!files.exists(host.root_dir)) {
    return;
  }
  const auto space = files.disk_space(host.root_dir);
  const double needed_gb = stack.report.disk.value;
  if (space && space->available.gb() < needed_gb) {
    notes.push_back(
        {fmt::format("'{}' has {} free and the plan fills {} over its retention", host.root_dir,
                     human_bytes(space->available), human_bytes(Bytes::from_gb(needed_gb))),
         {{"host.disk", fmt::format("{:.0f}GB", std::floor(space->available.gb()))}},
         "says what retention fits it"});
  }
}

}  // namespace

std::vector<Note> compare_with_engine(const Services& services, const stack::Stack& stack) {
  std::vector<Note> notes;
  const auto host = engine_host(services.http, services.environment);
  if (!host) {
    if (host.error().code != Code::unreachable) {
      notes.push_back(
          {"the container engine could not be asked about its host: " + host.error().message});
    }
    return notes;
  }
  compare_host(stack, *host, notes);
  compare_disk(services.files, stack, *host, notes);
  return notes;
}

}  // namespace obsctl::init
