// Where the models disagree and whom to believe, and which contradictions of the seeds touch an
// answer.
#pragma once

#include "lib/sizing/components.hpp"

namespace obsctl::sizing {

// The same quantities by every model that applies, side by side.
[[nodiscard]] std::vector<ModelRow> compare_models(const StackSpec& spec, const catalog::Tier& tier,
                                                   const Catalogs& catalogs);

// Short notes, most important first.
[[nodiscard]] std::vector<Note> plan_notes(const StackSpec& spec, const catalog::Tier& tier,
                                           const catalog::ModelData& data,
                                           const SizingReport& report);

}  // namespace obsctl::sizing
