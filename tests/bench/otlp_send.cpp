// SPDX-License-Identifier: Apache-2.0
// Sends OTLP requests with the real clients, as fast as they are answered, and says what it cost.
//
//   otlp_send bare   REQUESTS SPANS              the same bytes through a plain socket, nothing
//   else otlp_send grpc   REQUESTS SPANS              GrpcClient to a sink in another process
//   otlp_send http   REQUESTS SPANS              OtlpHttpClient, the same
//   otlp_send grpc   REQUESTS SPANS HOST:PORT [KEY=VALUE…]   to a receiver that is there already
//
// Every request has fresh ids and times, patched in place. The CPU time is that of this process
// only. With a receiver given, keys are signal, body (a file), encoding, compression, connections,
// streams, timeout, ca, cert, key, name, header. The lab uses it to drive the clients against
// foreign servers.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/otlp/compress.hpp"
#include "lib/otlp/grpc_client.hpp"
#include "lib/otlp/http_client.hpp"
#include "lib/otlp/net.hpp"
#include "lib/otlp/wire.hpp"
#include "lib/sink/sink.hpp"

using namespace obsctl;
using namespace obsctl::otlp;
using namespace std::chrono_literals;

namespace {

// Requests in flight. OTLP_RING changes it, to see what the cache does.
const std::size_t k_ring =
    std::getenv("OTLP_RING") != nullptr ? std::stoul(std::getenv("OTLP_RING")) : 16;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "otlp_send: %s\n", why.c_str());
  std::exit(2);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The span that telemetrygen sends by default: two attributes, ids, a parent, times.
TraceRequest sample(std::size_t spans) {
  TraceRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource = Resource{.attributes = {{"service.name", "telemetrygen"}}};
  auto& scope = resource.scopes.emplace_back();
  scope.scope = Scope{.name = "telemetrygen", .version = "", .attributes = {}};
  for (std::size_t i = 0; i < spans; ++i) {
    scope.items.push_back({.trace_id = TraceId{1},
                           .span_id = SpanId{2},
                           .parent_span_id = SpanId{3},
                           .name = "okey-dokey-0",
                           .kind = SpanKind::server,
                           .start_time = 1'700'000'000'000'000'000U,
                           .end_time = 1'700'000'000'000'123'000U,
                           .attributes = {{"network.peer.address", "1.2.3.4"},
                                          {"peer.service", "telemetrygen-client"}}});
  }
  return request;
}

