// SPDX-License-Identifier: Apache-2.0
// Fills templates/schedule in: the command with everything that tells what is checked, quoted as
// its reader wants it.
#include "lib/health/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lib/base/text.hpp"
#include "lib/io/http.hpp"
#include "lib/template/template.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::health {
namespace {

constexpr const char* k_name = "obsctl-health";
constexpr double k_longest_delay = 60;  // seconds by which a timer is late on purpose

// Nothing in it means anything to a shell, to cron or to systemd.
bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_./:=,@") == std::string_view::npos;
}

std::string shell_word(std::string_view text) {
  return is_plain(text) ? std::string(text) : shell_quoted(text);
}

std::string unit_name(const Subject& subject) {
  return subject.own() ? fmt::format("{}-{}", k_name, subject.stack.topology.name) : k_name;
}

std::vector<std::string> command_words(const Subject& subject, const ScheduleOptions& options,
                                       const char* format) {
  std::vector<std::string> out = {"obsctl", "health"};
  out.insert(out.end(), options.words.begin(), options.words.end());
  out.insert(out.end(), options.judging.begin(), options.judging.end());
  if (options.textfile) {
    out.push_back(fmt::format("--output={}", options.metrics));
    out.push_back(
        fmt::format("--to={}", (*options.textfile / (unit_name(subject) + ".prom")).string()));
  } else {
    out.push_back(fmt::format("--output={}", format));
  }
  return out;
}

// In a comment a new line would end it.
std::string shown_subject(const Subject& subject) {
  return printable(subject.own() ? fmt::format("the stack in {}", subject.name()) : subject.name());
}

Values common_values(const Subject& subject, const ScheduleOptions& options) {
  return {{"subject", shown_subject(subject)},
          {"textfile_folder", options.textfile ? printable(options.textfile->string()) : ""}};
}

Result<ScheduleFile> file_of(const Subject& subject, const char* from, std::string name,
                             const Values& values) {
  const TemplateStore& store = subject.stack.templates.store;
  OBS_TRY_ASSIGN(const Template source, store.find(from));
  OBS_TRY_ASSIGN(std::string text, render_template(source, values, store));
  return ScheduleFile{.name = std::move(name), .text = std::move(text)};
}

std::string unit_command(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    out.push_back(unit_word(word, true));
  }
  return join(out, " ");
}

Result<std::vector<ScheduleFile>> systemd_files(const Subject& subject,
                                                const ScheduleOptions& options) {
  const std::string unit = unit_name(subject);
  Values environment = Values::array();
  for (const auto& [name, value] : options.environment) {
    environment.push_back(unit_word(fmt::format("{}={}", name, value), false));
  }
  Values values = common_values(subject, options);
  values.update(
      {{"unit", unit},
       {"description", replace_all(shown_subject(subject), "%", "%%")},
       {"on_failure", options.on_failure},
       {"command", unit_command(command_words(subject, options, "text"))},
       {"environment", environment},
       {"user", options.user ? std::to_string(*options.user) : ""},
       {"writes_to", options.textfile ? unit_word(options.textfile->string(), false) : ""},
       {"every", config_duration(options.every)},
       {"delay",
        config_duration({std::ceil(std::min(options.every.seconds / 10, k_longest_delay))})}});
  OBS_TRY_ASSIGN(auto service,
                 file_of(subject, "schedule/systemd.service", unit + ".service", values));
  OBS_TRY_ASSIGN(auto timer, file_of(subject, "schedule/systemd.timer", unit + ".timer", values));
  return std::vector{std::move(service), std::move(timer)};
}

Result<std::vector<ScheduleFile>> cron_files(const Subject& subject,
                                             const ScheduleOptions& options) {
  std::vector<std::string> words;
  for (const auto& [name, value] : options.environment) {
    words.push_back(fmt::format("{}={}", name, shell_word(value)));
  }
  for (const std::string& word : command_words(subject, options, "short")) {
    words.push_back(shell_word(word));
  }
  std::string command = join(words, " ");
  if (!options.textfile) {
    command = fmt::format(R"(out=$({}) || echo "$out")", command);
  }
  Values values = common_values(subject, options);
  OBS_TRY_ASSIGN(values["expression"], cron_expression(options.every));
  // cron ends the command at a bare percent sign.
  values["command"] = replace_all(std::move(command), "%", "\\%");
  OBS_TRY_ASSIGN(auto file,
                 file_of(subject, "schedule/crontab", unit_name(subject) + ".crontab", values));
  return std::vector{std::move(file)};
}

// A component that is checked from inside of the cluster.
struct Asked {
  std::string component;
  std::string url;
  int port = 0;
};

std::vector<Asked> asked_inside(const stack::Stack& stack) {
  std::vector<Asked> out;
  for (const Component& component : stack.topology.components) {
    if (const Port* port = component.checked_port()) {
      out.push_back({.component = component.name,
                     .url = fmt::format("{}://{}:{}", port->scheme(),
                                        stack.words.address(component.name), port->container),
                     .port = port->container});
    }
  }
  return out;
}

