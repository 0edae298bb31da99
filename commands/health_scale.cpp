// SPDX-License-Identifier: Apache-2.0
// `obsctl health scale`: flags, the call of lib/health, and what is printed.
#include <algorithm>
#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/health/scale.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

enum class AdviceFormat { text, json };

constexpr auto names_of(AdviceFormat) {
  return std::to_array<Named<AdviceFormat>>(
      {{AdviceFormat::text, "text"}, {AdviceFormat::json, "json"}});
}

struct ScaleFlags {
  SubjectFlags subject;
  health::GatherOptions gather;
  AdviceFormat output = AdviceFormat::text;
};

Result<int> run(Context& context, const ScaleFlags& flags) {
  const health::Services services = services_of(context);
  OBS_TRY_ASSIGN(const health::Subject subject, open_subject(services, flags.subject));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(const health::ScaleAdvice advice, health::scale(services, subject, flags.gather));
  const auto width = static_cast<std::size_t>(std::clamp(context.terminal.width(), 60, 120));
  context.terminal.out(flags.output == AdviceFormat::json
                           ? json_text(health::scale_json(advice))
                           : health::scale_text(advice, context.color_out(), width));
  return health::exit_code_of(advice);
}

}  // namespace

Command health_scale_command() {
  const auto flags = std::make_shared<ScaleFlags>();
  Command out;
  out.name = "scale";
  out.summary = "say which part of a stack needs more, and how far the others may grow";
  out.description =
      "Reads how much of its processor and memory limits, queues, disks and planned load each part "
      "uses, and how slow queries are. It names what has to be scaled with the numbers behind it, the "
      "head room of every other part, and the command that sizes the stack for the load that arrives "
      "now.\n\n"
      "Processors, queues and rates are those of --sample; run it while the load is the highest, and "
      "longer for a load that comes in bursts. What only history knows is asked of Prometheus.";
  out.flags = subject_flags(flags->subject);
  for (auto& flag : gather_flags(flags->gather)) {
    out.flags.push_back(std::move(flag));
  }
  out.flags.push_back(output_flag(into_choice(&flags->output)));
  out.examples = {
      {"obsctl health scale", "what the stack of this directory needs"},
      {"obsctl health scale --sample 1m", "over a minute, for a load that comes in bursts"},
      {"obsctl health scale -o json", "for a script"}};
  out.exit_codes = {{exit_code::findings, "something has to be scaled"},
                    {exit_code::unavailable, "nothing has to, but something could not be read"}};
  out.see_also = {"size", "health check", "health review"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
