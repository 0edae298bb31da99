// SPDX-License-Identifier: Apache-2.0
// `obsctl size`: flags, the call of lib/size, and what is printed.
#include "commands/size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "commands/findings.hpp"
#include "commands/size_flags.hpp"
#include "lib/findings/print.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Computes what a load needs: what to buy, cores, memory and disk of each component, what it "
    "costs, and when each disk is full. --models, --costs and --notes print the rest.\n\n"
    "Without flags it sizes the obsctl.yaml of this or a parent directory, otherwise the small "
    "tier. Flags override the file. A rate that is not given counts as 0 once another one is "
    "given. Rates, sizes and durations need their unit (5000/s, 50k/s, 30d): a bare 30 is refused, "
    "because hours read as days make a sizing wrong by a factor of 24.\n\n"
    "The recommended model takes for each number the most reliable rule and shows the number of "
    "the documented formulas beside it; what was measured on the running stack comes first. Each "
    "other model is one source: 'documented' the formulas of the reference documents with their errors "
    "corrected, 'table' their tier tables, 'published' the capacity-planning rules of the projects "
    "themselves, 'measured' a calibration.\n\n"
    "--explain NAME prints formula, inputs and source of one number of the sizing or of a "
    "generated file; --explain alone lists all. --check compares the load with the plan, the "
    "declared hosts and limits, and the generated files beside the spec, and exits 3 if they are "
    "too small for it. --from-prometheus measures rates and bytes on a running stack instead of "
    "assuming them.";

std::string checked_as(CheckFormat format, const size::SizeResult& result) {
  return findings_as(format, *result.findings, {.name = "size --check", .version = OBSCTL_VERSION});
}

std::string render(const Context& context, SizeFormat format, const size::SizeResult& result) {
  switch (format) {
    case SizeFormat::json: return size::size_json(result).dump(2) + "\n";
    case SizeFormat::yaml: return yaml::write(size::size_json(result));
    case SizeFormat::csv: return size::size_csv(result);
    case SizeFormat::markdown: return size::size_markdown(result);
    case SizeFormat::junit: return checked_as(CheckFormat::junit, result);
    case SizeFormat::sarif: return checked_as(CheckFormat::sarif, result);
    case SizeFormat::github: return checked_as(CheckFormat::github, result);
    case SizeFormat::text: break;
  }
  const int width = std::clamp(context.terminal.width(), 60, 110);
  return size::size_text(result, context.color_out(), static_cast<std::size_t>(width));
}

bool prints_findings(SizeFormat format) {
  return format == SizeFormat::junit || format == SizeFormat::sarif || format == SizeFormat::github;
}

Result<int> run(Context& context, const SizeFlags& flags) {
  if (prints_findings(flags.output) && !flags.options.check) {
    return fail(Code::usage,
                fmt::format("'-o {}' prints what '--check' finds", name_of(flags.output)),
                "add --check");
  }
  OBS_TRY_ASSIGN(const size::Options options, size_options(context, flags));
  const size::Services services{context.environment, context.files, context.http, context.clock};
  OBS_TRY_ASSIGN(auto result, size::run(services, options).map_error([&flags](Error error) {
    return in_terms_of_flags(std::move(error), k_size_flags, flags.fields);
  }));
  if (result.findings) {
    result.findings = in_flags(std::move(*result.findings), k_size_flags);
  }
  context.terminal.out(render(context, flags.output, result));
  const bool failed = result.findings && any_error(*result.findings);
  return failed ? exit_code::findings : exit_code::ok;
}

}  // namespace

Command size_command() {
  const auto flags = std::make_shared<SizeFlags>();
  Command out;
  out.name = "size";
  out.group = "Plan";
  out.summary = "compute what a load needs, and check whether the hosts can hold it";
  out.description = k_description;
  out.flags = size_flags(*flags);
  out.examples = {
      {"obsctl size --tier medium --compare large", "compare two tiers"},
      {"obsctl size --spans 20k/s --series 300k --lines 8k/s --retention-logs 30d",
       "size a load of your own; the tier follows from it"},
      {"obsctl size --spec obsctl.yaml --check -o json", "in CI: exit 3 if the stack is too small"},
      {"obsctl size --explain loki.memory", "show where a number comes from"},
      {"obsctl size --spans 5k/s --models --costs",
       "show what each model says, and prices in full"},
      {"obsctl size --from-prometheus http://127.0.0.1:9090 --write-calibration",
       "measure the running stack and save the result"},
  };
  out.exit_codes = {{exit_code::findings, "--check found something too small for the load"},
                    {exit_code::unavailable, "Prometheus does not answer"}};
  out.see_also = {"init", "tiers", "sizing"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
