// SPDX-License-Identifier: Apache-2.0
// SHA-256 through OpenSSL's one-shot interface.
#include "lib/base/hash.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace obsctl {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += fmt::format("{:02x}", digest[i]);
  }
  return hex;
}

}  // namespace obsctl
