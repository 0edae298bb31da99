// SPDX-License-Identifier: Apache-2.0
// The first bytes of HTTP/1.1, HTTP/2 and TLS, and what to tell who came to the wrong port.
#include "lib/sink/greeting.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::otlp {
namespace {

std::string port_or_none(std::string_view protocol, std::uint16_t port) {
  return port != 0 ? fmt::format("{} is port {}", protocol, port)
                   : fmt::format("this sink has no port for {}", protocol);
}

}  // namespace

Greeting greeting_of(std::string_view bytes) {
  constexpr std::string_view k_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (bytes.starts_with('\x16')) {
    return bytes.size() < 2 ? Greeting::unknown : bytes[1] == 3 ? Greeting::tls : Greeting::other;
  }
  if (bytes.starts_with(k_preface.substr(0, std::min(bytes.size(), k_preface.size())))) {
    return bytes.size() < 4 ? Greeting::unknown : Greeting::http2;
  }
  const auto method = static_cast<std::size_t>(
      std::ranges::find_if_not(bytes, [](char c) { return c >= 'A' && c <= 'Z'; }) - bytes.begin());
  if (method == bytes.size()) {
    return bytes.size() < k_greeting ? Greeting::unknown : Greeting::other;
  }
  return method > 2 && bytes[method] == ' ' ? Greeting::http1 : Greeting::other;
}

std::string wrong_port(Greeting came, bool grpc, const Ports& ports) {
  const std::string here = grpc ? fmt::format("the gRPC port {}", ports.grpc)
                                : fmt::format("the HTTP port {}", ports.http);
  if (came == Greeting::tls) {
    return fmt::format(
        "a TLS client came to {}, which does not speak TLS: use http:// there, or start the sink "
        "with --cert-file and --key-file",
        here);
  }
  std::string text;
  if (ports.tls) {
    text = fmt::format("a client without TLS came to {}, which speaks TLS: use https://", here);
  }
  const bool other_side = grpc == (came == Greeting::http1);
  if (came == Greeting::other || !other_side) {
    return text;
  }
  if (!text.empty()) {
    return fmt::format(
        "{}, and {}", text,
        grpc ? port_or_none("OTLP over HTTP", ports.http) : port_or_none("gRPC", ports.grpc));
  }
  return grpc ? fmt::format("an HTTP client came to {}: {}", here,
                            port_or_none("OTLP over HTTP", ports.http))
              : fmt::format("a gRPC client came to {}: {}", here, port_or_none("gRPC", ports.grpc));
}

std::string http1_refusal(std::string_view status, std::string_view why) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: "
      "close\r\n\r\n{}\n",
      status, why.size() + 1, why);
}

}  // namespace obsctl::otlp
