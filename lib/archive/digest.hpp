// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes that pass by, because nothing here is ever whole in memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace obsctl::archive {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  // 64 lower-case hexadecimal digits; the next add() begins a new digest.
  [[nodiscard]] std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The first half of the SHA-256 of a text: enough to tell texts apart, whoever chose them.
[[nodiscard]] std::array<std::uint64_t, 2> fingerprint(std::string_view text);

}  // namespace obsctl::archive
