// SPDX-License-Identifier: Apache-2.0
// `obsctl health schedule`: flags, the call of lib/health, and where the files go.
#include <fmt/format.h>

#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/health/schedule.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Prints the files with which systemd, cron or Kubernetes runs the checks again and again; --to "
    "writes them into a directory. Nothing is installed: the first lines of each file say how.\n\n"
    "With --textfile the result goes to node_exporter, for dashboards and alerts. Without it systemd "
    "keeps it in the journal, cron mails what is wrong, and in a cluster the Job fails and its pod's "
    "log says why.\n\n"
    "systemd runs them as the user whose files the stack's are, and that user may write nowhere but "
    "into the textfile directory. In a cluster the programs are asked by the names of their services, "
    "without any permission in Kubernetes; what needs one, the state of pods and claims, is left out.";

struct ScheduleFlags {
  SubjectFlags subject;
  health::Selection selection;
  health::FailOn fail_on = health::FailOn::warning;
  std::string by;
  health::ScheduleOptions options;
  std::optional<std::string> textfile;
  std::string image = "obsctl:" OBSCTL_VERSION;
  std::optional<std::string> to;
};

// What says what is checked, with paths that hold wherever it is run.
std::vector<std::string> subject_words(const Context& context, const SubjectFlags& flags,
                                       const health::Subject& subject) {
  std::vector<std::string> out;
  if (subject.own()) {
    out.push_back(fmt::format("--dir={}", subject.stack.directory.string()));
  }
  for (const health::GivenEndpoint& one : subject.given) {
    out.push_back(fmt::format("--endpoint={}={}", one.component, one.url));
  }
  for (const std::string& dir : flags.template_dirs) {
    const auto path = (context.environment.directory / dir).lexically_normal();
    out.push_back(fmt::format("--template-dir={}", path.string()));
  }
  return out;
}

// What says which checks are run, and which of their findings are a failure.
std::vector<std::string> judging_words(const ScheduleFlags& flags) {
  std::vector<std::string> out;
  for (const std::string& name : flags.selection.only) {
    out.push_back("--only=" + name);
  }
  for (const std::string& name : flags.selection.skip) {
    out.push_back("--skip=" + name);
  }
  if (flags.fail_on != health::FailOn::warning) {
    out.push_back(fmt::format("--fail-on={}", name_of(flags.fail_on)));
  }
  return out;
}

// Variables that decide whom docker and kubectl ask.
std::vector<std::pair<std::string, std::string>> asked_by(const Environment& environment) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* name : {"DOCKER_HOST", "KUBECONFIG"}) {
    if (const auto value = environment.get(name)) {
      out.emplace_back(name, *value);
    }
  }
  return out;
}

Result<void> put_out(Context& context, const std::optional<std::string>& to,
                     const std::vector<health::ScheduleFile>& files) {
  if (!to) {
    for (const auto& file : files) {
      context.terminal.out(files.size() > 1 ? fmt::format("# {}\n{}\n", file.name, file.text)
                                            : file.text);
    }
    return {};
  }
  const auto folder = context.environment.directory / *to;
  OBS_TRY(context.files.make_directories(folder));
  for (const auto& file : files) {
    OBS_TRY(context.files.write_atomic(folder / file.name, file.text, 0644));
    context.note(fmt::format("obsctl: wrote {}", (folder / file.name).string()));
  }
  return {};
}

Result<int> run(Context& context, const ScheduleFlags& flags) {
  health::ScheduleOptions options = flags.options;
  OBS_TRY_ASSIGN(options.by, parse_choice<health::Scheduler>(flags.by, "SCHEDULER"));
  OBS_TRY_ASSIGN(health::Subject subject, open_subject(services_of(context), flags.subject));
  OBS_TRY(health::select(subject, flags.selection));
  if (flags.textfile) {
    options.textfile = (context.environment.directory / *flags.textfile).lexically_normal();
  }
  options.metrics = name_of(HealthFormat::exposition);
  options.image = flags.image;
  options.words = subject_words(context, flags.subject, subject);
  options.judging = judging_words(flags);
  options.environment = asked_by(context.environment);
  options.user =
      subject.own() ? context.files.owner(subject.stack.directory) : context.environment.user;
  OBS_TRY_ASSIGN(const auto files, health::schedule(subject, options));
  OBS_TRY(put_out(context, flags.to, files));
  return exit_code::ok;
}

std::vector<Flag> schedule_flags(ScheduleFlags& flags) {
  constexpr const char* k_how = "How it is run";
  return {
      {.name = "every",
       .value = "DURATION",
       .into = into_length(&flags.options.every),
       .group = k_how,
       .common = true,
       .doc = "run the checks this often"},
      {.name = "textfile",
       .value = "DIR",
       .into = &flags.textfile,
       .completes = "directory",
       .group = k_how,
       .common = true,
       .doc = "hand the result to node_exporter in its --collector.textfile.directory"},
      {.name = "on-failure",
       .value = "UNIT",
       .into = &flags.options.on_failure,
       .group = k_how,
       .doc = "let systemd start this unit when something is wrong"},
      {.name = "image",
       .value = "IMAGE",
       .into = &flags.image,
       .fallback = flags.image,
       .group = k_how,
       .doc = "use this image in a cluster; scripts/image builds one"},
      {.name = "to",
       .value = "DIR",
       .into = &flags.to,
       .completes = "directory",
       .group = "Output",
       .common = true,
       .doc = "write the files into DIR in place of printing them"},
  };
}

}  // namespace

Command health_schedule_command() {
  const auto flags = std::make_shared<ScheduleFlags>();
  Command out;
  out.name = "schedule";
  out.summary = "make the files that run the checks regularly";
  out.description = k_description;
  out.arguments = {{.name = "SCHEDULER",
                    .into = &flags->by,
                    .required = true,
                    .choices = choices_of<health::Scheduler>(),
                    .doc = "what runs them"}};
  out.flags = subject_flags(flags->subject);
  for (auto& more : {judging_flags(flags->selection, flags->fail_on), schedule_flags(*flags)}) {
    out.flags.insert(out.flags.end(), more.begin(), more.end());
  }
  out.examples = {
      {"obsctl health schedule systemd --textfile /var/lib/prometheus/node-exporter",
       "a service and a timer whose results are metrics"},
      {"obsctl health schedule systemd --on-failure pager.service --to /tmp/units",
       "units that start another one when something is wrong"},
      {"obsctl health schedule cron --every 15m --skip HST-003",
       "a line for crontab that mails what is wrong, but for what is accepted"},
      {"obsctl health schedule kubernetes | kubectl apply -f -", "a CronJob beside the stack"},
  };
  out.see_also = {"health check"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