// A ring of encoded requests whose ids and times are overwritten before each sending.
class Ring {
 public:
  Ring(std::size_t slots, std::size_t spans) : encoded_(encode(sample(spans), Encoding::protobuf)) {
    slots_.assign(slots, encoded_.bytes);
    for (std::size_t i = 0; i < slots; ++i) {
      free_.push_back(i);
    }
  }
  explicit Ring(std::string body, std::size_t slots) : fixed_(true) {
    slots_.assign(slots, std::move(body));
    for (std::size_t i = 0; i < slots; ++i) {
      free_.push_back(i);
    }
  }
  [[nodiscard]] bool empty() const { return free_.empty(); }
  std::size_t take() {
    const std::size_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give(std::size_t slot) { free_.push_back(slot); }
  [[nodiscard]] std::string& bytes(std::size_t slot) { return slots_[slot]; }

  void refresh(std::size_t slot) {
    if (fixed_) {
      return;
    }
    const auto now =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / 1ns);
    char* base = slots_[slot].data();
    for (const Patch& patch : encoded_.patches) {
      char* at = base + patch.offset;
      switch (patch.field) {
        case Field::trace_id:
          put_u64(at, ++counter_ * 0x9E3779B97F4A7C15U);
          put_u64(at + 8, counter_);
          break;
        case Field::span_id: put_u64(at, counter_ * 0xD6E8FEB86659FD93U); break;
        case Field::start_time: put_u64(at, now); break;
        case Field::end_time: put_u64(at, now + 123'000); break;
        default: break;
      }
    }
  }

 private:
  Encoded encoded_;
  bool fixed_ = false;
  std::uint64_t counter_ = 1;
  std::vector<std::string> slots_;
  std::vector<std::size_t> free_;
};

// What a request costs when it is nothing but a write.
nlohmann::json run_bare(std::size_t requests, std::size_t spans) {
  std::uint16_t port = 0;
  auto listener = listen_on("127.0.0.1", 0, port);
  if (!listener) {
    die(listener.error().message);
  }
  const pid_t child = fork();
  if (child == 0) {
    int peer = -1;
    while (peer < 0) {  // the listener does not block
      peer = ::accept(listener->get(), nullptr, nullptr);
      usleep(1000);
    }
    std::vector<char> buffer(256 * 1024);
    while (::recv(peer, buffer.data(), buffer.size(), 0) > 0) {
    }
    _exit(0);
  }
  const auto found = resolve({.host = "127.0.0.1", .port = port});
  const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&found->front().storage),
                found->front().length) != 0) {
    die("cannot connect");
  }
  const std::string body = encode(sample(spans), Encoding::protobuf).bytes;
  // HEADERS (compressed by HPACK to about 20 bytes), a DATA frame per 16 KiB, gRPC's prefix. As
  // many buffers as the clients use, because a buffer that stays in the processor's cache is
  // cheaper to write.
  const std::vector<std::string> ring(
      k_ring, std::string(29 + 5 + 9 * (body.size() / 16384 + 1), 'x') + body);
  const double cpu = cpu_seconds();
  const Time start = Clock::now();
  for (std::size_t i = 0; i < requests; ++i) {
    const std::string& wire = ring[i % ring.size()];
    for (std::size_t at = 0; at < wire.size();) {
      const auto sent = ::send(socket.get(), wire.data() + at, wire.size() - at, MSG_NOSIGNAL);
      if (sent < 0) {
        die("cannot write");
      }
      at += static_cast<std::size_t>(sent);
    }
  }
  const double used = cpu_seconds() - cpu;
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  ::shutdown(socket.get(), SHUT_RDWR);
  waitpid(child, nullptr, 0);
  return {{"cpu", used}, {"wall", wall}, {"bytes", ring[0].size() * requests}};
}

template <class Client>
nlohmann::json run_client(ClientOptions options, Ring& ring, Signal signal, std::size_t requests) {
  auto client = Client::create(options);
  if (!client) {
    return {{"error", client.error().message}};
  }
  const bool compressed = options.compression != Compression::none;
  std::map<std::string, std::uint64_t> outcomes;
  std::map<std::string, std::uint64_t> messages;
  std::map<int, std::uint64_t> statuses;
  std::int64_t rejected = 0;
  std::int64_t retry_after = -1;
  std::size_t submitted = 0;
  std::size_t done = 0;
  const double cpu = cpu_seconds();
  const Time start = Clock::now();
  const Time end = start + 60s;
  while (done < requests && Clock::now() < end) {
    while (submitted < requests && !ring.empty()) {
      const std::size_t slot = ring.take();
      ring.refresh(slot);
      if (!client->submit({.signal = signal,
                           .compressed = compressed,
                           .tag = slot,
                           .body = bytes_of(ring.bytes(slot))})) {
        ring.give(slot);
        break;
      }
      ++submitted;
    }
    for (const Completion& one : client->wait(Clock::now() + 1s)) {
      ++done;
      ring.give(one.tag);
      if (one.outcome != Outcome::ok) {
        ++messages[one.message];
        retry_after = std::max<std::int64_t>(retry_after, one.retry_after.count());
      }
      ++outcomes[std::string(outcome_name(one.outcome))];
      ++statuses[std::is_same_v<Client, GrpcClient> ? one.grpc_status : one.http_status];
      rejected += one.rejected;
    }
  }
  const double used = cpu_seconds() - cpu;
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  nlohmann::json codes;
  for (const auto& [status, count] : statuses) {
    codes[std::to_string(status)] = count;
  }
  const ClientStats& stats = client->stats();
  return {{"cpu", used},
          {"wall", wall},
          {"done", done},
          {"outcomes", outcomes},
          {"statuses", codes},
          {"messages", messages},
          {"rejected", rejected},
          {"retry_after_ns", retry_after},
          {"goaways", stats.goaways},
          {"connects", stats.connects},
          {"disconnects", stats.disconnects},
          {"bytes", stats.socket_out}};
}

