// SPDX-License-Identifier: Apache-2.0
// What is asked of which engine, and answers that no engine should give.
#include "lib/engine/host.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

using namespace obsctl;

namespace {

const std::string k_info =
    R"({"ID":"x","NCPU":8,"MemTotal":16677720064,"Name":"shop-1","DockerRootDir":"/var/lib/docker"})";

// Remembers the question and gives the prepared answer.
class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(HttpResponse answer) : answer_(std::move(answer)) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    asked = request;
    return answer_;
  }
  HttpRequest asked;

 private:
  HttpResponse answer_;
};

Result<EngineHost> host_from(const std::string& body, int status = 200) {
  FakeHttp http({status, body});
  return engine_host(http, {});
}

HttpRequest asked_at(const std::string& docker_host) {
  FakeHttp http({200, k_info});
  REQUIRE(engine_host(http, {.variables = {{"DOCKER_HOST", docker_host}}, .directory = {}}));
  return http.asked;
}

// An engine on a socket of its own that gives one answer, whatever it is asked.
class Engine {
 public:
  explicit Engine(std::string answer) {
    std::string name = (std::filesystem::temp_directory_path() / "obsctl-engine-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().string().copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~Engine() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] std::filesystem::path socket() const { return directory_ / "engine.sock"; }
  [[nodiscard]] Environment environment() const {
    return {.variables = {{"DOCKER_HOST", "unix://" + socket().string()}}, .directory = {}};
  }

 private:
  void serve(const std::string& answer) const {
    const int peer = ::accept(listener_, nullptr, nullptr);
    std::string question;
    char buffer[1024];
    while (peer >= 0 && question.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::read(peer, buffer, sizeof buffer);
      if (n <= 0) {
        break;
      }
      question.append(buffer, static_cast<std::size_t>(n));
    }
    if (question.starts_with("GET /info HTTP/1.1\r\n")) {
      static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
    }
    ::close(peer);
  }

  std::filesystem::path directory_;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace

TEST_CASE("an engine tells the size of its host") {
  const auto host = host_from(k_info);
  REQUIRE(host);
  CHECK(host->cpus == 8);
  CHECK(host->memory == Bytes{16677720064});
  CHECK(host->name == "shop-1");
  CHECK(host->root_dir == "/var/lib/docker");
}

TEST_CASE("DOCKER_HOST says where to ask") {
  FakeHttp http({200, k_info});
  REQUIRE(engine_host(http, {}));
  CHECK(http.asked.unix_socket == "/var/run/docker.sock");
  CHECK(http.asked.url == "http://localhost/info");
  CHECK(http.asked.timeout <= Duration{2});
  CHECK(http.asked.connect_timeout <= Duration{0.5});

  CHECK(asked_at("unix:///run/user/1000/docker.sock").unix_socket == "/run/user/1000/docker.sock");
  CHECK(asked_at("tcp://10.0.0.7:2375").url == "http://10.0.0.7:2375/info");
  CHECK(asked_at("tcp://10.0.0.7:2375").unix_socket.empty());
  CHECK(asked_at("tcp://docker/").url == "http://docker:2375/info");
  CHECK(asked_at("tcp://[::1]").url == "http://[::1]:2375/info");
  CHECK(asked_at("tcp://[::1]:99").url == "http://[::1]:99/info");
}

TEST_CASE("an engine behind TLS is asked with the certificates that Docker's client uses") {
  Environment environment{.variables = {{"DOCKER_HOST", "tcp://engine"},
                                        {"DOCKER_TLS_VERIFY", "1"},
                                        {"HOME", "/home/me"}},
                          .directory = {}};
  FakeHttp http({200, k_info});
  REQUIRE(engine_host(http, environment));
  CHECK(http.asked.url == "https://engine:2376/info");
  CHECK(http.asked.tls.ca_file == "/home/me/.docker/ca.pem");
  CHECK(http.asked.tls.key_file == "/home/me/.docker/key.pem");
  CHECK(http.asked.tls.verify);
  environment.variables["DOCKER_HOST"] = "tcp://engine:99";
  environment.variables["DOCKER_CERT_PATH"] = "/certs";
  REQUIRE(engine_host(http, environment));
  CHECK(http.asked.url == "https://engine:99/info");
  CHECK(http.asked.tls.cert_file == "/certs/cert.pem");
}

TEST_CASE("what cannot be asked is said, not tried") {
  FakeHttp http({200, k_info});
  for (const char* address : {"ssh://me@host", "npipe:////./pipe/docker", "unix://", "unix://x",
                              "host:2375", "https://host"}) {
    CAPTURE(address);
    const auto host = engine_host(http, {.variables = {{"DOCKER_HOST", address}}, .directory = {}});
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Code::unreachable);
    CHECK(host.error().message.find(address) != std::string::npos);
  }
  CHECK(http.asked.url.empty());
}

TEST_CASE("any other answer is an error that names what is wrong") {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = k_info;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const auto& [body, what] : std::vector<std::pair<std::string, std::string>>{
           {"", "no JSON object"},
           {"<html>", "no JSON object"},
           {"[]", "no JSON object"},
           {"null", "no JSON object"},
           {k_info.substr(0, 40), "no JSON object"},
           {std::string(100000, '['), "no JSON object"},
           {std::string(2 << 20, ' ') + k_info, "too long"},
           {"{}", "'NCPU'"},
           {with("\"NCPU\":8,", ""), "'NCPU'"},
           {with(":8,", ":0,"), "'NCPU'"},
           {with(":8,", ":-8,"), "'NCPU'"},
           {with(":8,", ":\"8\","), "'NCPU'"},
           {with(":8,", ":1e300,"), "'NCPU'"},
           {with(":8,", ":18446744073709551615,"), "'NCPU'"},
           {with(":8,", ":1e999,"), "no JSON object"},
           {with("16677720064", "1e17"), "'MemTotal'"},
           {with("16677720064", "{}"), "'MemTotal'"},
           {with("16677720064", "0"), "'MemTotal'"},
           {with("shop-1", ""), "'Name'"},
           {with("shop-1", "a\\u001b[2J"), "'Name'"},
           {with("shop-1", "a\\u009b2J"), "'Name'"},
           {with("shop-1", "a\\u0000"), "'Name'"},
           {with("shop-1", std::string(5000, 'x')), "'Name'"},
           {with("shop-1", "\xff"), "no JSON object"},
           {with("\"/var/lib/docker\"", "7"), "'DockerRootDir'"},
           {with("/var/lib/docker", "var"), "'DockerRootDir'"}}) {
    CAPTURE(body.substr(0, 200));
    const auto host = host_from(body);
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Code::failed);
    CHECK_MESSAGE(host.error().message.find(what) != std::string::npos, host.error().message);
  }
  const auto refused = host_from(k_info, 500);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("500") != std::string::npos);
}

