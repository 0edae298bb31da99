// SPDX-License-Identifier: Apache-2.0
// Resolves load, signals and components by one model, or by each.
#include "lib/sizing/model_plan.hpp"

#include <algorithm>

#include "lib/sizing/components.hpp"
#include "lib/sizing/recommend.hpp"
#include "lib/sizing/signals.hpp"

namespace obsctl::sizing {

ModelPlan plan_model(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                     const std::vector<Selected>& selected, Model model) {
  const bool recommended = model == Model::recommended;
  ModelPlan out{model, {}, {}, {}, {}};
  out.load =
      resolve_load(spec, tier, catalogs, model, recommended ? store_rules(selected) : StoreRules{});
  const LoadInputs load_inputs{spec, tier, catalogs, model, out.load};
  out.signals = plan_signals(load_inputs);
  const ComponentInputs inputs{load_inputs, out.signals};
  if (recommended) {
    Recommended plan = recommend(inputs, selected);
    out.components = std::move(plan.components);
    out.host = std::move(plan.host);
  } else {
    out.components = plan_components(inputs);
  }
  return out;
}

std::vector<ModelPlan> plan_models(const StackSpec& spec, const catalog::Tier& tier,
                                   const Catalogs& catalogs,
                                   const std::vector<Selected>& selected) {
  std::vector<ModelPlan> out;
  for (const auto& [model, name] : names_of(Model{})) {
    if (model != Model::measured || !spec.calibration.values.empty()) {
      out.push_back(plan_model(spec, tier, catalogs, selected, model));
    }
  }
  return out;
}

const ModelPlan* find(const std::vector<ModelPlan>& plans, Model model) {
  const auto found = std::ranges::find(plans, model, &ModelPlan::model);
  return found == plans.end() ? nullptr : &*found;
}

}  // namespace obsctl::sizing