// The sink lives in another process, so that its CPU time does not count.
std::uint16_t fork_sink(bool grpc, pid_t& child) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) {
    die("cannot make a pipe");
  }
  child = fork();
  if (child == 0) {
    SinkOptions options;
    options.grpc_port = options.http_port = 0;
    options.depth = Depth::requests;
    auto sink = Sink::start(options);
    const std::uint16_t port = !sink  ? std::uint16_t{0}
                               : grpc ? sink->grpc_port()
                                      : sink->http_port();
    static_cast<void>(!::write(pipe_ends[1], &port, sizeof port));
    while (getppid() != 1) {
      usleep(100'000);
    }
    _exit(0);
  }
  std::uint16_t port = 0;
  if (::read(pipe_ends[0], &port, sizeof port) != sizeof port || port == 0) {
    die("the sink did not start");
  }
  return port;
}

void set_option(ClientOptions& options, Signal& signal, std::string& body, const std::string& key,
                const std::string& value) {
  if (key == "signal") {
    signal = value == "metrics" ? Signal::metrics : value == "logs" ? Signal::logs : Signal::traces;
  } else if (key == "body") {
    std::ifstream file(value, std::ios::binary);
    body.assign(std::istreambuf_iterator<char>(file), {});
  } else if (key == "encoding") {
    options.encoding = value == "json" ? Encoding::json : Encoding::protobuf;
  } else if (key == "compression") {
    options.compression = value == "gzip"   ? Compression::gzip
                          : value == "zstd" ? Compression::zstd
                                            : Compression::none;
  } else if (key == "connections") {
    options.connections = static_cast<unsigned>(std::stoul(value));
  } else if (key == "streams") {
    options.streams = static_cast<unsigned>(std::stoul(value));
  } else if (key == "timeout") {
    options.timeout = std::chrono::milliseconds(std::stol(value));
  } else if (key == "ca") {
    options.tls.ca_file = value;
  } else if (key == "cert") {
    options.tls.cert_file = value;
  } else if (key == "key") {
    options.tls.key_file = value;
  } else if (key == "name") {
    options.tls.server_name = value;
  } else if (key == "header") {
    options.headers.emplace_back(value.substr(0, value.find(':')),
                                 value.substr(value.find(':') + 1));
  } else {
    die("unknown key " + key);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 3) {
    die("usage: otlp_send bare|grpc|http REQUESTS SPANS [ENDPOINT [KEY=VALUE…]]");
  }
  const std::size_t requests = std::stoul(args[1]);
  const std::size_t spans = std::stoul(args[2]);
  if (args[0] == "bare") {
    std::puts(run_bare(requests, spans).dump().c_str());
    return 0;
  }
  const bool grpc = args[0] == "grpc";
  ClientOptions options;
  Signal signal = Signal::traces;
  std::string body;
  pid_t child = 0;
  if (args.size() == 3) {
    options.endpoints = {{.host = "127.0.0.1", .port = fork_sink(grpc, child)}};
  } else {
    auto endpoint = parse_endpoint(args[3], grpc ? Protocol::grpc : Protocol::http, "endpoint");
    if (!endpoint) {
      die(endpoint.error().message);
    }
    options.endpoints = {*endpoint};
  }
  for (std::size_t i = 4; i < args.size(); ++i) {
    const auto equals = args[i].find('=');
    set_option(options, signal, body, args[i].substr(0, equals), args[i].substr(equals + 1));
  }
  if (options.compression != Compression::none) {
    std::string packed;
    const std::string raw = body.empty() ? encode(sample(spans), Encoding::protobuf).bytes : body;
    if (!Compressor(options.compression).pack(bytes_of(raw), packed)) {
      die("cannot compress");
    }
    body = packed;
  }
  Ring ring = body.empty() ? Ring(k_ring, spans) : Ring(body, k_ring);
  const auto result = grpc ? run_client<GrpcClient>(options, ring, signal, requests)
                           : run_client<OtlpHttpClient>(options, ring, signal, requests);
  std::puts(result.dump().c_str());
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  return 0;
}
