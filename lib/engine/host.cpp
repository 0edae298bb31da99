// One question to the engine's API; its answer is checked like any other input.
#include "lib/engine/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obsctl {
namespace {

using Json = nlohmann::json;

constexpr std::string_view k_default = "unix:///var/run/docker.sock";
constexpr std::size_t k_max_answer = 1 << 20;  // a real one has some 10 KB
constexpr double k_max_cpus = 1e5;
constexpr double k_max_memory = 1e16;

Failure cannot_ask(std::string_view address, std::string_view why) {
  return fail(Code::unreachable,
              fmt::format("the container engine at '{}' cannot be asked: {}", address, why),
              "obsctl asks over unix:// and over tcp:// without TLS");
}

// The request for GET /info at a DOCKER_HOST.
Result<HttpRequest> request_to(std::string_view address, bool tls) {
  constexpr std::string_view k_unix = "unix://";
  constexpr std::string_view k_tcp = "tcp://";
  HttpRequest out;
  out.timeout = {2};
  out.connect_timeout = Duration{0.5};
  if (address.starts_with(k_unix) && address.substr(k_unix.size()).starts_with('/')) {
    out.url = "http://localhost/info";
    out.unix_socket = address.substr(k_unix.size());
    return out;
  }
  if (!address.starts_with(k_tcp)) {
    return cannot_ask(address, "this is neither unix:///PATH nor tcp://HOST:PORT");
  }
  if (tls) {
    return cannot_ask(address, "DOCKER_TLS_VERIFY wants TLS");
  }
  std::string_view host = address.substr(k_tcp.size());
  host = host.substr(0, host.find_last_not_of('/') + 1);
  const bool has_port = host.find(':', host.starts_with('[') ? host.find(']') : 0) != host.npos;
  out.url = fmt::format("http://{}{}/info", host, has_port ? "" : ":2375");
  return out;
}

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
  const std::string address = environment.get("DOCKER_HOST").value_or(std::string(k_default));
  const bool tls = environment.get("DOCKER_TLS_VERIFY").has_value();
  OBS_TRY_ASSIGN(const HttpRequest request, request_to(address, tls));
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
