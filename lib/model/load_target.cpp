// SPDX-License-Identifier: Apache-2.0
// Reads and compares the entries of loadgen.targets.
#include "lib/model/load_target.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"

namespace obsctl {
namespace {

Failure bad(std::string_view text, std::string_view why) {
  return fail(
      Code::config, fmt::format("'{}' is not a load target ({})", text, why),
      "write host or host:port, for example otel.staging.example:4317 or [2001:db8::1]:4317");
}

// One address has many spellings; compared is the shortest.
std::string canonical(std::string_view host) {
  std::string out = lower(host);
  in6_addr address{};
  char text[INET6_ADDRSTRLEN];
  if (inet_pton(AF_INET6, out.c_str(), &address) == 1 &&
      inet_ntop(AF_INET6, &address, text, sizeof text) != nullptr) {
    out = text;
  }
  return out;
}

bool is_v6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

bool LoadTarget::covers(std::string_view other, std::uint16_t at) const {
  return canonical(other) == host && (!port || *port == at);
}

Result<LoadTarget> parse_load_target(std::string_view text) {
  if (text.find('/') != std::string_view::npos) {
    return bad(text, "no scheme and no path");
  }
  std::string_view host = text;
  std::string_view port;
  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : 0;
  if (end == std::string_view::npos) {
    return bad(text, "']' is missing");
  }
  if (const auto colon = text.find(':', end); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos) {
      return bad(text, "an IPv6 address needs brackets");
    }
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  LoadTarget out;
  if (bracketed) {
    const std::string address(text.substr(1, end - 1));
    if (host.size() != end + 1 || !is_v6(address)) {
      return bad(text, "between the brackets stands an IPv6 address");
    }
    out.host = canonical(address);
  } else if (!is_name(host)) {
    return bad(text,
               host.empty() ? "the host is missing" : "a host is letters, digits, '-' and '.'");
  } else {
    out.host = canonical(host);
  }
  if (!port.empty()) {
    const auto number = parse_integer(port.substr(1), "port", 1, 65535);
    if (!number) {
      return bad(text, "the port is not a number from 1 to 65535");
    }
    out.port = static_cast<std::uint16_t>(*number);
  }
  return out;
}

bool load_allowed(const std::vector<std::string>& targets, std::string_view host,
                  std::uint16_t port) {
  return std::ranges::any_of(targets, [&](const std::string& text) {
    const auto target = parse_load_target(text);
    return target && target->covers(host, port);
  });
}

}  // namespace obsctl
