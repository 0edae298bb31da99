// SPDX-License-Identifier: Apache-2.0
// What the two decoders share: limits against hostile input, and their entry points.
#pragma once

#include <cstddef>

#include "lib/otlp/decode.hpp"

namespace obsctl::otlp {

// Thrown and caught inside the decoders only.
struct DecodeLimit {};

// Messages in one request; a request of 4 MiB with the smallest real spans has about 60,000.
inline constexpr std::size_t k_decode_budget = 500'000;
inline constexpr int k_decode_depth = 64;  // of nested AnyValues

class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) {
    if (++depth_ > k_decode_depth) {
      --depth_;
      throw DecodeLimit{};
    }
  }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  ~DepthGuard() { --depth_; }

 private:
  int& depth_;
};

[[nodiscard]] Result<AnyRequest> decode_protobuf(Signal signal, ByteView body);
[[nodiscard]] Result<AnyRequest> decode_json(Signal signal, ByteView body);

}  // namespace obsctl::otlp
