// SPDX-License-Identifier: Apache-2.0
// Requests of either encoding as values.
#include "lib/otlp/decode.hpp"

#include "lib/otlp/decode_parts.hpp"

namespace obsctl::otlp {

Result<AnyRequest> decode(Signal signal, Encoding encoding, ByteView body) {
  if (encoding == Encoding::protobuf) {
    return decode_protobuf(signal, body);
  }
  OBS_TRY_ASSIGN(const std::string protobuf,
                 json_to_protobuf(signal, body, k_decode_memory, nullptr));
  return decode_protobuf(signal, bytes_of(protobuf));
}

std::uint64_t count_items(const AnyRequest& request) {
  std::uint64_t count = 0;
  const auto count_in = [&](const auto& items) {
    for (const auto& item : items) {
      if constexpr (requires { item.data; }) {
        std::visit(
            [&](const auto& data) {
              if constexpr (requires { data.points; }) {
                count += data.points.size();
              }
            },
            item.data);
      } else {
        ++count;
      }
    }
  };
  std::visit(
      [&](const auto& any) {
        for (const auto& resource : any.resources) {
          for (const auto& scope : resource.scopes) {
            count_in(scope.items);
          }
        }
      },
      request);
  return count;
}

}  // namespace obsctl::otlp
