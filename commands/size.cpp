// Declares and runs `obsctl size`.
#include "commands/size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "commands/findings.hpp"
#include "commands/size_measure.hpp"
#include "commands/size_options.hpp"
#include "commands/size_output.hpp"
#include "commands/stack_templates.hpp"
#include "lib/base/text.hpp"
#include "lib/findings/print.hpp"
#include "lib/sizing/explain.hpp"
#include "lib/targets/declared.hpp"
#include "lib/ui/yaml_out.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Answers what a load needs: what to buy, cores, memory and disk of each component, what it "
    "costs, and when each disk is full. --models, --costs and --notes print the rest.\n\n"
    "Without flags it sizes the obsctl.yaml of this or a parent directory, otherwise the small "
    "tier. Flags override the file. A rate that nobody gives counts as 0 once another one is "
    "given. Rates need their unit (5000/s, 50k/s), sizes and durations too: a bare 30 is refused, "
    "because a sizing that is wrong by a factor of 24 looks as convincing as a right one.\n\n"
    "The recommended model takes for each number the rule that deserves trust and shows the number "
    "of the documented formulas beside it; what was measured on the running stack comes first. The "
    "other models are one source each: 'documented' the formulas of the documents with their slips "
    "corrected, 'table' their tier tables, 'published' the capacity-planning rules of the projects "
    "themselves, 'measured' a calibration.\n\n"
    "--explain NAME prints formula, inputs and source of one number of the sizing or of a "
    "generated file, --explain alone of all. --check compares the plan, the declared hosts and "
    "limits, and the generated configs beside the spec with the load and exits 3 when they cannot "
    "hold it. --from-prometheus measures rates and bytes on a running stack instead of assuming "
    "them.";

std::vector<std::string> tier_names() {
  std::vector<std::string> out;
  if (const auto& catalogs = built_in_catalogs()) {
    for (const auto& tier : catalogs->tiers) {
      out.push_back(tier.name);
    }
  }
  return out;
}

std::vector<std::string> outputs() {
  std::vector<std::string> out = {"text", "json", "yaml", "csv", "markdown"};
  std::ranges::move(choices_of<CheckFormat>(), std::back_inserter(out));
  return out;
}

std::vector<Flag> make_flags(SizeOptions& options) {
  std::vector<Flag> out;
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    out.push_back(spec_flag(k_size_flags.at(i), &options.fields.at(i)));
  }
  out.push_back({.name = "events",
                 .value = "RATE",
                 .into = &options.events,
                 .group = "Load",
                 .doc = "spans and log lines per second together, in the tier's mix"});
  out.push_back({.name = "reduction",
                 .value = "SHARE",
                 .into = &options.reduction,
                 .group = "Policy",
                 .doc = "share of all traces that sampling removes, instead of --keep"});
  out.push_back({.name = "ha",
                 .into = &options.ha,
                 .group = "Policy",
                 .doc = "at least the instances that high availability needs"});
  out.push_back({.name = "spec",
                 .value = "FILE",
                 .into = &options.spec_file,
                 .completes = "file",
                 .group = "Source",
                 .common = true,
                 .doc = "spec to size; '-' reads standard input"});
  out.push_back({.name = "set",
                 .value = "KEY=VALUE",
                 .into = &options.settings,
                 .group = "Source",
                 .doc = "set any field of the spec"});
  out.push_back(template_dir_flag(&options.template_dirs, "Source"));
  out.push_back({.name = "from-prometheus",
                 .value = "URL",
                 .into = &options.prometheus,
                 .group = "Source",
                 .common = true,
                 .doc = "measure rates and sizes on a running stack"});
  out.push_back({.name = "write-calibration",
                 .into = &options.write_calibration,
                 .group = "Source",
                 .doc = "write what was measured into obsctl.yaml"});
  out.push_back({.name = "model",
                 .value = "MODEL",
                 .into = &options.model,
                 .choices = choices_of<sizing::Model>(),
                 .fallback = std::string(name_of(sizing::Model::recommended)),
                 .group = "Source",
                 .doc = "which rules decide"});
  out.push_back({.name = "compare",
                 .value = "TIER",
                 .into = &options.compare,
                 .suggestions = tier_names(),
                 .group = "Output",
                 .common = true,
                 .doc = "put another tier beside this one"});
  out.push_back({.name = "models",
                 .into = &options.models,
                 .group = "Output",
                 .doc = "put the models side by side"});
  out.push_back({.name = "costs",
                 .into = &options.costs,
                 .group = "Output",
                 .common = true,
                 .doc = "print prices in full, disaster recovery and availability"});
  out.push_back({.name = "notes",
                 .into = &options.notes,
                 .group = "Output",
                 .doc = "print network, queue and where the documents contradict each other"});
  out.push_back(
      {.name = "explain",
       .value = "[NAME]",
       .into = &options.explain,
       .group = "Output",
       .common = true,
       .doc = "print formula, inputs and source of a number, such as loki.memory, or of all"});
  out.push_back({.name = "check",
                 .into = &options.check,
                 .group = "Check",
                 .common = true,
                 .doc = "exit 3 when what is declared cannot hold the load"});
  out.push_back(output_flag(&options.output, outputs()));
  return out;
}

