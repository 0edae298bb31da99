// SPDX-License-Identifier: Apache-2.0
// Endpoints as people write them: with or without scheme, port and path.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <cstring>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/io/fd.hpp"
#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {
namespace {

// The text without what may be a password: everything between the scheme and the last '@'.
std::string shown(std::string_view text) {
  const auto at = text.rfind('@');
  const auto scheme = text.find("://");
  if (at == std::string_view::npos) {
    return std::string(text);
  }
  const std::string_view start = scheme < at ? text.substr(0, scheme + 3) : std::string_view();
  return fmt::format("{}…{}", start, text.substr(at));
}

Failure bad(std::string_view text, std::string_view what, std::string_view why) {
  return fail(
      Code::usage, fmt::format("{} is not an endpoint: '{}' ({})", what, shown(text), why),
      "write it like http://localhost:4318, https://collector.example:4317 or localhost:4317");
}

Result<bool> scheme_is_tls(std::string_view scheme, std::string_view text, std::string_view what) {
  const std::string name = lower(scheme);
  if (name == "http" || name == "grpc") {
    return false;
  }
  if (name == "https" || name == "grpcs") {
    return true;
  }
  return bad(text, what, fmt::format("unknown scheme '{}'", scheme));
}

bool loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || mapped;
  }
  return false;
}

// False for a name that does not resolve. The addresses have port 0.
template <class Test>
bool all_addresses(const Endpoint& endpoint, Test test) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), nullptr, &hints, &found) != 0) {
    return false;
  }
  bool all = found != nullptr;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    all = all && test(*one);
  }
  freeaddrinfo(found);
  return all;
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::partial: return "partial";
    case Outcome::retryable: return "retryable";
    case Outcome::permanent: return "permanent";
    case Outcome::timeout: return "timeout";
    case Outcome::transport: return "transport";
  }
  return "unknown";
}

std::string Endpoint::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Endpoint::url() const {
  return fmt::format("{}://{}{}", tls ? "https" : "http", authority(), path);
}

Result<Endpoint> parse_endpoint(std::string_view text, Protocol protocol, std::string_view what) {
  Endpoint result;
  result.port = protocol == Protocol::grpc ? 4317 : 4318;
  std::string_view rest = trim(text);
  if (const auto colon = rest.find("://"); colon != std::string_view::npos) {
    OBS_TRY_ASSIGN(result.tls, scheme_is_tls(rest.substr(0, colon), text, what));
    rest.remove_prefix(colon + 3);
  }
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    result.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (result.path.find_first_of("?#") != std::string::npos ||
      rest.find_first_of("?#@ ") != std::string_view::npos) {
    return bad(text, what, "no user, query or fragment is possible here");
  }
  for (const std::string_view suffix : {"/v1/traces", "/v1/metrics", "/v1/logs"}) {
    if (result.path.ends_with(suffix)) {
      result.path.resize(result.path.size() - suffix.size());
    }
  }
  while (result.path.ends_with('/')) {
    result.path.pop_back();
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) {
      return bad(text, what, "']' is missing");
    }
    result.host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) {
      return bad(text, what, "a port follows ']' after a colon");
    }
  } else {
    const auto colon = rest.find(':');
    if (colon != rest.rfind(':')) {
      return bad(text, what, "an IPv6 address needs brackets");
    }
    result.host = rest.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon);
  }
  if (result.host.empty()) {
    return bad(text, what, "the host is missing");
  }
  if (!port.empty()) {
    const auto number = parse_integer(port.substr(1), what, 1, 65535);
    if (!number) {
      return bad(text, what, "the port is not a number from 1 to 65535");
    }
    result.port = static_cast<std::uint16_t>(*number);
  }
  return result;
}

bool is_loopback(const Endpoint& endpoint) {
  return all_addresses(endpoint, [](const addrinfo& one) { return loopback(one.ai_addr); });
}

bool is_of_this_machine(const Endpoint& endpoint) {
  // A socket can be bound to an address of this machine only.
  return all_addresses(endpoint, [](const addrinfo& one) {
    const Fd probe(::socket(one.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::bind(probe.get(), one.ai_addr, one.ai_addrlen) == 0;
  });
}

}  // namespace obsctl::otlp