// Kubernetes replaces $(NAME) in arguments, and reads $$ as $.
std::string argument(const std::string& text) {
  return replace_all(text, "$", "$$");
}

Result<std::vector<ScheduleFile>> kubernetes_files(const Subject& subject,
                                                   const ScheduleOptions& options) {
  const bool in_cluster = subject.own() && !subject.stack.words.cluster_api.empty();
  if (subject.own() && !in_cluster) {
    return fail(Code::usage, fmt::format("the stack in '{}' is not in a cluster", subject.name()),
                "a stack with the target helm is; --endpoint COMPONENT=URL names other programs");
  }
  std::set<std::string> ports;
  std::vector<std::string> components;
  Values arguments = Values::array();
  for (const Asked& one : in_cluster ? asked_inside(subject.stack) : std::vector<Asked>()) {
    arguments.push_back(argument(fmt::format("--endpoint={}={}", one.component, one.url)));
    components.push_back(one.component);
    ports.insert(fmt::format("{{port: {}}}", one.port));
  }
  for (const std::string& word : in_cluster ? std::vector<std::string>() : options.words) {
    arguments.push_back(argument(word));
  }
  for (const std::string& word : options.judging) {
    arguments.push_back(argument(word));
  }
  arguments.push_back("--output=text");
  const std::string name = in_cluster ? subject.stack.topology.name : "";
  Values values = common_values(subject, options);
  OBS_TRY_ASSIGN(values["expression"], cron_expression(options.every));
  values.update({{"image", yaml::scalar(options.image)},
                 {"image_word", shell_quoted(options.image)},
                 {"namespace", name},
                 {"namespace_word", name.empty() ? "" : fmt::format("-n {} ", name)},
                 {"arguments", yaml::lines(arguments, 16)},
                 {"has_policies", in_cluster},
                 {"component_list", join(components, ", ")},
                 {"port_list", join({ports.begin(), ports.end()}, ", ")}});
  OBS_TRY_ASSIGN(auto file,
                 file_of(subject, "schedule/cronjob.yaml", std::string(k_name) + ".yaml", values));
  return std::vector{std::move(file)};
}

Result<void> check_options(const Subject& subject, const ScheduleOptions& options) {
  const auto only = [&options](bool given, Scheduler of, const char* flag) -> Result<void> {
    return given && options.by != of
               ? fail(Code::usage, fmt::format("'{}' is for {} only", flag, name_of(of)))
               : Result<void>();
  };
  OBS_TRY(only(!options.on_failure.empty(), Scheduler::systemd, "--on-failure"));
  if (options.textfile && options.by == Scheduler::kubernetes) {
    return fail(Code::usage, "'--textfile' is a folder of a host, and a pod has none",
                "leave it out; a Job that failed is a finding");
  }
  std::vector<std::string> texts = options.words;
  texts.insert(texts.end(), options.judging.begin(), options.judging.end());
  texts.push_back(options.textfile ? options.textfile->string() : "");
  texts.push_back(options.on_failure);
  for (const std::string& text : texts) {
    if (printable(text) != text) {
      return fail(Code::usage, fmt::format("'{}' has a control character", printable(text)),
                  "no scheduler takes it; use another path");
    }
  }
  for (const GivenEndpoint& one : subject.given) {
    if (shown_url(one.url) != one.url) {
      return fail(
          Code::usage,
          fmt::format("the URL of '{}' has a password, which everybody could read", one.component),
          "name an address that asks for none");
    }
  }
  return {};
}

}  // namespace

std::string unit_word(std::string_view text, bool command) {
  if (is_plain(text)) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (c == '%' || (c == '$' && command)) {
      out += c;
    }
    out += c;
  }
  return out + "\"";
}

Result<std::string> cron_expression(Duration every) {
  constexpr int k_hour = 60;
  constexpr int k_day = 24;
  const double exact = every.seconds / 60;
  const int minutes = exact >= 1 && exact <= k_hour * k_day ? static_cast<int>(exact) : 0;
  const int hours = minutes / k_hour;
  if (minutes == exact && minutes > 0) {
    if (minutes == 1) {
      return "* * * * *";
    }
    if (minutes < k_hour && k_hour % minutes == 0) {
      return fmt::format("*/{} * * * *", minutes);
    }
    if (minutes == k_hour) {
      return "0 * * * *";
    }
    if (minutes % k_hour == 0 && hours < k_day && k_day % hours == 0) {
      return fmt::format("0 */{} * * *", hours);
    }
    if (hours == k_day) {
      return "0 0 * * *";
    }
  }
  return fail(Code::usage, fmt::format("cron cannot keep '--every {}'", print_duration(every)),
              "use 1m, 5m, 10m, 15m, 30m, 1h, 6h, 12h or 24h");
}

Result<std::vector<ScheduleFile>> schedule(const Subject& subject, const ScheduleOptions& options) {
  OBS_TRY(check_options(subject, options));
  switch (options.by) {
    case Scheduler::systemd: return systemd_files(subject, options);
    case Scheduler::cron: return cron_files(subject, options);
    case Scheduler::kubernetes: break;
  }
  return kubernetes_files(subject, options);
}

}  // namespace obsctl::health
