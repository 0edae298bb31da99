// SPDX-License-Identifier: Apache-2.0
// Stored bytes that are read at any place: an archive on a disk, or in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "lib/base/error.hpp"
#include "lib/io/fd.hpp"

namespace obsctl::archive {

class Blob {
 public:
  virtual ~Blob() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills the front of the buffer with what is at `offset` and returns how many bytes, 0 at the end.
  // Called by one thread at a time.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset,
                                                    std::span<char> into) const = 0;
};

class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset,
                                            std::span<char> into) const override;

 private:
  std::string bytes_;
};

// A regular file; `name` stands for it in errors.
[[nodiscard]] Result<std::unique_ptr<Blob>> file_blob(Fd file, std::filesystem::path name);

}  // namespace obsctl::archive
