// SPDX-License-Identifier: Apache-2.0
// `obsctl health explain`: flags, the call of lib/health, and what is printed.
#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/explain/explain.hpp"

namespace obsctl {
namespace {

enum class ExplanationFormat { text, json };

constexpr auto names_of(ExplanationFormat) {
  return std::to_array<Named<ExplanationFormat>>(
      {{ExplanationFormat::text, "text"}, {ExplanationFormat::json, "json"}});
}

struct ExplainFlags {
  SubjectFlags subject;
  std::vector<std::string> words;
  ExplanationFormat output = ExplanationFormat::text;
};

// The stack's own rows where there is a stack, what is built in elsewhere.
Result<stack::Stack> stack_for(const health::Services& services, const SubjectFlags& flags) {
  const auto& here = services.environment.directory;
  auto opened = stack::open(services.files, services.environment,
                            flags.dir ? here / *flags.dir : here, flags.template_dirs);
  if (opened || flags.dir || opened.error().code != Code::missing) {
    return opened;
  }
  OBS_TRY_ASSIGN(auto templates, stack::load_templates(services.files, services.environment,
                                                       flags.template_dirs, {}));
  return stack::assemble({}, StackSpec{}, std::move(templates));
}

Result<int> run(Context& context, const ExplainFlags& flags) {
  const health::Services services = services_of(context);
  const std::string text(trim(join(flags.words, " ")));
  if (text.empty()) {
    return fail(Code::usage, "there is nothing to explain",
                "give a line of a log or an id: obsctl health explain COL-003");
  }
  OBS_TRY_ASSIGN(const stack::Stack stack, stack_for(services, flags.subject));
  OBS_TRY_ASSIGN(const auto signatures, health::read_signatures(stack.templates.store));
  OBS_TRY_ASSIGN(const auto checks, health::checks_of(stack));
  std::vector<catalog::HealthCheck> rows;
  for (const auto& check : checks) {
    rows.push_back(check.row);
  }
  const auto by_id = health::explain_id(text, signatures, rows);
  const health::Explanation explanation = by_id ? *by_id : health::explain(text, signatures);
  context.terminal.out(flags.output == ExplanationFormat::json
                           ? json_text(health::explanation_json(explanation))
                           : health::explanation_text(explanation));
  return explanation.matched ? exit_code::ok : exit_code::findings;
}

}  // namespace

Command health_explain_command() {
  const auto flags = std::make_shared<ExplainFlags>();
  Command out;
  out.name = "explain";
  out.summary = "say what a line of a log or a finding means, and what to do";
  out.description =
      "Explains a line of a log, an error message, or the id of a check or signature: what it says, "
      "whether data was lost, why, what to do, and what it is often mistaken for. What is not known "
      "is called unknown, never guessed.";
  out.arguments = {{.name = "TEXT|ID",
                    .into = &flags->words,
                    .required = true,
                    .doc = "a line in quotes, or an id such as COL-003"}};
  out.flags = subject_flags(flags->subject);
  std::erase_if(out.flags,
                [](const Flag& flag) { return flag.name != "dir" && flag.name != "template-dir"; });
  for (Flag& flag : out.flags) {
    flag.group = {};
  }
  out.flags.push_back(output_flag(into_choice(&flags->output)));
  out.examples = {
      {"obsctl health explain COL-003", "what the check finds, and what to do then"},
      {"obsctl health explain 'Dropping data because sending_queue is full.'",
       "what a line of a log means"},
  };
  out.exit_codes = {{exit_code::findings, "no signature knows the text"}};
  out.see_also = {"health check", "health diagnose"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
