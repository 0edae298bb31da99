// SPDX-License-Identifier: Apache-2.0
// What the engine says about its host, checked like any other input.
#include "lib/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/engine/ask.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::json;

constexpr double k_max_cpus = 1e5;
constexpr double k_max_memory = 1e16;

// The fields of an answer; remembers the first one that is missing or makes no sense.
class Answer {
 public:
  explicit Answer(const Json& root) : root_(root) {}

  double number(const char* key, double most) {
    const auto it = root_.find(key);
    const double value = it != root_.end() && it->is_number() ? it->get<double>() : 0;
    return good(value >= 1 && value <= most, key) ? value : 0;
  }
  std::string text(const char* key) {
    const auto it = root_.find(key);
    std::string value = it != root_.end() && it->is_string() ? it->get<std::string>() : "";
    return good(engine::is_plain(value), key) ? value : "";
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  bool good(bool is_good, const char* key) {
    if (!is_good && wrong_.empty()) {
      wrong_ = key;
    }
    return is_good;
  }

  const Json& root_;
  std::string wrong_;
};

}  // namespace

Result<EngineHost> engine_host(HttpClient& http, const Environment& environment) {
  constexpr std::size_t k_longest = 1 << 20;  // a real answer has some 10 KB
  OBS_TRY_ASSIGN(const HttpResponse response, engine::get(http, environment, "/info", k_longest));
  const Json root = Json::parse(response.body, nullptr, false);
  if (!root.is_object()) {
    return engine::no_sense(environment, "no JSON object");
  }
  Answer answer(root);
  EngineHost out{.cpus = answer.number("NCPU", k_max_cpus),
                 .memory = {answer.number("MemTotal", k_max_memory)},
                 .name = answer.text("Name"),
                 .root_dir = answer.text("DockerRootDir"),
                 .time = {},
                 .api_version = response.header("api-version").value_or("")};
  if (!answer.wrong().empty()) {
    return engine::no_sense(environment,
                            fmt::format("'{}' is missing or makes no sense", answer.wrong()));
  }
  if (!out.root_dir.starts_with('/')) {
    return engine::no_sense(environment, "'DockerRootDir' is not an absolute path");
  }
  out.time = engine::text(root, "SystemTime");
  const std::string version = engine::text(root, "ServerVersion");
  out.version = engine::is_plain(version) ? version : "";
  return out;
}

Result<std::string> engine_api_version(HttpClient& http, const Environment& environment) {
  constexpr std::size_t k_longest = 1 << 16;  // a real answer has some 2 KB
  OBS_TRY_ASSIGN(const Json root, engine::ask(http, environment, "/version", k_longest));
  std::string out = engine::text(root, "ApiVersion");
  if (!engine::is_plain(out)) {
    return engine::no_sense(environment, "it does not say the version of its API");
  }
  return out;
}

}  // namespace obsctl
