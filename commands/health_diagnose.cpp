// SPDX-License-Identifier: Apache-2.0
// `obsctl health diagnose`: flags, the call of lib/health, and what is printed.
#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/explain/explain.hpp"
#include "lib/health/diagnose.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

enum class DiagnosisFormat { text, json };

constexpr auto names_of(DiagnosisFormat) {
  return std::to_array<Named<DiagnosisFormat>>(
      {{DiagnosisFormat::text, "text"}, {DiagnosisFormat::json, "json"}});
}

struct DiagnoseFlags {
  SubjectFlags subject;
  health::GatherOptions gather;
  DiagnosisFormat output = DiagnosisFormat::text;
};

// The report, and the templates whose rules explain it.
struct Seen {
  TemplateStore store;
  health::Report report;
};

Result<Seen> see(Context& context, const DiagnoseFlags& flags) {
  const health::Services services = services_of(context);
  if (flags.subject.from) {
    OBS_TRY_ASSIGN(const Recorded recorded, open_recorded(services, flags.subject));
    return Seen{.store = recorded.subject.stack.templates.store,
                .report = bundle::judged(recorded.recording, recorded.subject)};
  }
  OBS_TRY_ASSIGN(const health::Subject subject, open_subject(services, flags.subject));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(health::Report report, health::check(services, subject, flags.gather));
  return Seen{.store = subject.stack.templates.store, .report = std::move(report)};
}

Result<int> run(Context& context, const DiagnoseFlags& flags) {
  OBS_TRY_ASSIGN(const Seen seen, see(context, flags));
  OBS_TRY_ASSIGN(const auto signatures, health::read_signatures(seen.store));
  OBS_TRY_ASSIGN(const auto rules, health::read_diagnosis_rules(seen.store));
  const health::Report& report = seen.report;
  const health::Diagnosis diagnosis =
      health::diagnose(report.results, report.ledger, report.evidence, signatures, rules);
  context.terminal.out(flags.output == DiagnosisFormat::json
                           ? json_text(health::diagnosis_json(diagnosis))
                           : health::diagnosis_text(diagnosis));
  return health::exit_code_of(report, health::FailOn::warning);
}

}  // namespace

Command health_diagnose_command() {
  const auto flags = std::make_shared<DiagnoseFlags>();
  Command out;
  out.name = "diagnose";
  out.summary = "say what the cause of the findings is, and what was ruled out";
  out.description =
      "Runs all checks and puts their findings in order: which one is the cause and which are its "
      "effects, what loses data first, what was ruled out and by what, and what cannot be proven "
      "from here, with the command that decides it. Two independent faults stay two.";
  out.flags = subject_flags(flags->subject);
  for (auto& flag : gather_flags(flags->gather)) {
    out.flags.push_back(std::move(flag));
  }
  out.flags.push_back(from_flag(flags->subject, {}));
  out.flags.push_back(output_flag(into_choice(&flags->output)));
  out.examples = {
      {"obsctl health diagnose", "find the cause in the stack of this directory"},
      {"obsctl health diagnose --from support.tar.gz", "in a support archive of somebody else"},
      {"obsctl health diagnose -o json", "for a ticket or a script"}};
  out.exit_codes = {{exit_code::findings, "something is wrong"},
                    {exit_code::unavailable, "something could not be checked"}};
  out.see_also = {"health check", "health explain"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
