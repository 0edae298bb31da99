// SPDX-License-Identifier: Apache-2.0
// `obsctl init`: flags, the call of lib/init, and what is printed.
#include "commands/init.hpp"

#include <fmt/format.h>

#include <memory>

#include "commands/findings.hpp"
#include "commands/init_flags.hpp"
#include "lib/init/report.hpp"
#include "lib/stack/templates.hpp"

namespace obsctl {
namespace {

constexpr auto k_description =
    "Writes a complete stack: a compose file or a Helm chart, the configuration of every "
    "component, dashboards, alert rules, secrets and a runbook. The values that you give are saved "
    "in obsctl.yaml; run 'obsctl init' in the directory, or below it, to apply a changed value. "
    "All other settings are listed there as comments.\n\n"
    "The load decides the size: limits, queues, disks and retention sizes follow from --spans, "
    "--series and --lines (without any of them, from the tier or the profile); 'obsctl size "
    "--explain' shows how. If the load does not fit the host, init says so before it writes, with "
    "the nearest load that fits; --strict then writes nothing.\n\n"
    "A value comes from its flag, else from --set, else from --spec or the directory's "
    "obsctl.yaml, else from the tier, the profile and obsctl's defaults.\n\n"
    "Running it again changes only what has to change. Secrets are made once and kept. A generated "
    "file that you have edited keeps your edits: what is new is merged into it. Where both changed "
    "the same lines, the new version is written beside it as FILE.new, the rest is applied, and "
    "the exit code is 3; take over what you need and delete FILE.new. --force replaces edited "
    "files. Files that obsctl did not generate are never touched. Writes are atomic: an "
    "interrupted run leaves either the old or the new files.\n\n"
    "A new stack is called after its directory, unless --name says otherwise.\n\n"
    "A stack that belongs to another user is refused, because commands come from its files. "
    "OBSCTL_SAFE_DIRECTORY lists directories that you trust all the same.";

Result<int> export_templates(Context& context, const InitFlags& flags) {
  const std::string& directory = flags.export_templates;
  OBS_TRY_ASSIGN(const std::size_t written,
                 stack::export_templates(context.files, context.environment.directory / directory,
                                         flags.force));
  if (!context.global.quiet) {
    context.terminal.out(
        fmt::format("{}: {} templates\n\nKeep the files you change, remove the others, and "
                    "generate with them:\n"
                    "  obsctl init --tier small --dir my-stack --template-dir {}\n",
                    directory, written, directory));
  }
  return exit_code::ok;
}

void print_findings(const Context& context, const Findings& findings) {
  for (const auto& finding : findings) {
    const bool error = finding.severity == Severity::error;
    context.terminal.err(fmt::format("obsctl: {}: {}\n  hint: {}\n",
                                     error ? "does not fit" : "warning", finding.message,
                                     finding.hint));
  }
}

init::ReportOptions report_options(const Context& context, const InitFlags& flags) {
  return {.view = flags.diff      ? init::View::diff
                  : flags.dry_run ? init::View::plan
                                  : init::View::summary,
          .everything = context.global.verbose > 0,
          .color = context.color_out(),
          .typed = [](const Settings& settings) { return typed(settings, k_init_flags); }};
}

void print(const Context& context, const InitFlags& flags, const init::Prepared& prepared) {
  const init::ReportOptions options = report_options(context, flags);
  if (flags.output == InitFormat::json) {
    context.terminal.out(init::report_json(prepared, options));
    return;
  }
  if (prepared.refused) {
    context.terminal.err("obsctl: error: the load does not fit; nothing has been written\n");
    return;
  }
  if (prepared.look_only || !context.global.quiet) {
    context.terminal.out(init::report_text(prepared, options));
  }
  if (prepared.partial()) {
    context.terminal.err(init::partial_text(prepared));
  }
}

Result<int> run(Context& context, const InitFlags& flags) {
  if (!flags.export_templates.empty()) {
    return export_templates(context, flags);
  }
  OBS_TRY_ASSIGN(const init::Options options, init_options(context, flags));
  const init::Services services{context.environment, context.files, context.http, context.clock,
                                context.random};
  OBS_TRY_ASSIGN(auto prepared, init::prepare(services, options).map_error([&flags](Error error) {
    return in_terms_of_flags(std::move(error), flags);
  }));
  if (prepared.directory.recovered()) {
    context.note(
        fmt::format("obsctl: completed the interrupted change of '{}'", prepared.shown_directory));
  }
  prepared.findings = in_flags(std::move(prepared.findings), k_init_flags);
  if (flags.output != InitFormat::json) {
    print_findings(context, prepared.findings);
    for (const auto& note : prepared.origins) {
      context.note("obsctl: " + note.text);
    }
  }
  OBS_TRY(init::write(prepared, OBSCTL_VERSION));
  print(context, flags, prepared);
  return prepared.partial() || prepared.refused ? exit_code::findings : exit_code::ok;
}

}  // namespace

Command init_command() {
  auto flags = std::make_shared<InitFlags>();
  return {
      .name = "init",
      .group = "Stack",
      .summary = "generate a stack, or apply changed settings",
      .description = k_description,
      .flags = init_flags(*flags),
      .examples =
          {{"obsctl init --tier small --dir my-stack", "generate a stack for one machine"},
           {"obsctl init --tier small --dir my-stack --spans 2k/s --series 50k --lines 1k/s "
            "--strict",
            "size it for a load; write nothing if that does not fit"},
           {"obsctl init --dir my-stack --retention-logs 14d --diff",
            "show what a longer retention would change"},
           {"obsctl init --tier small --dir edge --tls self-signed --auth bearer --bind 0.0.0.0",
            "open the receivers to other machines"},
           {"obsctl init --tier small --dir my-stack --target helm",
            "generate a chart for Kubernetes"},
           {"obsctl init --spec team.yaml --dir my-stack --dry-run",
            "list what a spec would generate"}},
      .exit_codes =
          {{3, "a file needs a person (the rest is written), or the load does not fit (--strict)"}},
      .see_also = {"size", "tiers", "stack", "templates"},
      .run = [flags](Context& context) { return run(context, *flags); }};
}

}  // namespace obsctl
