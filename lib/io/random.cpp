// SPDX-License-Identifier: Apache-2.0
// Secrets from getrandom(2), with rejection sampling so that every character is equally likely.
#include "lib/io/random.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace obsctl {

Result<std::string> OsRandom::token(std::size_t length) {
  constexpr std::string_view k_alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr unsigned k_limit = 256 - 256 % k_alphabet.size();
  std::string out;
  std::array<unsigned char, 64> bytes{};
  while (out.size() < length) {
    const ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail(Code::failed, fmt::format("no random bytes: {}", std::strerror(errno)));
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(n) && out.size() < length; ++i) {
      if (bytes.at(i) < k_limit) {
        out += k_alphabet[bytes.at(i) % k_alphabet.size()];
      }
    }
  }
  return out;
}

}  // namespace obsctl
