// SPDX-License-Identifier: Apache-2.0
// The contract between a load generator and the clients that send for it: requests in, completions
// out.
//
// GrpcClient (grpc_client.hpp) and OtlpHttpClient (http_client.hpp) have the same shape on purpose
// and no common base class: a generator picks one per run, and its hot loop sees a concrete type.
//
//   auto client = GrpcClient::create(options);            // resolves names, loads certificates
//   while (…) {
//     if (due && client->submit(request)) { … }           // false: every stream is busy
//     for (const Completion& c : client->wait(next_due)) { … }   // valid until the next wait()
//   }
//
// One client is one thread's: no locks. In the steady state (requests succeed) nothing is allocated
// per request on our side. Neither client ever repeats a request by itself: what a completion
// reports is what happened to that one attempt.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

enum class Protocol : std::uint8_t { grpc, http };

struct TlsOptions {
  std::string ca_file = {};      // PEM; empty: the system's trust store
  std::string cert_file = {};    // PEM client certificate for mTLS
  std::string key_file = {};     // PEM key of cert_file
  std::string server_name = {};  // name to verify and to send as SNI; empty: the endpoint's host
  bool verify = true;            // false accepts any certificate
};

struct Endpoint {
  bool tls = false;
  std::string host = "localhost";
  std::uint16_t port = 4317;
  std::string path =
      {};  // prefix without trailing slash, HTTP only: "/otlp" gives "/otlp/v1/traces"

  [[nodiscard]] std::string authority() const;  // "host:port", with brackets around IPv6
  [[nodiscard]] std::string url() const;        // "http://host:port/path"
  bool operator==(const Endpoint&) const = default;
};

// "http://host[:port][/prefix]", "https://…", "grpc://…", "grpcs://…", "host:port", "[::1]:4317",
// "host". The default port is 4317 for gRPC and 4318 for HTTP; without a scheme the connection is
// not encrypted. A path that ends in "/v1/traces" and so on loses that part, since every signal
// adds its own. Code::usage names `what`.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, Protocol protocol,
                                              std::string_view what);

// True when every address the host resolves to is a loopback address (or the host is such an
// address).
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

// True when every address the host resolves to belongs to this machine.
[[nodiscard]] bool is_of_this_machine(const Endpoint& endpoint);

struct ClientOptions {
  std::vector<Endpoint> endpoints = {};  // connections are spread over them in turn
  TlsOptions tls = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // names are sent in lower case
  Encoding encoding = Encoding::protobuf;                         // gRPC: protobuf only
  Compression compression = Compression::none;  // of bodies whose Request says `compressed`
  unsigned connections = 1;
  unsigned streams = 64;  // requests in flight per connection (HTTP/1.1: always 1)
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);  // of one request
  std::chrono::nanoseconds connect_timeout =
      std::chrono::seconds(5);          // TCP, TLS and HTTP/2 preface
  std::size_t max_response = 4U << 20;  // longer answers are an error of that request
  std::string user_agent = "obsctl";
};

// One attempt. The client does not copy `body`: it must stay unchanged until the completion
// arrives.
struct Request {
  Signal signal = Signal::traces;
  bool compressed = false;  // `body` is already compressed with ClientOptions::compression
  std::uint64_t tag = 0;    // comes back in the completion
  ByteView body = {};       // an encoded Export*ServiceRequest, without gRPC's 5-byte prefix
  Time intended = {};       // comes back in the completion; not otherwise used
};

enum class Outcome : std::uint8_t {
  ok,         // accepted as a whole
  partial,    // accepted, with `rejected` items refused (or a warning when rejected is 0)
  retryable,  // refused for now: OTLP allows the same request to be sent again
  permanent,  // refused for good
  timeout,    // no answer in time, or DEADLINE_EXCEEDED: the fate of the items is unknown
  transport,  // connection not made or lost: the fate is unknown when `sent`, else nothing left
};
inline constexpr std::size_t k_outcomes = 6;

[[nodiscard]] std::string_view outcome_name(Outcome outcome);

struct Completion {
  std::uint64_t tag = 0;
  Signal signal = Signal::traces;
  Outcome outcome = Outcome::ok;
  bool sent = false;              // at least one byte of the request was handed to the socket
  std::int16_t grpc_status = -1;  // 0..16; -1 over HTTP or when none arrived (then see `outcome`)
  std::int16_t http_status = 0;   // 0 when none arrived
  std::int64_t rejected = 0;      // items refused through partial_success
  std::chrono::nanoseconds retry_after{-1};  // the server's hint (RetryInfo, Retry-After); -1: none
  Time intended = {};
  Time send_time = {};  // when the first byte was handed to the socket; `intended` when none was
  Time done_time = {};
  std::uint64_t wire_out = 0;  // bytes of this request as framed by HTTP (before TLS and TCP)
  std::uint64_t wire_in = 0;   // bytes of the answer: headers as counted by HTTP, and body
  std::string message = {};    // the server's words or the cause, with the endpoint; empty when ok

  // True when the server asks for other credentials: 401, 403, PERMISSION_DENIED, UNAUTHENTICATED.
  [[nodiscard]] bool unauthorized() const {
    return http_status == 401 || http_status == 403 || grpc_status == 7 || grpc_status == 16;
  }
};

// What the connections did, summed since the start of the client.
struct ClientStats {
  std::uint64_t connects = 0;          // connections established
  std::uint64_t connect_failures = 0;  // attempts that failed
  std::uint64_t disconnects = 0;       // established ones lost or closed by the peer
  std::uint64_t goaways = 0;
  std::uint64_t socket_out = 0;  // bytes handed to sockets, framing included, before TLS
  std::uint64_t socket_in = 0;
};

}  // namespace obsctl::otlp
