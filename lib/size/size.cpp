// SPDX-License-Identifier: Apache-2.0
// From a spec to the answer of `size`.
#include "lib/size/size.hpp"

#include "lib/size/measure.hpp"
#include "lib/size/spec.hpp"
#include "lib/sizing/check.hpp"
#include "lib/sizing/explain.hpp"
#include "lib/stack/templates.hpp"
#include "lib/targets/declared.hpp"

namespace obsctl::size {
namespace {

Result<std::vector<sizing::SizingReport>> compare(const Options& options, const StackSpec& spec,
                                                  const sizing::Catalogs& catalogs) {
  std::vector<sizing::SizingReport> out;
  for (const auto& name : options.compare) {
    StackSpec other = spec;
    other.tier = name;
    for (const auto& entry : catalogs.single_node) {  // a tier may have stores of its own
      other.asked.erase(entry.chosen_by);
    }
    OBS_TRY_ASSIGN(auto report, sizing::size_stack(other, catalogs, options.model));
    out.push_back(std::move(report));
  }
  return out;
}

Result<Findings> check(const Services& services, const SpecSource& source,
                       const sizing::Catalogs& catalogs, const sizing::SizingReport& report) {
  sizing::DeclaredLimits declared;
  if (!source.file.empty()) {
    OBS_TRY_ASSIGN(const Target* target, find_target(source.spec.target));
    OBS_TRY_ASSIGN(declared, read_declared(*target, services.files, source.file.parent_path(),
                                           catalogs.components));
  }
  return sizing::check_stack(source.spec, catalogs, report, declared);
}

Result<void> check_combinations(const Options& options) {
  if (options.write_calibration && !options.prometheus) {
    return fail(Code::usage, "there is no calibration to write: nothing is measured",
                "measure with --from-prometheus URL");
  }
  return {};
}

}  // namespace

Result<SizeResult> run(const Services& services, const Options& options) {
  OBS_TRY(check_combinations(options));
  OBS_TRY_ASSIGN(SpecSource source, read_source(services, options));
  const auto directory =
      source.file.empty() ? services.environment.directory : source.file.parent_path();
  OBS_TRY_ASSIGN(const auto templates, stack::load_templates(services.files, services.environment,
                                                             options.template_dirs, directory));
  const sizing::Catalogs& catalogs = templates.catalogs;
  OBS_TRY(apply_options(options, catalogs, source));
  SizeResult result;
  if (options.prometheus) {
    OBS_TRY_ASSIGN(result.measured,
                   measure_stack(services, *options.prometheus, catalogs, source.spec));
    if (options.write_calibration) {
      OBS_TRY(write_calibration(services.files, source));
      result.measured->written_to = source.shown;
    }
  }
  OBS_TRY_ASSIGN(result.report, sizing::size_stack(source.spec, catalogs, options.model));
  OBS_TRY_ASSIGN(result.compared, compare(options, source.spec, catalogs));
  if (options.check) {
    OBS_TRY_ASSIGN(result.findings, check(services, source, catalogs, result.report));
  }
  if (options.explain && !options.explain->empty()) {
    OBS_TRY_ASSIGN(const auto* one, sizing::explain(result.report, *options.explain));
    result.explained = *one;
  }
  result.explain = options.explain.has_value();
  result.spec_file = source.shown;
  result.pages = options.pages;
  result.tier_by_load = source.tier_by_load;
  result.provider = source.spec.sizing.provider;
  return result;
}

}  // namespace obsctl::size
