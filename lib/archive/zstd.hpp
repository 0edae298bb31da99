// SPDX-License-Identifier: Apache-2.0
// Single zstd frames in memory, each with the size of its content and a checksum of it; nothing else
// here includes the library's header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl::archive {

// The most that content of this size takes.
[[nodiscard]] std::size_t packed_bound(std::size_t raw);

class Compressor {
 public:
  explicit Compressor(int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // One frame at the front of `into`, which grows to the bound when it is smaller; its size.
  [[nodiscard]] Result<std::size_t> pack(std::string_view raw, std::string& into);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // The content of exactly this frame; false when it is damaged or its content larger than `most`.
  [[nodiscard]] bool unpack(std::string_view frame, std::size_t most, std::string& into);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Bytes of the frame that the text starts with; nothing when it is none, or not whole.
[[nodiscard]] std::optional<std::size_t> packed_size(std::string_view bytes);

}  // namespace obsctl::archive
