// SPDX-License-Identifier: Apache-2.0
// Turns what the engine says about a container into samples, with as few questions as that takes.
#include "lib/sources/container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lib/checks/samples.hpp"
#include "lib/sources/loopback.hpp"
#include "lib/sources/moment.hpp"

namespace obsctl::health {
namespace {

// The program that a health check wanted to run and the image does not have; nothing when it ran.
//   exec: "wget": executable file not found in $PATH        (runc)
//   executable file `wget` not found in $PATH               (crun)
//   exec: "/bin/sh": stat /bin/sh: no such file or directory
std::optional<std::string> missing_program(const std::string& output) {
  const bool absent = output.find("not found") != std::string::npos &&
                      output.find("executable file") != std::string::npos;
  const bool no_file = output.find("exec: \"") != std::string::npos &&
                       output.find("no such file or directory") != std::string::npos;
  if (!absent && !no_file) {
    return std::nullopt;
  }
  const auto between = [&output](std::string_view start, char end) {
    const auto at = output.find(start);
    const auto from = at == std::string::npos ? at : at + start.size();
    const auto to = at == std::string::npos ? at : output.find(end, from);
    return to == std::string::npos ? std::string() : output.substr(from, to - from);
  };
  std::string program = between("exec: \"", '"');
  return program.empty() ? between("executable file `", '`') : program;
}

// "docker.io/library/busybox:1" and "busybox:1" are the same.
std::string_view plain_reference(std::string_view image) {
  for (const std::string_view start : {"docker.io/", "library/"}) {
    if (image.starts_with(start)) {
      image.remove_prefix(start.size());
    }
  }
  return image;
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

void put_times(const ContainerFacts& facts, Time now, Samples& out) {
  const auto started = parse_moment(facts.started);
  const auto finished = parse_moment(facts.finished);
  if (started) {
    put(out, "container_age_seconds", std::max(0.0, seconds_between(*started, now)));
  }
  if (started && finished && (!facts.running || facts.restarting) && *finished >= *started) {
    put(out, "container_life_seconds", seconds_between(*started, *finished));
  }
}

void put_health(const ContainerFacts& facts, Samples& out) {
  if (!facts.health.empty()) {
    put(out, "container_health", 1, {{"status", facts.health}});
  }
  put_flag(out, "container_unhealthy", facts.health == "unhealthy");
  const auto program = missing_program(facts.health_output);
  put_flag(out, "container_probe_impossible", program.has_value(),
           program ? SampleLabels{{"program", *program}} : SampleLabels{});
}

// What the engine does not say is left out.
void put_settings(const ContainerFacts& facts, const std::string& wanted, Samples& out) {
  if (facts.memory_limit) {
    put(out, "container_memory_limit_bytes", *facts.memory_limit);
  }
  if (facts.cpu_limit) {
    put(out, "container_cpu_limit_cores", *facts.cpu_limit);
  }
  put(out, "container_nofile", facts.nofile);
  put(out, "container_stop_seconds", facts.stop_seconds);
  if (const std::string& policy = facts.restart_policy; !policy.empty()) {
    put(out, "container_restart_policy", 1, {{"policy", policy}});
    put_flag(out, "container_restarts_by_itself", policy != "no");
  }
  if (!facts.log_driver.empty()) {
    put_flag(out, "container_log_rotated", facts.log_driver != "json-file" || facts.log_max_size);
  }
  if (!facts.image.empty()) {
    const SampleLabels labels = {{"image", facts.image}, {"wanted", wanted}};
    put(out, "container_image", 1, labels);
    put_flag(out, "container_image_as_wanted",
             plain_reference(facts.image) == plain_reference(wanted), labels);
  }
}

Samples samples_of(const ContainerFacts& facts, const Component& component, Time now) {
  Samples out;
  put_flag(out, "container_exists", true);
  put_flag(out, "container_running", facts.running);
  put_flag(out, "container_restarting", facts.restarting);
  put_flag(out, "container_paused", facts.paused);
  put_flag(out, "container_oom_killed", facts.oom_killed);
  put(out, "container_restarts", facts.restarts);
  put(out, "container_exit_code", facts.exit_code);
  put_times(facts, now, out);
  put_health(facts, out);
  put_settings(facts, component.image, out);
  return out;
}

Samples no_container() {
  Samples out;
  for (const char* name :
       {"container_exists", "container_running", "container_restarting", "container_paused",
        "container_oom_killed", "container_unhealthy", "container_probe_impossible"}) {
    put_flag(out, name, false);
  }
  return out;
}

void put_use(const ContainerUse& use, Samples& out) {
  if (use.memory) {
    put(out, "container_memory_bytes", *use.memory);
  }
  if (use.cpu_seconds) {
    put(out, "container_cpu_seconds", *use.cpu_seconds);
  }
  put(out, "container_cpu_periods", use.cpu_periods);
  put(out, "container_cpu_throttled_periods", use.cpu_throttled);
}

// One component's container, asked about in both rounds.
class Reader {
 public:
  Reader(const Context& context, const Component& component)
      : context_(context), component_(component) {}

  Result<Samples> read() {
    const auto& containers = context_.engine->containers(round_++);
    if (!containers) {
      return Failure(containers.error());
    }
    const ComposeContainer* row = row_of(*containers);
    if (row == nullptr) {
      return no_container();
    }
    OBS_TRY(inspect(*row));
    const Services& services = context_.services;
    Samples out = samples_of(facts_, component_, services.clock.now());
    if (facts_.running && !facts_.restarting) {
      if (const auto use = container_use(services.http, services.environment, row->id)) {
        put_use(*use, out);
      }
      put_loopback(row->id, out);
    }
    return out;
  }

 private:
  // The one that runs, where one that ended is still there beside it.
  const ComposeContainer* row_of(const std::vector<ComposeContainer>& containers) const {
    const ComposeContainer* out = nullptr;
    for (const ComposeContainer& one : containers) {
      const bool better = out == nullptr || (out->state != "running" && one.state == "running");
      if (one.service == component_.name && better) {
        out = &one;
      }
    }
    return out;
  }

  // One that has run for long and still looks the same did not restart in between: its status would
  // be younger.
  [[nodiscard]] bool is_unchanged(const ComposeContainer& row) const {
    constexpr double k_long = 120;  // from here on the status counts in minutes
    const auto started = parse_moment(facts_.started);
    return seen_ == row && facts_.running && !facts_.restarting && started &&
           seconds_between(*started, context_.services.clock.now()) > k_long;
  }

  Result<void> inspect(const ComposeContainer& row) {
    if (!is_unchanged(row)) {
      const Services& services = context_.services;
      OBS_TRY_ASSIGN(facts_, inspect_container(services.http, services.environment, row.id));
      seen_ = row;
    }
    return {};
  }

  // Only where the process is one of this host: the number may be one of another machine.
  void put_loopback(const std::string& id, Samples& out) const {
    const FileSystem& files = context_.services.files;
    const auto process = std::filesystem::path("/proc") / std::to_string(facts_.pid);
    const auto group = files.read(process / "cgroup");
    if (facts_.pid == 0 || !group || group->find(id) == std::string::npos) {
      return;
    }
    ListeningPorts ports;
    for (const char* table : {"net/tcp", "net/tcp6"}) {
      if (const auto text = files.read(process / table)) {
        read_listening(*text, ports);
      }
    }
    for (const Port& port : component_.ports) {
      if (ports.loopback.contains(port.container) && !ports.reachable.contains(port.container)) {
        put(out, "container_loopback_only", 1, {{"port", std::to_string(port.container)}});
      }
    }
    put_none(out, "container_loopback_only");
  }

  Context context_;
  const Component& component_;
  std::size_t round_ = 0;
  std::optional<ComposeContainer> seen_;
  ContainerFacts facts_;
};

}  // namespace

std::vector<Inquiry> container_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.engine) {
    return out;
  }
  for (const Component& component : context.components()) {
    const auto reader = std::make_shared<Reader>(context, component);
    out.push_back({.component = component.name,
                   .source = Source::container,
                   .from = fmt::format("container of {}", component.name),
                   .twice = true,
                   .read = [reader] { return reader->read(); }});
  }
  return out;
}

}  // namespace obsctl::health
