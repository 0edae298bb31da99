// SPDX-License-Identifier: Apache-2.0
// The two clients against the sink: every outcome, over real sockets.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "lib/otlp/compress.hpp"
#include "lib/otlp/grpc_client.hpp"
#include "lib/otlp/http_client.hpp"
#include "lib/otlp/net.hpp"
#include "lib/otlp/response.hpp"
#include "lib/otlp/wire.hpp"
#include "lib/sink/sink.hpp"

using namespace obsctl;
using namespace obsctl::otlp;
using namespace std::chrono_literals;

namespace {

Sink start_sink(SinkOptions options = {}) {
  options.grpc_port = 0;
  options.http_port = 0;
  auto sink = Sink::start(std::move(options));
  REQUIRE(sink);
  return std::move(*sink);
}

SinkOptions with_fault(const char* text) {
  SinkOptions options;
  options.depth = Depth::full;
  auto fault = parse_fault(text, "--fault");
  REQUIRE(fault);
  options.faults = {*fault};
  return options;
}

std::string body_of(unsigned spans, std::uint64_t first = 1) {
  TraceRequest request;
  auto& scope = request.resources.emplace_back().scopes.emplace_back();
  for (unsigned i = 0; i < spans; ++i) {
    Span& span = scope.items.emplace_back();
    span.trace_id = TraceId{1};
    span.span_id.emplace();
    put_u64(reinterpret_cast<char*>(span.span_id->data()), first + i);
    span.name = "span";
  }
  return encode(request, Encoding::protobuf).bytes;
}

ClientOptions options_for(std::uint16_t port) {
  ClientOptions options;
  options.endpoints = {{.host = "127.0.0.1", .port = port}};
  options.timeout = 5s;
  return options;
}

// Sends `count` copies and returns all completions, or fails after ten seconds.
template <class Client>
std::vector<Completion> send(Client& client, std::string_view body, std::size_t count = 1,
                             bool compressed = false) {
  std::vector<Completion> all;
  std::size_t submitted = 0;
  const Time end = Clock::now() + 10s;
  while (all.size() < count && Clock::now() < end) {
    while (submitted < count && client.submit({.signal = Signal::traces,
                                               .compressed = compressed,
                                               .tag = submitted,
                                               .body = bytes_of(body),
                                               .intended = Clock::now()})) {
      ++submitted;
    }
    for (const Completion& one : client.wait(Clock::now() + 100ms)) {
      all.push_back(one);
    }
  }
  REQUIRE(all.size() == count);
  CHECK(client.in_flight() == 0);
  return all;
}

template <class Client>
Client make(ClientOptions options) {
  auto client = Client::create(std::move(options));
  REQUIRE_MESSAGE(client, client.error().message);
  return std::move(*client);
}

template <class Client>
std::uint16_t port_of(const Sink& sink) {
  return std::is_same_v<Client, GrpcClient> ? sink.grpc_port() : sink.http_port();
}

template <class Client>
Completion one_with_fault(const char* fault, std::chrono::nanoseconds timeout = 5s) {
  const Sink sink = start_sink(with_fault(fault));
  ClientOptions options = options_for(port_of<Client>(sink));
  options.timeout = timeout;
  auto client = make<Client>(options);
  return send(client, body_of(4)).front();
}

}  // namespace

