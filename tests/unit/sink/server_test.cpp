// SPDX-License-Identifier: Apache-2.0
// The sink as a server among clients that are slow, lost or greedy, spoken to byte by byte.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "lib/otlp/grpc_client.hpp"
#include "lib/otlp/net.hpp"
#include "lib/sink/budget.hpp"
#include "lib/sink/greeting.hpp"
#include "lib/sink/sink.hpp"

using namespace obsctl;
using namespace obsctl::otlp;
using namespace std::chrono_literals;

namespace {

Sink start_sink(SinkOptions options) {
  options.grpc_port = 0;
  options.http_port = 0;
  auto sink = Sink::start(std::move(options));
  REQUIRE(sink);
  return std::move(*sink);
}

class Peer {
 public:
  explicit Peer(std::uint16_t port) {
    const auto addresses = resolve({.host = "127.0.0.1", .port = port});
    REQUIRE(addresses);
    auto socket = start_connect(addresses->front());
    REQUIRE(socket);
    fd_ = std::move(*socket);
    wait(POLLOUT);
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      wait(POLLOUT);
      const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // the sink does not listen any more
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  // Everything until the sink says that it sends no more.
  std::string rest() {
    std::string all;
    while (true) {
      wait(POLLIN);
      char buffer[4096];
      const auto count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (count <= 0) {
        return all;
      }
      all.append(buffer, static_cast<std::size_t>(count));
    }
  }

 private:
  void wait(short events) const {
    pollfd one{.fd = fd_.get(), .events = events, .revents = 0};
    REQUIRE(::poll(&one, 1, 20'000) == 1);
  }
  Fd fd_;
};

std::string post(std::size_t length, std::string_view body) {
  return "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a head or body that does not come in time is answered, and the connection closed") {
  const Sink sink = start_sink({.head_timeout = 50ms, .body_timeout = 50ms});
  Peer head(sink.http_port());
  head.send("POST /v1/logs HTTP/1.1\r\nHost:");
  CHECK(head.rest().starts_with("HTTP/1.1 408 "));
  Peer body(sink.http_port());
  body.send(post(100, "{"));
  CHECK(body.rest().starts_with("HTTP/1.1 408 "));
  Peer silent(sink.grpc_port());
  CHECK(silent.rest().empty());
  CHECK(sink.counts().timed_out == 3);
  CHECK(sink.counts().idle_closed == 0);
}

TEST_CASE("a gRPC request that does not come in time is ended, and the connection stays") {
  const Sink sink = start_sink({.body_timeout = 50ms});
  Peer peer(sink.grpc_port());
  peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  peer.send({"\0\0\0\4\0\0\0\0\0", 9});  // SETTINGS
  // HEADERS: POST http / on host x, and no end.
  peer.send({"\0\0\6\1\4\0\0\0\1\x83\x86\x84\1\1x", 15});
  while (sink.counts().timed_out == 0) {
    std::this_thread::sleep_for(10ms);
  }
  CHECK(sink.counts().timed_out == 1);
  CHECK(sink.counts().open_connections == 1);
}

TEST_CASE("an answer is not lost when the client is still sending") {
  const Sink sink = start_sink({.max_message = 1000});
  Peer large(sink.http_port());
  large.send(post(50'000'000, std::string(20'000'000, 'x')));
  CHECK(large.rest().starts_with("HTTP/1.1 413 "));
  Peer head(sink.http_port());
  head.send("GET /counts HTTP/1.1\r\nX-Long: " + std::string(20'000'000, 'x'));
  CHECK(head.rest().starts_with("HTTP/1.1 431 "));
}

TEST_CASE("answers that nobody reads are not made without end") {
  const Sink sink = start_sink({});
  Peer peer(sink.http_port());
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += "GET /counts HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  peer.send(many + "GET /counts?now HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string all = peer.rest();
  std::size_t answers = 0;
  for (auto at = all.find("HTTP/1.1 200 OK"); at != std::string::npos;
       at = all.find("HTTP/1.1 200 OK", at + 1)) {
    ++answers;
  }
  CHECK(answers == 1001);
}

TEST_CASE("HEAD has no body") {
  const Sink sink = start_sink({});
  Peer peer(sink.http_port());
  peer.send("HEAD /counts HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string all = peer.rest();
  CHECK(all.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("silent connections make room for who has something to say") {
  const Sink sink = start_sink({.max_connections = 3});
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 5; ++i) {
    silent.push_back(std::make_unique<Peer>(sink.http_port()));
  }
  Peer peer(sink.http_port());
  peer.send("GET /counts HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(peer.rest().starts_with("HTTP/1.1 200 "));
  CHECK(silent.front()->rest().empty());
  CHECK(sink.counts().idle_closed >= 3);
}

TEST_CASE("while all connections are busy a new one waits") {
  const Sink sink = start_sink({.max_connections = 2});
  Peer one(sink.http_port());
  one.send(post(2, "{"));
  Peer other(sink.http_port());
  other.send(post(2, "{"));
  Peer late(sink.http_port());
  late.send("GET /counts HTTP/1.1\r\nConnection: close\r\n\r\n");
  one.send("}");
  CHECK(late.rest().starts_with("HTTP/1.1 200 "));
  CHECK(sink.counts().of(Signal::logs).requests == 1);
}

TEST_CASE("unfinished bodies share one budget: beyond it they are refused, to be sent again") {
  const Sink sink = start_sink({.memory = 4U << 20});
  Peer holder(sink.http_port());
  holder.send(post(3U << 20, std::string(1U << 20, ' ')));
  Peer greedy(sink.http_port());
  greedy.send(post(8U << 20, std::string(8U << 20, ' ')));
  const std::string answer = greedy.rest();
  CHECK(answer.starts_with("HTTP/1.1 429 "));
  CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);

  ClientOptions options;
  options.endpoints = {{.host = "127.0.0.1", .port = sink.grpc_port()}};
  auto client = GrpcClient::create(options);
  REQUIRE(client);
  const std::string large(8U << 20, ' ');
  REQUIRE(client->submit({.signal = Signal::logs, .body = bytes_of(large)}));
  std::vector<Completion> done;
  while (done.empty()) {
    const auto some = client->wait(Clock::now() + 100ms);
    done.assign(some.begin(), some.end());
  }
  CHECK(done[0].grpc_status == 8);
  CHECK(done[0].outcome == Outcome::retryable);
  CHECK(done[0].retry_after == 1s);
  CHECK(sink.counts().memory_refused == 2);

  Peer small(sink.http_port());
  small.send(
      "POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
      "Connection: close\r\n\r\n{}");
  CHECK(small.rest().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a budget is taken, given back, and its last quarter is for small requests") {
  Budget budget(8U << 20);
  {
    Holding giant(budget);
    CHECK(giant.grow(6U << 20));
    CHECK_FALSE(giant.grow(1));
    Holding small(budget);
    CHECK(small.grow(1U << 20));
    CHECK_FALSE(small.grow(1));  // not small any more
    std::string body;
    Holding other(budget);
    CHECK(other.reserve(body, 100'000));
    CHECK(budget.used() > (7U << 20) + 99'000);
    other.release(body);
    CHECK(budget.used() == 7U << 20);
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("what a client speaks is known from its first bytes") {
  CHECK(greeting_of("") == Greeting::unknown);
  CHECK(greeting_of("P") == Greeting::unknown);
  CHECK(greeting_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore") == Greeting::http2);
  CHECK(greeting_of("POST /v1/logs HTTP/1.1") == Greeting::http1);
  CHECK(greeting_of("GET /") == Greeting::http1);
  CHECK(greeting_of("PRIX /") == Greeting::http1);
  CHECK(greeting_of({"\x16\x03\x01", 3}) == Greeting::tls);
  CHECK(greeting_of("\x16x") == Greeting::other);
  CHECK(greeting_of("GARBAGEWITHOUTSPACE") == Greeting::other);
  CHECK(greeting_of("hello") == Greeting::other);
}

TEST_CASE("the wrong port is said with the right one") {
  const Ports plain{.grpc = 4317, .http = 4318};
  CHECK(wrong_port(Greeting::http1, true, plain) ==
        "an HTTP client came to the gRPC port 4317: OTLP over HTTP is port 4318");
  CHECK(wrong_port(Greeting::http2, false, plain) ==
        "a gRPC client came to the HTTP port 4318: gRPC is port 4317");
  CHECK(wrong_port(Greeting::tls, true, plain).find("use http://") != std::string::npos);
  CHECK(wrong_port(Greeting::other, true, plain).empty());
  const Ports tls{.grpc = 4317, .http = 4318, .tls = true};
  CHECK(wrong_port(Greeting::http2, true, tls) ==
        "a client without TLS came to the gRPC port 4317, which speaks TLS: use https://");
  CHECK(wrong_port(Greeting::http1, true, tls)
            .ends_with("use https://, and OTLP over HTTP is port 4318"));
  CHECK(wrong_port(Greeting::http1, true, {.grpc = 4317})
            .ends_with("this sink has no port for OTLP over HTTP"));
}
