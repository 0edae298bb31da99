// SPDX-License-Identifier: Apache-2.0
// Requests to a real server: over TCP, TLS and a unix socket, whole and in streams.
#include "lib/io/http.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "lib/io/process.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;

namespace {

// tests/unit/io/http_server.py while it lives.
class Server {
 public:
  explicit Server(std::vector<std::string> arguments) {
    request_.command = {"python3", "-B", OBSCTL_SOURCE_DIR "/tests/unit/io/http_server.py"};
    request_.command.insert(request_.command.end(), arguments.begin(), arguments.end());
    request_.stop = &stop_;
    request_.out = [this](std::string_view bytes) -> Result<void> {
      const std::lock_guard lock(mutex_);
      said_ += bytes;
      changed_.notify_one();
      return {};
    };
    thread_ = std::thread([this] {
      static_cast<void>(OsProcesses().run(request_));
      const std::lock_guard lock(mutex_);
      said_ += "ended\n";
      changed_.notify_one();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return said_.ends_with('\n'); });
  }
  ~Server() {
    stop_.request();
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::string address() {
    const std::lock_guard lock(mutex_);
    return "127.0.0.1:" + said_.substr(0, said_.size() - 1);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string said_;
  StopFlag stop_;
  ProcessRequest request_;
  std::thread thread_;
};

Result<HttpResponse> send(HttpRequest request) {
  return CurlHttpClient().send(request);
}

std::string body_of(HttpRequest request) {
  const auto response = send(std::move(request));
  return response ? response->body : response.error().message;
}

void make_certificate(const std::filesystem::path& dir) {
  ProcessRequest request;
  request.directory = dir;
  request.command = {"openssl",
                     "req",
                     "-x509",
                     "-newkey",
                     "ec",
                     "-pkeyopt",
                     "ec_paramgen_curve:P-256",
                     "-nodes",
                     "-keyout",
                     "key.pem",
                     "-out",
                     "cert.pem",
                     "-subj",
                     "/CN=service.test",
                     "-addext",
                     "subjectAltName=DNS:service.test"};
  const auto made = OsProcesses().run(request);
  REQUIRE(made);
  INFO(made->err);
  REQUIRE(made->ok());
}

}  // namespace

TEST_CASE("an answer has status, headers and body, and a redirect is one too") {
  Server server({"tcp"});
  const std::string base = "http://" + server.address();
  const auto hello = send({.url = base + "/hello"});
  REQUIRE(hello);
  CHECK(hello->status == 200);
  CHECK(hello->body == "hello");
  CHECK(hello->header("x-stat") == "one: two");
  CHECK_FALSE(hello->header("x-other"));
  const auto head = send({.method = "HEAD", .url = base + "/hello"});
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(head->header("content-length") == "5");
  const auto redirect = send({.url = base + "/redirect"});
  REQUIRE(redirect);
  CHECK(redirect->status == 302);
  CHECK(redirect->header("location") == "/hello");
  CHECK(body_of({.method = "POST", .url = base + "/echo", .body = "text"}) == "text");
  CHECK(body_of({.url = "http://me:secret@" + server.address() + "/login"}) ==
        "Basic bWU6c2VjcmV0");
}

TEST_CASE("streams go up and down in bounded memory") {
  Server server({"tcp"});
  const std::string base = "http://" + server.address();
  std::size_t received = 0;
  std::size_t largest = 0;
  HttpRequest down{.url = base + "/big?50000000", .timeout = {0}};
  down.stall_timeout = Duration{60};
  down.download = [&](std::string_view bytes) -> Result<void> {
    received += bytes.size();
    largest = std::max(largest, bytes.size());
    return {};
  };
  const auto answer = send(down);
  REQUIRE(answer);
  CHECK(received == 50'000'000);
  CHECK(largest < 1'000'000);
  CHECK(answer->body.empty());
  std::size_t left = 20'000'000;
  HttpRequest up{.method = "PUT", .url = base + "/store", .timeout = {0}};
  up.upload = [&left](std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = std::min(left, into.size());
    std::fill_n(into.begin(), n, 'x');
    left -= n;
    return n;
  };
  CHECK(body_of(up) == "20000000 in chunks");
}

TEST_CASE("the body of an error is for its reader, not for the stream") {
  Server server({"tcp"});
  HttpRequest request{.url = "http://" + server.address() + "/error"};
  request.download = [](std::string_view) -> Result<void> { return fail(Code::io, "not for me"); };
  const auto answer = send(request);
  REQUIRE(answer);
  CHECK(answer->status == 500);
  CHECK(answer->body == "no space left on device");
}

TEST_CASE("what ends an exchange early is told apart") {
  Server server({"tcp"});
  const std::string base = "http://" + server.address();
  HttpRequest large{.url = base + "/big?1000001"};
  large.max_body = 1'000'000;
  const auto too_large = send(large);
  REQUIRE_FALSE(too_large);
  CHECK(too_large.error().code == Code::failed);
  CHECK(too_large.error().message == fmt::format("'{}' answers with more than 1 MB", large.url));
  large.max_body = 1'000'001;
  CHECK(send(large));

  const auto broken = send({.url = base + "/broken"});
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == Code::unreachable);
  CHECK(broken.error().message.starts_with(fmt::format("the answer of '{}/broken' breaks", base)));

