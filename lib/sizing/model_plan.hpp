// SPDX-License-Identifier: Apache-2.0
// What one model says about a load: computed once per model, read by the report and by the
// comparison of the models.
#pragma once

#include "lib/sizing/report.hpp"
#include "lib/sizing/selection.hpp"

namespace obsctl::sizing {

struct ModelPlan {
  Model model;
  Load load;
  std::vector<SignalPlan> signals;
  std::vector<ComponentPlan> components;
  std::optional<HostPlan> host;  // recommended model of a tier that one host carries
};

// `tier` is the chosen one (chosen_tier).
[[nodiscard]] ModelPlan plan_model(const StackSpec& spec, const catalog::Tier& tier,
                                   const Catalogs& catalogs, const std::vector<Selected>& selected,
                                   Model model);

// By every model that applies, in the order of the enum: measured only with a calibration.
[[nodiscard]] std::vector<ModelPlan> plan_models(const StackSpec& spec, const catalog::Tier& tier,
                                                 const Catalogs& catalogs,
                                                 const std::vector<Selected>& selected);

// The plan of a model; null when it does not apply.
[[nodiscard]] const ModelPlan* find(const std::vector<ModelPlan>& plans, Model model);

}  // namespace obsctl::sizing