TEST_CASE("over a real socket") {
  CurlHttpClient http;
  {
    const Engine engine("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(k_info.size()) +
                        "\r\n\r\n" + k_info);
    const auto host = engine_host(http, engine.environment());
    REQUIRE_MESSAGE(host, (host ? "" : host.error().message));
    CHECK(host->name == "shop-1");
  }
  for (const char* answer :
       {"", "\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"}) {
    CAPTURE(answer);
    const Engine engine(answer);
    const auto host = engine_host(http, engine.environment());
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Code::unreachable);
  }
}

TEST_CASE("no engine is Code::unreachable and says why") {
  CurlHttpClient http;
  const auto host = engine_host(
      http, {.variables = {{"DOCKER_HOST", "unix:///nonexistent/docker.sock"}}, .directory = {}});
  REQUIRE_FALSE(host);
  CHECK(host.error().code == Code::unreachable);
  CHECK(host.error().message ==
        "no answer from 'unix:///nonexistent/docker.sock': No such file or directory");
  CHECK(host.error().hint.find("DOCKER_HOST") != std::string::npos);
}

TEST_CASE("the engine's version, as far as it may be shown") {
  const auto version_in = [](const std::string& text) {
    const std::string more = ",\"ServerVersion\":\"" + text + "\"}";
    return host_from(k_info.substr(0, k_info.size() - 1) + more).value().version;
  };
  CHECK(host_from(k_info).value().version.empty());
  CHECK(version_in("20.10.24") == "20.10.24");
  CHECK(version_in("20\\u001b[2J").empty());
}
