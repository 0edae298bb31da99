// Declares the flags of `obsctl size` and turns them into options.
#include "commands/size_flags.hpp"

#include <fmt/format.h>

#include "lib/stack/templates.hpp"

namespace obsctl {
namespace {

std::vector<std::string> model_names() {
  std::vector<std::string> out;
  for (const auto model : sizing::k_models) {
    out.emplace_back(sizing::model_name(model));
  }
  return out;
}

std::vector<std::string> tier_names() {
  std::vector<std::string> out;
  if (const auto& catalogs = stack::built_in_catalogs()) {
    for (const auto& tier : catalogs->tiers) {
      out.push_back(tier.name);
    }
  }
  return out;
}

}  // namespace

std::vector<Flag> size_flags(SizeFlags& options) {
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
                 .doc = "plan at least the instances that high availability needs"});
  out.push_back({.name = "spec",
                 .value = "FILE",
                 .into = &options.spec_file,
                 .completes = "file",
                 .group = "Source",
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
                 .doc = "measure rates and sizes on a running stack"});
  out.push_back({.name = "write-calibration",
                 .into = &options.write_calibration,
                 .group = "Source",
                 .doc = "save what was measured in obsctl.yaml"});
  out.push_back({.name = "model",
                 .value = "MODEL",
                 .into = &options.model,
                 .choices = model_names(),
                 .fallback = std::string(sizing::model_name(sizing::Model::recommended)),
                 .group = "Source",
                 .doc = "rules that decide"});
  out.push_back({.name = "compare",
                 .value = "TIER",
                 .into = &options.compare,
                 .suggestions = tier_names(),
                 .group = "Output",
                 .doc = "compare with another tier"});
  out.push_back({.name = "models",
                 .into = &options.pages.models,
                 .group = "Output",
                 .doc = "show what each model says"});
  out.push_back({.name = "costs",
                 .into = &options.pages.costs,
                 .group = "Output",
                 .doc = "print prices in full, disaster recovery and availability"});
  out.push_back({.name = "notes",
                 .into = &options.pages.notes,
                 .group = "Output",
                 .doc = "print network, queue and contradictions between the sources"});
  out.push_back(
      {.name = "explain",
       .value = "[NAME]",
       .into = &options.explain,
       .group = "Output",
       .doc = "print formula, inputs and source of a number, such as loki.memory, or of all"});
  out.push_back(
      {.name = "check",
       .into = &options.check,
       .group = "Check",
       .doc = "exit 3 if the declared hosts, disks or limits are too small for the load"});
  out.push_back(output_flag(&options.output, {"text", "json", "yaml", "csv", "markdown"}));
  return out;
}

Result<size::Options> size_options(Context& context, const SizeFlags& flags) {
  size::Options out{.spec_file = flags.spec_file,
                    .spec = {},
                    .settings = flags.settings,
                    .events = {},
                    .reduction = {},
                    .template_dirs = flags.template_dirs,
                    .compare = flags.compare,
                    .check = flags.check,
                    .prometheus = flags.prometheus,
                    .write_calibration = flags.write_calibration,
                    .explain = flags.explain,
                    .pages = flags.pages};
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    if (const auto& value = flags.fields.at(i)) {
      out.settings.push_back(fmt::format("{}={}", k_size_flags.at(i).key, *value));
    }
  }
  if (flags.ha) {
    out.settings.emplace_back("sizing.ha=true");
  }
  if (flags.events) {
    OBS_TRY_ASSIGN(out.events, parse_rate(*flags.events, "--events"));
  }
  if (flags.reduction) {
    OBS_TRY_ASSIGN(out.reduction, parse_share(*flags.reduction, "--reduction"));
  }
  if (flags.model) {
    OBS_TRY_ASSIGN(out.model, sizing::parse_model(*flags.model));
  }
  if (flags.spec_file == "-") {
    OBS_TRY_ASSIGN(std::string text, context.terminal.read_stdin());
    out.spec_file.reset();
    out.spec = {std::move(text), "standard input"};
  }
  return out;
}

}  // namespace obsctl