TEST_CASE_TEMPLATE("requests arrive and are acknowledged", Client, GrpcClient, OtlpHttpClient) {
  const Sink sink = start_sink({.depth = Depth::full});
  ClientOptions options = options_for(port_of<Client>(sink));
  options.connections = 3;
  options.headers = {{"Authorization", "Bearer x"}};
  auto client = make<Client>(options);
  REQUIRE(client.connect(Clock::now() + 5s));
  const std::string body = body_of(100);
  const auto done = send(client, body, 500);
  std::map<std::uint64_t, int> tags;
  std::uint64_t out = 0;
  for (const Completion& one : done) {
    CHECK_MESSAGE(one.outcome == Outcome::ok, one.message);
    CHECK(one.sent);
    CHECK(one.send_time >= one.intended);
    CHECK(one.done_time >= one.send_time);
    CHECK(one.wire_out > body.size());
    CHECK(one.wire_out < body.size() + 1000);
    out += one.wire_out;
    ++tags[one.tag];
  }
  CHECK(tags.size() == 500);
  const SinkCounts counts = sink.counts();
  CHECK(counts.of(Signal::traces).requests == 500);
  CHECK(counts.of(Signal::traces).items == 50'000);
  CHECK(counts.of(Signal::traces).distinct == 100);
  CHECK(counts.of(Signal::traces).duplicates == 49'900);
  CHECK(counts.of(Signal::traces).raw_bytes == 500 * body.size());
  CHECK(counts.distinct_traces == 1);
  CHECK(counts.socket_bytes >= out);
  // HTTP/2 adds the prefaces of the connections, HTTP/1.1 nothing.
  CHECK(counts.socket_bytes - out < (std::is_same_v<Client, GrpcClient> ? 1000U : 1U));
}

TEST_CASE_TEMPLATE("compressed bodies", Client, GrpcClient, OtlpHttpClient) {
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    const Sink sink = start_sink({.depth = Depth::full});
    ClientOptions options = options_for(port_of<Client>(sink));
    options.compression = compression;
    auto client = make<Client>(options);
    const std::string body = body_of(1000);
    std::string packed;
    REQUIRE(Compressor(compression).pack(bytes_of(body), packed));
    CHECK(packed.size() < body.size());
    CHECK(send(client, packed, 3, true).back().outcome == Outcome::ok);
    CHECK(send(client, body).back().outcome == Outcome::ok);  // the same client, not compressed
    CHECK(sink.counts().of(Signal::traces).items == 4000);
    CHECK(send(client, "not compressed at all", 1, true).front().outcome == Outcome::permanent);
    CHECK(sink.counts().of(Signal::traces).malformed == 1);
  }
}

TEST_CASE("a small body that unpacks to a large one is refused") {
  SinkOptions small;
  small.max_message = 100'000;
  const Sink sink = start_sink(small);
  std::string packed;
  REQUIRE(Compressor(Compression::gzip).pack(bytes_of(std::string(50'000'000, '\n')), packed));
  CHECK(packed.size() < 100'000);
  ClientOptions options = options_for(sink.http_port());
  options.compression = Compression::gzip;
  auto client = make<OtlpHttpClient>(options);
  const auto refused = send(client, packed, 1, true).front();
  CHECK(refused.http_status == 400);
  CHECK(refused.message.find("unpacks to more than 100000 bytes") != std::string::npos);
}

TEST_CASE("large bodies pass the flow-control windows, too large ones are refused") {
  SinkOptions limits;
  limits.max_message = 4U << 20;
  limits.window = 65'535;
  const Sink sink = start_sink(limits);
  auto client = make<GrpcClient>(options_for(sink.grpc_port()));
  const std::string body = body_of(100'000);
  REQUIRE(body.size() < 4U << 20);
  REQUIRE(body.size() > 3U << 20);
  for (const Completion& one : send(client, body, 20)) {
    CHECK(one.outcome == Outcome::ok);
  }
  const auto refused = send(client, std::string((4U << 20) + 1, 'x')).front();
  CHECK(refused.grpc_status == 8);
  CHECK(refused.outcome == Outcome::permanent);
  CHECK(refused.message.find("larger than max") != std::string::npos);
}

TEST_CASE_TEMPLATE("faults become the outcomes that OTLP prescribes", Client, GrpcClient,
                   OtlpHttpClient) {
  constexpr bool grpc = std::is_same_v<Client, GrpcClient>;
  const Completion slow = one_with_fault<Client>("slow,delay=150ms");
  CHECK(slow.outcome == Outcome::ok);
  CHECK(slow.done_time - slow.send_time >= 150ms);

  const Completion partial = one_with_fault<Client>("partial,rejected=3");
  CHECK(partial.outcome == Outcome::partial);
  CHECK(partial.rejected == 3);
  CHECK(partial.message == "fault 'partial' asked for");

  const Completion busy = one_with_fault<Client>("unavailable");
  CHECK(busy.outcome == Outcome::retryable);
  CHECK(busy.grpc_status == (grpc ? 14 : -1));
  CHECK(busy.http_status == (grpc ? 200 : 503));
  CHECK(busy.retry_after == -1ns);
  CHECK(one_with_fault<Client>("unavailable,retry=3s").retry_after == 3s);

  CHECK(one_with_fault<Client>("exhausted").outcome ==
        (grpc ? Outcome::permanent : Outcome::retryable));
  const Completion throttled = one_with_fault<Client>("exhausted,retry=2s");
  CHECK(throttled.outcome == Outcome::retryable);
  CHECK(throttled.retry_after == 2s);

  CHECK(one_with_fault<Client>("error").outcome == Outcome::permanent);

  const Completion reset = one_with_fault<Client>("reset");
  CHECK(reset.outcome == Outcome::transport);
  CHECK(reset.sent);
  CHECK(reset.message.find("lost") != std::string::npos);

  const Completion refused = one_with_fault<Client>("refuse");
  CHECK(refused.outcome == (grpc ? Outcome::retryable : Outcome::transport));

  const Completion away = one_with_fault<Client>("goaway");
  CHECK(away.outcome == Outcome::retryable);

  const Completion hung = one_with_fault<Client>("hang", 200ms);
  CHECK(hung.outcome == Outcome::timeout);
  CHECK(hung.sent);

  const Completion garbage = one_with_fault<Client>("garbage");
  CHECK(garbage.outcome != Outcome::ok);
  CHECK_FALSE(garbage.message.empty());
}

TEST_CASE_TEMPLATE("no request is repeated behind the caller's back", Client, GrpcClient,
                   OtlpHttpClient) {
  const Sink sink = start_sink(with_fault("refuse,share=50%"));
  ClientOptions options = options_for(port_of<Client>(sink));
  auto client = make<Client>(options);
  std::size_t ok = 0;
  for (int i = 0; i < 40; ++i) {
    ok += send(client, body_of(1, 1000 + static_cast<std::uint64_t>(i))).front().outcome ==
                  Outcome::ok
              ? 1U
              : 0U;
  }
  const SignalCounts counts = sink.counts().of(Signal::traces);
  CHECK(counts.requests == 40);
  CHECK(counts.refused == 20);
  CHECK(ok == 20);
  CHECK(counts.distinct == 20);
  CHECK(counts.duplicates == 0);
}

TEST_CASE("goaway: later requests go over a fresh connection, none is lost silently") {
  const Sink sink = start_sink(with_fault("goaway,share=5%"));
  ClientOptions options = options_for(sink.grpc_port());
  options.streams = 16;
  auto client = make<GrpcClient>(options);
  const auto done = send(client, body_of(1), 2000);
  std::uint64_t ok = 0;
  for (const Completion& one : done) {
    CHECK((one.outcome == Outcome::ok || one.outcome == Outcome::retryable));
    ok += one.outcome == Outcome::ok ? 1U : 0U;
  }
  CHECK(ok > 1000);
  CHECK(client.stats().goaways > 5);
  CHECK(sink.counts().of(Signal::traces).items >= ok);
}

TEST_CASE("the server's limit of concurrent streams is respected") {
  SinkOptions limits = with_fault("slow,delay=20ms");
  limits.max_streams = 3;
  const Sink sink = start_sink(limits);
  ClientOptions options = options_for(sink.grpc_port());
  options.streams = 100;
  auto client = make<GrpcClient>(options);
  CHECK(client.capacity() == 100);
  REQUIRE(client.connect(Clock::now() + 5s));
  CHECK(client.capacity() == 3);
  const Time start = Clock::now();
  for (const Completion& one : send(client, body_of(1), 30)) {
    CHECK(one.outcome == Outcome::ok);
  }
  CHECK(Clock::now() - start >= 10 * 20ms);
}

TEST_CASE("more requests than streams while connecting are kept and sent in turn") {
  SinkOptions limits;
  limits.max_streams = 2;
  const Sink sink = start_sink(limits);
  ClientOptions options = options_for(sink.grpc_port());
  options.streams = 50;
  auto client = make<GrpcClient>(options);
  for (const Completion& one : send(client, body_of(1), 50)) {
    CHECK_MESSAGE(one.outcome == Outcome::ok, one.message);
  }
}

TEST_CASE_TEMPLATE("a target that is not there, and one that dies", Client, GrpcClient,
                   OtlpHttpClient) {
  std::uint16_t port = 0;
  {
    const auto closed = listen_on("127.0.0.1", 0, port);  // a port that was free a moment ago
    REQUIRE(closed);
  }
  auto client = make<Client>(options_for(port));
  for (int i = 0; i < 5; ++i) {
    const auto failed = send(client, body_of(1)).front();
    CHECK(failed.outcome == Outcome::transport);
    CHECK_FALSE(failed.sent);
    CHECK(failed.message.find("cannot connect to 127.0.0.1:") == 0);
  }
  const auto error = client.connect(Clock::now() + 5s);
  REQUIRE_FALSE(error);
  CHECK(error.error().code == Code::unreachable);

  Sink sink = start_sink();
  auto other = make<Client>(options_for(port_of<Client>(sink)));
  CHECK(send(other, body_of(1)).front().outcome == Outcome::ok);
  sink.stop();
  for (int i = 0; i < 20; ++i) {
    CHECK(send(other, body_of(1)).front().outcome == Outcome::transport);
  }
}

TEST_CASE("every address of a name is tried before connecting fails") {
  Sink sink = start_sink();
  ClientOptions options = options_for(port_of<GrpcClient>(sink));
  options.endpoints.front().host =
      "";                   // resolves to ::1 and 127.0.0.1; the sink has only the latter
  options.connections = 2;  // which start at different addresses
  auto client = make<GrpcClient>(options);
  const auto connected = client.connect(Clock::now() + 5s);
  CHECK_MESSAGE(connected, (connected ? "" : connected.error().message));
  CHECK(client.stats().connect_failures == 1);
  CHECK(send(client, body_of(1)).front().outcome == Outcome::ok);
}

TEST_CASE_TEMPLATE("a listener that never answers", Client, GrpcClient, OtlpHttpClient) {
  std::uint16_t port = 0;
  const auto silent = listen_on("127.0.0.1", 0, port);
  REQUIRE(silent);
  ClientOptions options = options_for(port);
  options.timeout = 200ms;
  options.connect_timeout = 300ms;
  auto client = make<Client>(options);
  const auto done = send(client, body_of(1)).front();
  CHECK(done.outcome == Outcome::timeout);
  CHECK_FALSE(done.message.empty());
}

TEST_CASE("speaking to the wrong port says so") {
  const Sink sink = start_sink();
  auto grpc = make<GrpcClient>(options_for(sink.http_port()));
  const auto not_http2 = send(grpc, body_of(1)).front();
  CHECK(not_http2.outcome == Outcome::transport);
  CHECK(not_http2.message.find("HTTP/1.1") != std::string::npos);
  auto http = make<OtlpHttpClient>(options_for(sink.grpc_port()));
  CHECK(send(http, body_of(1)).front().outcome != Outcome::ok);
  ClientOptions tls = options_for(sink.grpc_port());
  tls.endpoints[0].tls = true;
  auto secure = make<GrpcClient>(tls);
  CHECK(send(secure, body_of(1)).front().message.find("does not speak TLS") != std::string::npos);
}

TEST_CASE("JSON over HTTP") {
  const Sink sink = start_sink(with_fault("partial,share=50%"));
  ClientOptions options = options_for(sink.http_port());
  options.encoding = Encoding::json;
  auto client = make<OtlpHttpClient>(options);
  LogsRequest request;
  request.resources.emplace_back().scopes.emplace_back().items = {LogRecord{.body = AnyValue("a")},
                                                                  LogRecord{.body = AnyValue("b")}};
  const std::string body = encode(request, Encoding::json).bytes;
  REQUIRE(client.submit({.signal = Signal::logs, .body = bytes_of(body)}));
  while (client.in_flight() > 0) {
    static_cast<void>(client.wait(Clock::now() + 100ms));
  }
  REQUIRE(client.submit({.signal = Signal::logs, .body = bytes_of(body)}));
  std::vector<Completion> done;
  while (done.empty()) {
    const auto some = client.wait(Clock::now() + 100ms);
    done.assign(some.begin(), some.end());
  }
  CHECK(done[0].outcome == Outcome::partial);
  CHECK(done[0].rejected == 1);
  CHECK(sink.counts().of(Signal::logs).items == 3);
  CHECK(sink.counts().of(Signal::logs).rejected_items == 1);
}

TEST_CASE(
    "nothing is allocated for a completion that succeeded, and buffers may be reused at once") {
  const Sink sink = start_sink({.depth = Depth::full});
  ClientOptions options = options_for(sink.grpc_port());
  options.streams = 8;
  auto client = make<GrpcClient>(options);
  std::vector<std::string> ring(8);
  std::vector<std::size_t> free = {0, 1, 2, 3, 4, 5, 6, 7};
  std::uint64_t next = 1;
  std::size_t done = 0;
  while (done < 2000) {
    while (!free.empty() && next <= 2000) {
      const std::size_t slot = free.back();
      ring[slot] = body_of(1, next);
      if (!client.submit({.tag = slot, .body = bytes_of(ring[slot])})) {
        break;
      }
      ++next;
      free.pop_back();
    }
    for (const Completion& one : client.wait(Clock::now() + 1s)) {
      CHECK(one.outcome == Outcome::ok);
      ring[one.tag].assign(ring[one.tag].size(), '\xff');  // would spoil a body still on its way
      free.push_back(one.tag);
      ++done;
    }
  }
  CHECK(sink.counts().of(Signal::traces).distinct == 2000);
  CHECK(sink.counts().of(Signal::traces).malformed == 0);
}
