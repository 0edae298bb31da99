// SPDX-License-Identifier: Apache-2.0
// Reads the engine's list of containers.
#include "lib/engine/containers.hpp"

#include <nlohmann/json.hpp>

#include "lib/engine/ask.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  if (it == object.end() || !it->is_string()) {
    return {};
  }
  auto out = it->get<std::string>();
  return engine::is_plain(out) ? out : std::string();
}

const Json& part(const Json& object, const char* key) {
  static const Json k_nothing;
  const auto it = object.find(key);
  return it == object.end() ? k_nothing : *it;
}

std::vector<HeldPort> ports_of(const Json& row) {
  constexpr int k_highest = 65535;
  std::vector<HeldPort> out;
  for (const auto& port : part(row, "Ports")) {
    const auto number = port.is_object() ? port.find("PublicPort") : port.end();
    if (text(port, "Type") == "tcp" && number != port.end() && number->is_number_unsigned() &&
        number->get<unsigned>() <= k_highest) {
      out.push_back({.address = text(port, "IP"), .number = number->get<int>()});
    }
  }
  return out;
}

EngineContainer read_container(const Json& row) {
  const Json& names = part(row, "Names");
  const Json& labels = part(row, "Labels");
  EngineContainer out{.name = {},
                      .project = text(labels, "com.docker.compose.project"),
                      .directory = text(labels, "com.docker.compose.project.working_dir"),
                      .ports = ports_of(row)};
  if (names.is_array() && !names.empty() && names.front().is_string()) {
    out.name = names.front().get<std::string>();
    out.name.erase(0, out.name.starts_with('/') ? 1 : 0);
  }
  out.name = engine::is_plain(out.name) ? out.name : "a container";
  out.directory = out.directory.starts_with('/') ? out.directory : "";
  return out;
}

}  // namespace

Result<std::vector<EngineContainer>> engine_containers(HttpClient& http,
                                                       const Environment& environment) {
  constexpr std::size_t k_longest = 16 << 20;  // a container's entry has some 2 KB
  OBS_TRY_ASSIGN(const Json rows,
                 engine::ask(http, environment, "/containers/json?all=true", k_longest));
  if (!rows.is_array()) {
    return engine::no_sense(environment, "no list of containers");
  }
  std::vector<EngineContainer> out;
  for (const auto& row : rows) {
    if (row.is_object()) {
      out.push_back(read_container(row));
    }
  }
  return out;
}

}  // namespace obsctl
