// SPDX-License-Identifier: Apache-2.0
// One question to the engine's API; its answer is checked like any other input.
#include "lib/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/engine/address.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_max_answer = 1 << 20;  // a real one has some 10 KB
constexpr double k_max_cpus = 1e5;
constexpr double k_max_memory = 1e16;

// A text that may be shown and stored: not empty, not long, no control characters (also not those
// of C1, which UTF-8 writes as C2 80 … C2 9F).
bool is_plain(const std::string& text) {
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  for (std::size_t at = text.find('\xc2'); at != text.npos; at = text.find('\xc2', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
      return false;
    }
  }
  return !text.empty() && text.size() <= 4096 && std::ranges::none_of(text, bad);
}

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
    return good(is_plain(value), key) ? value : "";
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

Failure no_sense(std::string_view address, std::string_view what) {
  return fail(Code::failed,
              fmt::format("'{}' does not answer like a container engine: {}", address, what),
              "is DOCKER_HOST the address of a Docker engine?");
}

Result<EngineHost> read_info(const std::string& body, std::string_view address) {
  if (body.size() > k_max_answer) {
    return no_sense(address, "the answer is too long");
  }
  const Json root = Json::parse(body, nullptr, false);
  if (!root.is_object()) {
    return no_sense(address, "no JSON object");
  }
  Answer answer(root);
  EngineHost out{.cpus = answer.number("NCPU", k_max_cpus),
                 .memory = {answer.number("MemTotal", k_max_memory)},
                 .name = answer.text("Name"),
                 .root_dir = answer.text("DockerRootDir")};
  if (!answer.wrong().empty()) {
    return no_sense(address, fmt::format("'{}' is missing or makes no sense", answer.wrong()));
  }
  if (!out.root_dir.starts_with('/')) {
    return no_sense(address, "'DockerRootDir' is not an absolute path");
  }
  return out;
}

}  // namespace

Result<EngineHost> engine_host(HttpClient& http, const Environment& environment) {
  const std::string address = engine_address(environment);
  OBS_TRY_ASSIGN(HttpRequest request, engine_request(environment, "/info"));
  request.timeout = {2};
  request.connect_timeout = Duration{0.5};
  const auto response = http.send(request);
  if (!response) {
    Error error = response.error();
    error.hint = "start Docker, or set DOCKER_HOST to the address of an engine that you may use";
    return Failure(std::move(error).in("asking the container engine"));
  }
  if (response->status != 200) {
    return no_sense(address, fmt::format("HTTP status {}", response->status));
  }
  return read_info(response->body, address);
}

}  // namespace obsctl
