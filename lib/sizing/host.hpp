// SPDX-License-Identifier: Apache-2.0
// The host of a single-node plan: what it offers, what the components ask for, and how they are cut
// to fit.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// spec.host where declared, else the profile.
[[nodiscard]] HostPlan plan_host(const StackSpec& spec, const Catalogs& catalogs,
                                 const std::vector<ComponentPlan>& components);

// Cuts what does not fit, each component between its need and its floor by the same share, so that
// no host is promised twice. What does not fit stays visible: need_cpus, need_memory, need_disk.
void cut_to_fit(const HostPlan& host, std::vector<ComponentPlan>& components);

// The smallest profile whose cores and memory hold `cpus` and `memory_gb`; null when none does.
[[nodiscard]] const catalog::Profile* smallest_profile(const Catalogs& catalogs, double cpus,
                                                       double memory_gb);

}  // namespace obsctl::sizing
