// SPDX-License-Identifier: Apache-2.0
// Turns the flags of `obsctl health check` into what is checked.
#include "commands/health_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "commands/spec_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/base/url.hpp"

namespace obsctl {
namespace {

constexpr const char* k_subject = "What is checked";
constexpr const char* k_how = "How it is checked";
constexpr const char* k_output = "Output";

Result<health::GivenEndpoint> given(const std::string& component, const std::string& url,
                                    const char* flag) {
  if (component.empty() || !is_web_url(url)) {
    return fail(
        Code::usage,
        fmt::format("'{}' needs an http or https URL, not '{}'", flag, printable(shown_url(url))),
        "for example http://localhost:9090");
  }
  return health::GivenEndpoint{.component = component, .url = url};
}

// Which component of a default stack has the capability; data says it, not this file.
Result<std::string> who_provides(const health::Services& services, const std::string& capability) {
  OBS_TRY_ASSIGN(auto templates,
                 stack::load_templates(services.files, services.environment, {}, {}));
  OBS_TRY_ASSIGN(const stack::Stack stack, stack::assemble({}, StackSpec{}, std::move(templates)));
  const Provider* provider = stack.topology.provider(capability);
  if (provider == nullptr) {
    return fail(Code::config, fmt::format("no component provides '{}'", capability));
  }
  return provider->component;
}

Result<std::vector<health::GivenEndpoint>> all_given(const health::Services& services,
                                                     const SubjectFlags& flags) {
  std::vector<health::GivenEndpoint> out;
  for (const auto& text : flags.endpoints) {
    const auto sign = text.find('=');
    if (sign == std::string::npos || sign == 0) {
      return fail(
          Code::usage,
          fmt::format("'--endpoint' needs COMPONENT=URL, not '{}'", printable(shown_url(text))),
          "for example --endpoint loki=http://localhost:3100");
    }
    OBS_TRY_ASSIGN(auto one, given(text.substr(0, sign), text.substr(sign + 1), "--endpoint"));
    out.push_back(std::move(one));
  }
  const auto add = [&](const std::optional<std::string>& url, const char* capability,
                       const char* flag) -> Result<void> {
    if (url) {
      OBS_TRY_ASSIGN(const std::string component, who_provides(services, capability));
      OBS_TRY_ASSIGN(auto one, given(component, *url, flag));
      out.push_back(std::move(one));
    }
    return {};
  };
  OBS_TRY(add(flags.query_url, "metrics.query", "--prometheus"));
  OBS_TRY(add(flags.entry_url, "telemetry.in", "--collector"));
  return out;
}

// The flag alone means telemetry.
TypedValue into_probe(std::vector<ProbeWith>* into) {
  TypedValue out = into_choice(into);
  out.read = [into, read = std::move(out.read)](std::string_view text,
                                                std::string_view what) -> Result<void> {
    if (text.empty()) {
      into->push_back(ProbeWith::telemetry);
      return {};
    }
    return read(text, what);
  };
  return out;
}

std::vector<Flag> how_flags(HealthFlags& flags) {
  return {
      {.name = "probe",
       .value = "[WHAT]",
       .into = into_probe(&flags.probe),
       .excludes = {"watch", "list", "wait"},
       .group = k_how,
       .common = true,
       .doc = "send telemetry and find it in the stores, or an alert and see who is notified"},
      {.name = "within",
       .value = "DURATION",
       .into = into_length(&flags.within),
       .needs = {"probe"},
       .group = k_how,
       .doc = "look for what the probe sent at most this long"},
      {.name = "wait",
       .value = "DURATION",
       .into = into_length(&flags.wait),
       .excludes = {"watch", "list"},
       .group = k_how,
       .common = true,
       .doc = "check again until nothing fails, at most this long"},
      {.name = "watch",
       .into = &flags.watch,
       .excludes = {"list"},
       .group = k_how,
       .common = true,
       .doc = "check again and again until Ctrl-C, and show what is not well"},
  };
}

}  // namespace

std::vector<Flag> subject_flags(SubjectFlags& flags) {
  return {
      {.name = "dir",
       .short_name = 'd',
       .value = "DIR",
       .into = &flags.dir,
       .completes = "directory",
       .env = "OBSCTL_DIR",
       .fallback = "the stack in or above the current directory",
       .group = k_subject,
       .common = true,
       .doc = "check the stack in this directory"},
      {.name = "endpoint",
       .value = "COMPONENT=URL",
       .into = &flags.endpoints,
       .excludes = {"dir"},
       .group = k_subject,
       .doc = "check a program that obsctl did not generate, by the URL of its API or metrics"},
      {.name = "prometheus",
       .value = "URL",
       .into = &flags.query_url,
       .excludes = {"dir"},
       .group = k_subject,
       .doc = "check this Prometheus; short for --endpoint"},
      {.name = "collector",
       .value = "URL",
       .into = &flags.entry_url,
       .excludes = {"dir"},
       .group = k_subject,
       .doc = "check the OpenTelemetry Collector with its metrics there; short for --endpoint"},
      template_dir_flag(&flags.template_dirs, k_subject),
  };
}

Flag from_flag(SubjectFlags& flags, std::vector<std::string> excludes) {
  excludes.insert(excludes.end(),
                  {"dir", "endpoint", "prometheus", "collector", "sample", "timeout"});
  return {.name = "from",
          .value = "FILE",
          .into = &flags.from,
          .completes = "file",
          .excludes = std::move(excludes),
          .group = k_subject,
          .doc = "judge what a support archive holds, or its evidence.json, without a stack"};
}

std::vector<Flag> gather_flags(health::GatherOptions& options) {
  return {
      {.name = "sample",
       .value = "DURATION",
       .into = into_length(&options.sample),
       .group = k_how,
       .doc = "wait this long between the two readings that give rates"},
      {.name = "timeout",
       .value = "DURATION",
       .into = into_length(&options.timeout),
       .group = k_how,
       .doc = "wait this long for each answer"},
  };
}

std::vector<Flag> judging_flags(health::Selection& selection, health::FailOn& fail_on) {
  return {
      {.name = "only",
       .value = "NAME",
       .into = &selection.only,
       .group = k_subject,
       .common = true,
       .doc = "run only these checks: an id, a category or a component"},
      {.name = "skip",
       .value = "NAME",
       .into = &selection.skip,
       .group = k_subject,
       .doc = "leave these checks out: an id, a category or a component"},
      {.name = "fail-on",
       .value = "SEVERITY",
       .into = into_choice(&fail_on),
       .group = k_how,
       .common = true,
       .doc = "exit 3 from this severity on"},
  };
}

std::vector<Flag> health_check_flags(HealthFlags& flags) {
  std::vector<Flag> out = subject_flags(flags.subject);
  for (auto& more : {judging_flags(flags.selection, flags.fail_on), gather_flags(flags.gather),
                     how_flags(flags)}) {
    out.insert(out.end(), more.begin(), more.end());
  }
  out.push_back(from_flag(flags.subject, {"probe", "wait", "watch", "bundle"}));
  out.push_back(output_flag(into_choice(&flags.output)));
  out.push_back({.name = "to",
                 .value = "FILE",
                 .into = &flags.to,
                 .completes = "file",
                 .excludes = {"watch", "list"},
                 .group = k_output,
                 .doc = "write the result to FILE at once as a whole, in place of printing it"});
  out.push_back({.name = "all",
                 .into = &flags.all,
                 .group = k_output,
                 .doc = "show also the checks that passed, and every problem of a check"});
  out.push_back({.name = "list",
                 .into = &flags.list,
                 .group = k_output,
                 .doc = "list the checks without running them"});
  out.push_back({.name = "bundle",
                 .value = "FILE",
                 .into = &flags.bundle,
                 .completes = "file",
                 .excludes = {"watch", "list", "from"},
                 .group = k_output,
                 .common = true,
                 .doc = "write a support archive (.tar.gz) without the secrets of the stack"});
  out.push_back({.name = "force",
                 .into = &flags.force,
                 .needs = {"bundle"},
                 .group = k_output,
                 .doc = "replace the file of --bundle if it is there"});
  return out;
}

bool HealthFlags::probes(ProbeWith what) const {
  return std::ranges::find(probe, what) != probe.end();
}

Result<void> check_flags(const HealthFlags& flags) {
  const bool text = flags.output == HealthFormat::text;
  if (flags.watch && !text) {
    return fail(Code::usage, "'--watch' prints text only", "leave out '--output'");
  }
  if (flags.all && !text) {
    return fail(Code::usage, "'--all' is for text; other formats have all that they can hold");
  }
  if (flags.list && !text && flags.output != HealthFormat::json) {
    return fail(Code::usage, "'--list' prints text or json only");
  }
  return {};
}

Result<Recorded> open_recorded(const health::Services& services, const SubjectFlags& flags) {
  const auto file = services.environment.directory / *flags.from;
  OBS_TRY_ASSIGN(const std::string bytes, services.files.read(file));
  OBS_TRY_ASSIGN(auto recording, bundle::read_recording(bytes, *flags.from));
  OBS_TRY_ASSIGN(auto subject, bundle::subject_of(services, recording, flags.template_dirs));
  return Recorded{.recording = std::move(recording), .subject = std::move(subject)};
}

Result<health::Subject> open_subject(const health::Services& services, const SubjectFlags& flags) {
  if (flags.dir && flags.dir->empty()) {
    return fail(Code::usage, "'--dir' is empty",
                "is a variable unset? '--dir .' is the current directory");
  }
  OBS_TRY_ASSIGN(auto given, all_given(services, flags));
  const auto& here = services.environment.directory;
  Result<health::Subject> subject =
      given.empty()
          ? health::open_stack(services, flags.dir ? here / *flags.dir : here, flags.template_dirs)
          : health::given_programs(services, std::move(given));
  if (!subject && subject.error().code == Code::missing) {
    subject.error().hint =
        "'obsctl init' generates a stack; --dir names one elsewhere, and --endpoint programs that "
        "run already";
  }
  return subject;
}

}  // namespace obsctl
