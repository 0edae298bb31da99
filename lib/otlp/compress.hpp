// SPDX-License-Identifier: Apache-2.0
// gzip and zstd, both ways: contexts are kept between calls, and unpacking stops at a limit.
#pragma once

#include <memory>
#include <string>

#include "lib/base/error.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

// Packs bodies one after another with one context. `level` as in zlib (1 … 9) or zstd (1 … 19); 0:
// the default that OpenTelemetry exporters use (gzip -1 means 6, zstd 3).
class Compressor {
 public:
  explicit Compressor(Compression compression, int level = 0);
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  ~Compressor();

  // Replaces `out`; its capacity is reused.
  [[nodiscard]] Result<void> pack(ByteView body, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Unpacks a body into `out` (replaced). More than `limit` bytes are an error, found without making
// them: a few kilobytes can unpack to gigabytes. Trailing garbage and truncated input are errors
// too.
[[nodiscard]] Result<void> unpack(Compression compression, ByteView body, std::size_t limit,
                                  std::string& out);

}  // namespace obsctl::otlp
