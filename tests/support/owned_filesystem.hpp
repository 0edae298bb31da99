// SPDX-License-Identifier: Apache-2.0
// The real disk, where files belong to whom the test says.
#pragma once

#include <filesystem>
#include <map>
#include <optional>

#include "tests/support/faulty_filesystem.hpp"

namespace obsctl::test {

class OwnedFileSystem final : public FaultyFileSystem {
 public:
  explicit OwnedFileSystem(UserId all) : FaultyFileSystem(Accident::kill, 0), all_(all) {}

  std::map<std::filesystem::path, UserId> owners;  // all others are `all`'s

  [[nodiscard]] std::optional<UserId> owner(const std::filesystem::path& path) const override {
    const auto found = owners.find(path);
    return found == owners.end() ? all_ : found->second;
  }

 private:
  UserId all_;
};

}  // namespace obsctl::test
