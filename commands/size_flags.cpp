// SPDX-License-Identifier: Apache-2.0
// Declares the flags of `obsctl size` and turns them into options.
#include "commands/size_flags.hpp"

#include <fmt/format.h>

#include "commands/typed_flags.hpp"
#include "lib/stack/templates.hpp"

namespace obsctl {
namespace {

std::vector<std::string> tier_names() {
  std::vector<std::string> out;
  if (const auto& catalogs = stack::built_in_catalogs()) {
    for (const auto& tier : catalogs->tiers) {
      out.push_back(tier.name);
    }
  }
  return out;
}

void add_load_flags(size::Options& options, bool& ha, std::vector<Flag>& out) {
  out.push_back({.name = "events",
                 .value = "RATE",
                 .into = into_rate(&options.events),
                 .excludes = {"spans", "lines"},
                 .group = "Load",
                 .doc = "set spans and log records per second together, in the tier's mix"});
  out.push_back({.name = "reduction",
                 .value = "SHARE",
                 .into = into_share(&options.reduction),
                 .excludes = {"keep"},
                 .group = "Policy",
                 .doc = "set the share of all traces that sampling removes, instead of --keep"});
  out.push_back({.name = "ha",
                 .into = &ha,
                 .group = "Policy",
                 .doc = "plan at least the instances that high availability needs"});
}

void add_source_flags(size::Options& options, std::vector<Flag>& out) {
  out.push_back({.name = "spec",
                 .value = "FILE",
                 .into = &options.spec_file,
                 .completes = "file",
                 .group = "Source",
                 .common = true,
                 .doc = "size this spec; '-' reads standard input"});
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
                 .needs = {"from-prometheus"},
                 .group = "Source",
                 .doc = "save what was measured in obsctl.yaml"});
  out.push_back({.name = "model",
                 .value = "MODEL",
                 .into = into_choice(&options.model),
                 .group = "Source",
                 .doc = "choose the rules that decide"});
}

void add_output_flags(size::Options& options, SizeFormat& output, std::vector<Flag>& out) {
  out.push_back({.name = "compare",
                 .value = "TIER",
                 .into = &options.compare,
                 .suggestions = tier_names(),
                 .group = "Output",
                 .common = true,
                 .doc = "compare with another tier"});
  out.push_back({.name = "models",
                 .into = &options.pages.models,
                 .group = "Output",
                 .doc = "show what each model says"});
  out.push_back({.name = "costs",
                 .into = &options.pages.costs,
                 .group = "Output",
                 .common = true,
                 .doc = "print prices in full, disaster recovery and availability"});
  out.push_back({.name = "notes",
                 .into = &options.pages.notes,
                 .group = "Output",
                 .doc = "print network, queue and contradictions between the sources"});
  out.push_back(
      {.name = "explain",
       .value = "[NAME]",
       .into = &options.explain,
       .excludes = {"compare", "models", "costs", "notes", "check"},
       .group = "Output",
       .common = true,
       .doc = "print formula, inputs and source of a number, such as loki.memory, or of all"});
  out.push_back(
      {.name = "check",
       .into = &options.check,
       .excludes = {"compare"},
       .group = "Check",
       .common = true,
       .doc = "exit 3 if the declared hosts, disks or limits are too small for the load"});
  out.push_back(output_flag(into_choice(&output)));
}

}  // namespace

std::vector<Flag> size_flags(SizeFlags& into) {
  std::vector<Flag> out;
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    out.push_back(spec_flag(k_size_flags.at(i), &into.fields.at(i)));
  }
  add_load_flags(into.options, into.ha, out);
  add_source_flags(into.options, out);
  add_output_flags(into.options, into.output, out);
  return out;
}

Result<size::Options> size_options(Context& context, const SizeFlags& flags) {
  size::Options out = flags.options;
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    if (const auto& value = flags.fields.at(i)) {
      out.settings.push_back(fmt::format("{}={}", k_size_flags.at(i).key, *value));
    }
  }
  if (flags.ha) {
    out.settings.emplace_back("sizing.ha=true");
  }
  if (out.spec_file == "-") {
    OBS_TRY_ASSIGN(std::string text, context.terminal.read_stdin());
    out.spec_file.reset();
    out.spec = {std::move(text), "standard input"};
  }
  return out;
}

}  // namespace obsctl
