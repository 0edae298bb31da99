// SPDX-License-Identifier: Apache-2.0
// `obsctl health review`: flags, the call of lib/health, and what is printed.
#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/health/review.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

enum class ReviewFormat { markdown, json };

constexpr auto names_of(ReviewFormat) {
  return std::to_array<Named<ReviewFormat>>(
      {{ReviewFormat::markdown, "markdown"}, {ReviewFormat::json, "json"}});
}

struct ReviewFlags {
  SubjectFlags subject;
  health::GatherOptions gather;
  std::string cadence;
  ReviewFormat output = ReviewFormat::markdown;
};

Result<int> run(Context& context, const ReviewFlags& flags) {
  OBS_TRY_ASSIGN(const auto cadence, parse_choice<catalog::Cadence>(flags.cadence, "CADENCE"));
  const health::Services services = services_of(context);
  OBS_TRY_ASSIGN(const health::Subject subject, open_subject(services, flags.subject));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(health::Report report, health::check(services, subject, flags.gather));
  const int code = health::exit_code_of(report, health::FailOn::warning);
  OBS_TRY_ASSIGN(const health::Review review,
                 health::review(services, subject, cadence, std::move(report)));
  context.terminal.out(flags.output == ReviewFormat::json ? json_text(health::review_json(review))
                                                          : health::review_markdown(review));
  return code;
}

}  // namespace

Command health_review_command() {
  const auto flags = std::make_shared<ReviewFlags>();
  Command out;
  out.name = "review";
  out.summary = "review a day, a week, a month or a quarter of a stack, as Markdown";
  out.description =
      "Writes what an operator looks at from time to time: what is wrong now, how losses, queues, "
      "disks, queries and memory have changed against the time before, and a checklist of what only "
      "a person can do. Paste it into a ticket.";
  out.arguments = {{.name = "CADENCE",
                    .into = &flags->cadence,
                    .required = true,
                    .choices = choices_of<catalog::Cadence>(),
                    .doc = "how far back it looks"}};
  out.flags = subject_flags(flags->subject);
  for (auto& flag : gather_flags(flags->gather)) {
    out.flags.push_back(std::move(flag));
  }
  out.flags.push_back(output_flag(into_choice(&flags->output)));
  out.examples = {{"obsctl health review daily", "what changed since yesterday"},
                  {"obsctl health review weekly > review.md", "for a ticket"}};
  out.exit_codes = {{exit_code::findings, "something is wrong now"},
                    {exit_code::unavailable, "Prometheus or something else could not be asked"}};
  out.see_also = {"health check"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
