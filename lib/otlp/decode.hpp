// SPDX-License-Identifier: Apache-2.0
// Export requests from bytes: counted quickly, scanned item by item, or read as a whole.
//
// For receivers: the bytes may be anything. Nothing here crashes, recurses without bound or
// allocates much more than the input justifies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/otlp/model.hpp"

namespace obsctl::otlp {

// Spans, data points or records of a protobuf request, found by their tags without looking inside
// them; nothing when the bytes are not protobuf.
[[nodiscard]] std::optional<std::uint64_t> count_items(Signal signal, ByteView body);

// What identifies an item; views into the body, empty when absent.
struct ItemRef {
  std::string_view trace_id;  // spans and records
  std::string_view span_id;
  std::string_view sequence;                     // string value of the sequence attribute
  std::optional<std::uint64_t> sequence_number;  // of an integer or decimal string
  std::string_view group;                        // string value of the group attribute
};
struct ScanKeys {
  std::string_view sequence = {};
  std::string_view group = {};
};

// Calls `visit` for every item of a protobuf request. False when the bytes are malformed: items
// before the damage were visited.
[[nodiscard]] bool scan_items(Signal signal, ByteView body, const ScanKeys& keys,
                              const std::function<void(const ItemRef&)>& visit);

// The whole request as values. Unknown fields are skipped, as protobuf demands.
[[nodiscard]] Result<AnyRequest> decode(Signal signal, Encoding encoding, ByteView body);

[[nodiscard]] std::uint64_t count_items(const AnyRequest& request);

}  // namespace obsctl::otlp
