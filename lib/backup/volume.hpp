// SPDX-License-Identifier: Apache-2.0
// What is backed up: anything that can be read as a tree of files. A directory is the first kind; a
// volume of the container engine is another one for which nothing else changes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/archive/source.hpp"
#include "lib/backup/manifest.hpp"

namespace obsctl::backup {

struct Volume {
  std::string name;
  std::string source;  // what kind it is, for the manifest
  std::string path;
  Consistency consistency = Consistency::live;
  std::optional<EngineRecord> engine = {};
  // Begins to read it.
  std::function<Result<std::unique_ptr<archive::TreeSource>>()> open;
  // About how many bytes open() will give; nothing when only reading them tells.
  std::function<Result<std::optional<std::uint64_t>>()> measure;
};

// The directory that `path` names, with links in it followed.
[[nodiscard]] Volume directory_volume(std::string name, const std::filesystem::path& path);

// Of directories that a person named, each once. Errors: one is missing or no directory; one is
// named twice or lies in another one; the repository lies in one, or one in the repository.
[[nodiscard]] Result<std::vector<Volume>> directory_volumes(
    const std::vector<std::filesystem::path>& paths, const std::filesystem::path& repository);

// Passes a source on and remembers what the manifest says about it.
class WatchedSource final : public archive::TreeSource {
 public:
  explicit WatchedSource(archive::TreeSource& source) : source_(source) {}

  [[nodiscard]] Result<std::optional<archive::Member>> next() override;
  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] const std::vector<archive::Problem>& problems() const override {
    return source_.problems();
  }

  [[nodiscard]] const RootEntry& root() const { return root_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return below_ == 0; }  // but for its top

 private:
  archive::TreeSource& source_;
  RootEntry root_;
  std::uint64_t below_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace obsctl::backup