Result<void> check_combinations(const SizeOptions& options) {
  if (choice_named<CheckFormat>(options.output) && !options.check) {
    return fail(Code::usage, fmt::format("'-o {}' prints what '--check' finds", options.output),
                "add --check");
  }
  if (options.write_calibration && !options.prometheus) {
    return fail(Code::usage, "'--write-calibration' needs something to write",
                "measure with --from-prometheus URL");
  }
  return {};
}

Result<std::vector<sizing::SizingReport>> compare(const SizeOptions& options, const StackSpec& spec,
                                                  const sizing::Catalogs& catalogs,
                                                  sizing::Model model) {
  std::vector<sizing::SizingReport> out;
  for (const auto& name : options.compare) {
    StackSpec other = spec;
    other.tier = name;
    for (const auto& entry : catalogs.single_node) {  // a tier may have stores of its own
      other.asked.erase(entry.chosen_by);
    }
    OBS_TRY_ASSIGN(auto report, sizing::size_stack(other, catalogs, model));
    out.push_back(std::move(report));
  }
  return out;
}

std::string render(const Context& context, const SizeOptions& options, const SizeResult& result) {
  if (options.output == "json") {
    return size_json(result).dump(2) + "\n";
  }
  if (options.output == "yaml") {
    return to_yaml(size_json(result));
  }
  if (options.output == "csv") {
    return size_csv(result);
  }
  if (options.output == "markdown") {
    return size_markdown(result);
  }
  if (const auto format = choice_named<CheckFormat>(options.output)) {
    return findings_as(*format, *result.findings,
                       {.name = "size --check", .version = OBSCTL_VERSION});
  }
  const int width = std::clamp(context.terminal.width(), 60, 110);
  return size_text(result, context.color_out(), static_cast<std::size_t>(width));
}

Result<int> run(Context& context, const SizeOptions& options) {
  OBS_TRY(check_combinations(options));
  OBS_TRY_ASSIGN(SizeSpec source, read_size_spec(context, options));
  const auto stack =
      source.file.empty() ? context.environment.directory : source.file.parent_path();
  OBS_TRY_ASSIGN(const auto templates, load_stack_templates(context, options.template_dirs, stack));
  const sizing::Catalogs& catalogs = templates.catalogs;
  OBS_TRY(apply_size_options(options, catalogs, source).map_error([&](Error error) {
    return in_terms_of_flags(std::move(error), k_size_flags, options.fields);
  }));
  SizeResult result;
  if (options.prometheus) {
    OBS_TRY_ASSIGN(result.measured,
                   measure_stack(context, *options.prometheus, catalogs, source.spec));
    if (options.write_calibration) {
      OBS_TRY(write_calibration(context, source));
      result.measured->written_to = source.shown_file;
    }
  }
  OBS_TRY_ASSIGN(const auto model,
                 parse_choice<sizing::Model>(options.model.value_or("recommended"), "--model"));
  OBS_TRY_ASSIGN(result.report,
                 sizing::size_stack(source.spec, catalogs, model).map_error([&](Error error) {
                   return in_terms_of_flags(std::move(error), k_size_flags, options.fields);
                 }));
  OBS_TRY_ASSIGN(result.compared, compare(options, source.spec, catalogs, model));
  if (options.check) {
    sizing::DeclaredLimits declared;
    if (!source.file.empty()) {
      OBS_TRY_ASSIGN(const Target* target, find_target(source.spec.target));
      OBS_TRY_ASSIGN(declared, read_declared(*target, context.files, source.file.parent_path(),
                                             catalogs.components));
    }
    OBS_TRY_ASSIGN(auto found, sizing::check_stack(source.spec, catalogs, result.report, declared));
    result.findings = in_flags(std::move(found), k_size_flags);
  }
  result.spec_file = source.shown_file;
  result.explain = options.explain.has_value();
  if (options.explain && !options.explain->empty()) {
    OBS_TRY_ASSIGN(const auto* one, sizing::explain(result.report, *options.explain));
    result.explained = *one;
  }
  result.pages = {options.models, options.costs, options.notes};
  result.tier_by_load = source.tier_by_load;
  result.provider = source.spec.sizing.provider;
  context.terminal.out(render(context, options, result));
  const bool failed = result.findings && any_error(*result.findings);
  return failed ? exit_code::findings : exit_code::ok;
}

}  // namespace

Command size_command() {
  const auto options = std::make_shared<SizeOptions>();
  Command out;
  out.name = "size";
  out.group = "Plan";
  out.summary = "compute what a load needs, and whether the hosts can hold it";
  out.description = k_description;
  out.flags = make_flags(*options);
  out.examples = {
      {"obsctl size --tier medium --compare large", "two tiers side by side"},
      {"obsctl size --spans 20k/s --series 300k --lines 8k/s --retention-logs 30d",
       "a load of one's own; the tier follows from it"},
      {"obsctl size --spec obsctl.yaml --check -o json",
       "in CI: exit 3 when the stack is too small"},
      {"obsctl size --explain loki.memory", "where a number comes from"},
      {"obsctl size --spans 5k/s --models --costs", "the models side by side, and prices in full"},
      {"obsctl size --from-prometheus http://127.0.0.1:9090 --write-calibration",
       "measure the running stack and keep the result"},
  };
  out.exit_codes = {{exit_code::findings, "--check found something that cannot hold the load"},
                    {exit_code::unavailable, "Prometheus does not answer"}};
  out.see_also = {"init", "tiers", "sizing"};
  out.run = [options](Context& context) { return run(context, *options); };
  return out;
}

}  // namespace obsctl
