// SPDX-License-Identifier: Apache-2.0
// OpenSSL's EVP, which uses the processor's own instructions where it has them.
#include "lib/archive/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <new>

#include "lib/base/handle.hpp"

namespace obsctl::archive {

struct Sha256::State {
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};

  void begin() const {
    // Fails only where memory ran out, or where OpenSSL has no SHA-256, which then nothing has.
    if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
      throw std::bad_alloc();
    }
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->begin();
}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size);
  state_->begin();
  constexpr std::string_view k_hex = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += k_hex[digest[i] >> 4U];
    out += k_hex[digest[i] & 15U];
  }
  return out;
}

std::array<std::uint64_t, 2> fingerprint(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<std::uint64_t, 2> out{};
  std::memcpy(out.data(), digest.data(), sizeof out);
  return out;
}

}  // namespace obsctl::archive
