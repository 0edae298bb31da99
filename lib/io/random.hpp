// SPDX-License-Identifier: Apache-2.0
// Unpredictable bytes for generated secrets, injectable so that golden tests are reproducible.
#pragma once

#include <cstddef>
#include <string>

#include "lib/base/error.hpp"

namespace obsctl {

class Random {
 public:
  virtual ~Random() = default;

  // `length` characters from [A-Za-z0-9]: about 5.95 bits each, safe in YAML, .env files and URLs.
  [[nodiscard]] virtual Result<std::string> token(std::size_t length) = 0;
};

// The kernel's generator.
class OsRandom final : public Random {
 public:
  [[nodiscard]] Result<std::string> token(std::size_t length) override;
};

}  // namespace obsctl
