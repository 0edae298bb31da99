// SPDX-License-Identifier: Apache-2.0
// Where the models disagree and whom to believe, and which contradictions of the seeds touch an
// answer.
#pragma once

#include "lib/sizing/model_plan.hpp"

namespace obsctl::sizing {

// The same quantities by every model that applies, side by side. `plans` are those of plan_models.
[[nodiscard]] std::vector<ModelRow> compare_models(const StackSpec& spec, const catalog::Tier& tier,
                                                   const Catalogs& catalogs,
                                                   const std::vector<ModelPlan>& plans);

// Short notes, most important first.
[[nodiscard]] std::vector<Note> plan_notes(const StackSpec& spec, const catalog::Tier& tier,
                                           const catalog::ModelData& data,
                                           const SizingReport& report);

}  // namespace obsctl::sizing
