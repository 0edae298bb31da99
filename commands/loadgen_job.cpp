// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen job`: prints the Kubernetes Job that runs a plan in several pods.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "commands/loadgen.hpp"
#include "commands/loadgen_plan.hpp"
#include "commands/typed_flags.hpp"
#include "lib/loadgen/job.hpp"

namespace obsctl {
namespace {

struct JobFlags {
  LoadgenPlan plan;
  int shards = 1;
  std::string image = "obsctl:" OBSCTL_VERSION;
  std::vector<std::string> words;  // portable options as they were given
  std::vector<std::pair<std::string, const bool*>> switches;
};

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// Keeps the words of a flag besides storing its value, so that the pods get exactly what was given
// and no list of flags is written twice.
void hand_on(Flag& flag, JobFlags& job) {
  const auto keep = [&job, name = flag.name](auto read) {
    return [&job, name, read](std::string_view text, std::string_view what) -> Result<void> {
      OBS_TRY(read(text, what));
      job.words.push_back(fmt::format("--{}={}", name, text));
      return {};
    };
  };
  const auto keep_text = [&](auto* into) {
    flag.into = TypedValue{.read = keep([into](std::string_view text, auto) -> Result<void> {
                             *into = std::string(text);
                             return {};
                           })};
  };
  std::visit(Overloaded{[&](bool* into) { job.switches.emplace_back("--" + flag.name, into); },
                        [&](std::string* into) { keep_text(into); },
                        [&](std::optional<std::string>* into) { keep_text(into); },
                        [&](std::vector<std::string>* into) {
                          flag.into = TypedValue{
                              .read = keep([into](std::string_view text, auto) -> Result<void> {
                                into->emplace_back(text);
                                return {};
                              }),
                              .repeatable = true};
                        },
                        [](int*) {},  // no plan has a switch that counts
                        [&](TypedValue typed) {
                          typed.read = keep(std::move(typed.read));
                          flag.into = std::move(typed);
                        }},
             flag.into);
}

Result<int> print_job(Context& context, const JobFlags& flags) {
  OBS_TRY_ASSIGN(const Planned planned, make_plan(context, flags.plan, true));
  std::vector<std::string> arguments = flags.words;
  for (const auto& [word, on] : flags.switches) {
    if (*on) {
      arguments.push_back(word);
    }
  }
  OBS_TRY_ASSIGN(
      const loadgen::KubernetesJob job,
      loadgen::derive_job(planned.options, planned.run, planned.stack ? &*planned.stack : nullptr,
                          local_of(context), std::move(arguments), flags.shards, flags.image));
  OBS_TRY_ASSIGN(const std::string manifest, loadgen::kubernetes_manifest(job));
  context.terminal.out(manifest);
  return exit_code::ok;
}

}  // namespace

Command loadgen_job_command() {
  auto flags = std::make_shared<JobFlags>();
  Command out;
  out.name = "job";
  out.summary = "print a Kubernetes Job that runs a load test in several pods";
  out.description =
      "Prints an Indexed Job whose pods each send a part of one plan at its own time, so that "
      "rates, ids and counts are split exactly. A scenario file becomes a ConfigMap; tokens, "
      "headers and certificates come from a Secret, and the manifest says how to create it. Every "
      "pod prints a JSON report; 'obsctl loadgen merge' joins them.\n\n"
      "The endpoint must be reachable from the pods. Options that compare a run with a collector "
      "or search a rate belong to 'obsctl loadgen run': one pod sees only its own part.";
  out.flags = {{.name = "shards",
                .value = "N",
                .into = into_integer(&flags->shards, 1, 10'000),
                .group = "Job",
                .common = true,
                .doc = "run this many pods"},
               {.name = "image",
                .value = "IMAGE",
                .into = &flags->image,
                .fallback = flags->image,
                .group = "Job",
                .common = true,
                .doc = "use this image; scripts/image builds one"}};
  std::ranges::move(local_flags(flags->plan), std::back_inserter(out.flags));
  for (Flag& flag : portable_flags(flags->plan)) {
    if (flag.name == "tier") {
      // The load of a stack's own tier is known on this machine alone.
      flag.excludes.emplace_back("stack");
    }
    hand_on(flag, *flags);
    out.flags.push_back(std::move(flag));
  }
  out.examples = {{"obsctl loadgen job --shards 5 -r 500k/s -e otel:4317 --yes",
                   "send 500,000 items/s from five pods"}};
  out.exit_codes = {{4, "a file that a pod needs is missing"}};
  out.see_also = {"loadgen merge", "loadgen run", "scenarios"};
  out.run = [flags](Context& context) { return print_job(context, *flags); };
  return out;
}

}  // namespace obsctl
