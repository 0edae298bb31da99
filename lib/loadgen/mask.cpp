// SPDX-License-Identifier: Apache-2.0
// Finds credentials and their parts in texts of servers.
#include "lib/loadgen/mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::loadgen {
namespace {

constexpr std::size_t k_part = 6;  // characters that nobody repeats by chance

bool is_scheme(std::string_view word) {
  constexpr std::array<std::string_view, 5> k_schemes = {"basic", "bearer", "digest", "negotiate",
                                                         "apikey"};
  return std::ranges::find(k_schemes, lower(word)) != k_schemes.end();
}

void add(std::vector<std::string>& secrets, std::string_view secret) {
  // What is not printable has become dots by the time it is reported.
  for (const std::string& form : {std::string(secret), otlp::printable(secret, secret.size())}) {
    if (!form.empty() && std::ranges::find(secrets, form) == secrets.end()) {
      secrets.push_back(form);
    }
  }
}

// Everything that must not be seen of a header's value, the longest first.
std::vector<std::string> secrets_of(const std::string& value) {
  std::vector<std::string> out;
  add(out, is_scheme(value.substr(0, value.find(' '))) ? std::string_view() : value);
  bool basic = false;
  for (const std::string& word : split(value, ' ')) {
    if (!is_scheme(word)) {
      add(out, word);
    }
    if (const auto decoded = basic ? otlp::base64_decode(word) : std::nullopt) {
      const auto colon = decoded->find(':');
      add(out, *decoded);
      add(out, std::string_view(*decoded).substr(0, colon));
      add(out, colon == std::string::npos ? std::string_view()
                                          : std::string_view(*decoded).substr(colon + 1));
    }
    basic = lower(word) == "basic";
  }
  std::ranges::sort(out, std::ranges::greater{}, &std::string::size);
  return out;
}

bool in_word(std::string_view text, std::size_t at) {
  const char c = at < text.size() ? text[at] : ' ';
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Length of what begins at `at` and is the secret or a part of it; 0: nothing.
std::size_t match(std::string_view text, std::size_t at, std::string_view secret) {
  if (secret.size() < k_part) {
    const bool alone = (at == 0 || !in_word(text, at - 1)) && !in_word(text, at + secret.size());
    return alone && text.substr(at).starts_with(secret) ? secret.size() : 0;
  }
  std::size_t longest = 0;
  for (std::size_t from = 0; from + k_part <= secret.size(); ++from) {
    const auto rest = secret.substr(from);
    const auto [end, other] = std::ranges::mismatch(text.substr(at), rest);
    longest = std::max(longest, static_cast<std::size_t>(other - rest.begin()));
  }
  return longest >= k_part ? longest : 0;
}

std::string masked(std::string_view text, std::string_view secret, std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t length = match(text, at, secret); length > 0) {
      out += fmt::format("<{}>", name);
      at += length;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace

std::string mask_credentials(std::string_view text,
                             const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string out(text);
  for (const auto& [name, value] : headers) {
    for (const std::string& secret : secrets_of(value)) {
      out = masked(out, secret, name);
    }
  }
  return out;
}

}  // namespace obsctl::loadgen
