// SPDX-License-Identifier: Apache-2.0
// What the readers of requests share: limits against hostile input, and their parts.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/otlp/decode.hpp"

namespace obsctl::otlp {

// Thrown and caught inside the readers only: nested deeper, or larger in memory, than anything real.
struct DecodeLimit {};

inline constexpr std::string_view k_too_deep = "the request is nested too deeply to be read";
inline constexpr int k_message_depth = 200;
inline constexpr std::size_t k_decode_memory = 256U << 20;  // bytes of values of one request
inline constexpr int k_value_depth = 64;                    // of nested AnyValues

class DepthGuard {
 public:
  DepthGuard(int& depth, int limit) : depth_(depth) {
    if (++depth_ > limit) {
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

}  // namespace obsctl::otlp
