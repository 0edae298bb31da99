// SPDX-License-Identifier: Apache-2.0
// Takes a web address apart by the grammar of RFC 3986.
#include "lib/base/url.hpp"

#include <algorithm>
#include <optional>

#include "lib/base/units.hpp"

namespace obsctl {
namespace {

struct Parts {
  std::string_view scheme;  // with "://"
  std::string_view credentials;
  std::string_view host;
  std::string_view port;
  std::string_view rest;  // path, query and fragment
};

std::optional<Parts> parts_of(std::string_view text) {
  Parts out;
  const auto slashes = text.find("://");
  if (slashes == std::string_view::npos) {
    return std::nullopt;
  }
  out.scheme = text.substr(0, slashes + 3);
  text.remove_prefix(out.scheme.size());
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  out.rest = text.substr(end);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    out.credentials = authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
  const auto colon = bracket == std::string_view::npos ? bracket : authority.find(':', bracket);
  out.host = authority.substr(0, colon);
  out.port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  return out;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Only what may stand anywhere in a path, a query or user information.
bool is_written_right(std::string_view text) {
  constexpr std::string_view k_others = "-._~:/?#@!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!is_letter_or_digit(text[i]) && k_others.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           std::ranges::all_of(host.substr(1, host.size() - 2),
                               [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_web(const Parts& parts) {
  return (parts.scheme == "http://" || parts.scheme == "https://") &&
         is_written_right(parts.credentials) && is_host(parts.host) &&
         (parts.port.empty() || parse_integer(parts.port.substr(1), "port", 1, 65535)) &&
         is_written_right(parts.rest);
}

}  // namespace

bool is_web_url(std::string_view text) {
  const auto parts = parts_of(text);
  return parts && is_web(*parts);
}

bool is_web_origin(std::string_view text) {
  const auto parts = parts_of(text);
  return parts && is_web(*parts) && parts->credentials.empty() && parts->rest.empty();
}

}  // namespace obsctl
