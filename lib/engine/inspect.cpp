// SPDX-License-Identifier: Apache-2.0
// Reads the engine's list, inspection and statistics of containers.
#include "lib/engine/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::json;
using engine::flag;
using engine::number;
using engine::part;

std::string text(const Json& object, const char* key) {
  std::string out = engine::text(object, key);
  return engine::is_plain(out) ? out : std::string();
}

std::string address_of(const Json& row) {
  const Json& networks = part(part(row, "NetworkSettings"), "Networks");
  for (const auto& network : networks) {
    if (std::string address = text(network, "IPAddress"); !address.empty()) {
      return address;
    }
  }
  return {};
}

ComposeContainer read_row(const Json& row) {
  const Json& names = part(row, "Names");
  const Json& labels = part(row, "Labels");
  ComposeContainer out{.id = text(row, "Id"),
                       .name = {},
                       .service = text(labels, "com.docker.compose.service"),
                       .state = text(row, "State"),
                       .status = text(row, "Status"),
                       .address = address_of(row),
                       .image = text(row, "Image"),
                       .image_id = text(row, "ImageID")};
  if (names.is_array() && !names.empty() && names.front().is_string()) {
    out.name = names.front().get<std::string>();
    out.name.erase(0, out.name.starts_with('/') ? 1 : 0);
  }
  out.name = engine::is_plain(out.name) ? out.name : out.service;
  return out;
}

bool is_one_off(const Json& row) {
  return lower(text(part(row, "Labels"), "com.docker.compose.oneoff")) == "true";
}

Result<Json> ask_about(HttpClient& http, const Environment& environment, const std::string& path) {
  constexpr std::size_t k_longest = 1 << 20;  // a real answer has some 10 KB
  OBS_TRY_ASSIGN(Json root, engine::ask(http, environment, path, k_longest));
  if (!root.is_object()) {
    return engine::no_sense(environment, "no JSON object");
  }
  return root;
}

void read_state(const Json& state, ContainerFacts& out) {
  constexpr double k_highest_pid = 1 << 30;
  out.state = text(state, "Status");
  out.running = flag(state, "Running");
  out.restarting = flag(state, "Restarting");
  out.paused = flag(state, "Paused");
  out.oom_killed = flag(state, "OOMKilled");
  out.exit_code = number(state, "ExitCode").value_or(0);
  out.started = text(state, "StartedAt");
  out.finished = text(state, "FinishedAt");
  out.pid = static_cast<int>(std::clamp(number(state, "Pid").value_or(0), 0.0, k_highest_pid));
  const Json& health = part(state, "Health");
  out.health = text(health, "Status");
  if (const Json& log = part(health, "Log"); log.is_array() && !log.empty()) {
    out.health_output = engine::text(log.back(), "Output");
  }
  if (out.health == "none") {
    out.health.clear();
  }
}

void read_host_config(const Json& config, ContainerFacts& out) {
  constexpr double k_nano = 1e-9;
  out.memory_limit = number(config, "Memory");
  if (const auto cpus = number(config, "NanoCpus")) {
    out.cpu_limit = *cpus * k_nano;
  }
  out.restart_policy = text(part(config, "RestartPolicy"), "Name");
  if (out.restart_policy.empty() && part(config, "RestartPolicy").is_object()) {
    out.restart_policy = "no";  // older engines leave the word out
  }
  const Json& log = part(config, "LogConfig");
  out.log_driver = text(log, "Type");
  out.log_max_size = !text(part(log, "Config"), "max-size").empty();
  for (const auto& limit : part(config, "Ulimits")) {
    if (text(limit, "Name") == "nofile") {
      out.nofile = number(limit, "Soft").value_or(0);
    }
  }
}

}  // namespace

Result<std::vector<ComposeContainer>> compose_containers(HttpClient& http,
                                                         const Environment& environment,
                                                         const std::string& project) {
  constexpr std::size_t k_longest = 4 << 20;  // a container's entry has some 2 KB
  const Json filters = {{"label", {"com.docker.compose.project=" + project}}};
  OBS_TRY_ASSIGN(const Json rows,
                 engine::ask(http, environment,
                             "/containers/json?all=true&filters=" + percent_encoded(filters.dump()),
                             k_longest));
  if (!rows.is_array()) {
    return engine::no_sense(environment, "no list of containers");
  }
  std::vector<ComposeContainer> out;
  for (const auto& row : rows) {
    if (ComposeContainer one = read_row(row); engine::is_id(one.id) && !is_one_off(row)) {
      out.push_back(std::move(one));
    }
  }
  return out;
}

Result<ContainerFacts> inspect_container(HttpClient& http, const Environment& environment,
                                         const std::string& id) {
  OBS_TRY_ASSIGN(const Json root,
                 ask_about(http, environment, fmt::format("/containers/{}/json", id)));
  if (!part(root, "State").is_object()) {
    return engine::no_sense(environment, "a container without a state");
  }
  ContainerFacts out;
  read_state(part(root, "State"), out);
  read_host_config(part(root, "HostConfig"), out);
  out.restarts = number(root, "RestartCount").value_or(0);
  out.image = text(part(root, "Config"), "Image");
  out.stop_seconds = number(part(root, "Config"), "StopTimeout").value_or(out.stop_seconds);
  return out;
}

Result<ContainerUse> container_use(HttpClient& http, const Environment& environment,
                                   const std::string& id) {
  OBS_TRY_ASSIGN(const Json root,
                 ask_about(http, environment,
                           fmt::format("/containers/{}/stats?stream=false&one-shot=true", id)));
  const Json& memory = part(root, "memory_stats");
  const Json& detail = part(memory, "stats");
  const Json& throttling = part(part(root, "cpu_stats"), "throttling_data");
  ContainerUse out;
  if (const auto usage = number(memory, "usage")) {
    // The second name is that of hosts with the first version of control groups.
    const auto given_back =
        number(detail, "inactive_file").value_or(number(detail, "total_inactive_file").value_or(0));
    out.memory = std::max(0.0, *usage - given_back);
  }
  constexpr double k_nano = 1e-9;
  if (const auto used = number(part(part(root, "cpu_stats"), "cpu_usage"), "total_usage")) {
    out.cpu_seconds = *used * k_nano;
  }
  out.cpu_periods = number(throttling, "periods").value_or(0);
  out.cpu_throttled = number(throttling, "throttled_periods").value_or(0);
  return out;
}

}  // namespace obsctl