  HttpRequest sink{.url = base + "/big?1000000"};
  sink.download = [](std::string_view) -> Result<void> { return fail(Code::io, "disk full"); };
  CHECK(body_of(sink) == "disk full");
  HttpRequest source{.method = "PUT", .url = base + "/store"};
  source.upload = [](std::span<char>) -> Result<std::size_t> {
    return fail(Code::integrity, "bad archive");
  };
  CHECK(body_of(source) == "bad archive");

  const auto late = send({.url = base + "/never", .timeout = {0.05}});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Code::unreachable);
  StopFlag stop;
  HttpRequest endless{.url = base + "/never", .timeout = {0}};
  endless.stop = &stop;
  std::thread interrupter([&stop] { stop.request(SIGTERM); });
  const auto stopped = send(endless);
  interrupter.join();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Code::terminated);
}

TEST_CASE("a server is asked over its unix socket, and the system says why it is not there") {
  const test::TemporaryDirectory dir;
  const std::string path = (dir.path() / "socket").string();
  HttpRequest request{.url = "http://engine/host"};
  request.unix_socket = path;
  CHECK(body_of(request) ==
        fmt::format("no answer from 'unix://{}': No such file or directory", path));
  Server server({"unix", path});
  CHECK(body_of(request) == "engine");
}

TEST_CASE(
    "a certificate must be of a known authority and for the right name, unless told otherwise") {
  const test::TemporaryDirectory dir;
  make_certificate(dir.path());
  const std::string cert = (dir.path() / "cert.pem").string();
  const std::string key = (dir.path() / "key.pem").string();
  Server server({"tls", cert, key});
  HttpRequest request{.url = "https://" + server.address() + "/hello"};
  const auto unknown = send(request);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::unreachable);
  CHECK(unknown.error().message.find("self") != std::string::npos);
  CHECK(unknown.error().hint.find("authority") != std::string::npos);
  request.tls.ca_file = cert;
  CHECK_FALSE(send(request));  // it is not for 127.0.0.1
  request.tls.server_name = "service.test";
  CHECK(body_of(request) == "hello");
  request.tls.server_name = "other.test";
  CHECK_FALSE(send(request));
  request.tls = {.verify = false};
  CHECK(body_of(request) == "hello");
  request.url = "https://" + server.address() + "/client";
  CHECK(body_of(request) == "nobody");
  request.tls.cert_file = cert;
  request.tls.key_file = key;
  CHECK(body_of(request) == "service.test");
  request.tls.ca_file = "/no/such/file";
  request.tls.verify = true;
  CHECK(body_of(request).find("/no/such/file") != std::string::npos);
}

TEST_CASE("a URL is shown without its password") {
  CHECK(shown_url("http://me:secret@host:1/a@b") == "http://host:1/a@b");
  CHECK(shown_url("http://host/a@b?c=d@e") == "http://host/a@b?c=d@e");
  CHECK(shown_url("host") == "host");
  const auto nobody = send({.url = "http://me:secret@127.0.0.1:1/"});
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().message.find("secret") == std::string::npos);
}
