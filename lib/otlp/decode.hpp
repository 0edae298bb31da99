// SPDX-License-Identifier: Apache-2.0
// Export requests from bytes: counted, checked, scanned item by item, rewritten, or read as a whole.
//
// For receivers: the bytes may be anything. Nothing here crashes, recurses without bound or
// allocates much more than the input justifies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/otlp/deviation.hpp"
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

// Checks a protobuf request: its items, or the reason why a receiver refuses it. Deviations that a
// receiver accepts are added to `deviations` when that is given; `now` tells which times are odd.
[[nodiscard]] Result<std::uint64_t> check(Signal signal, ByteView body, UnixNano now,
                                          Deviations* deviations);

// A JSON request as protobuf, which holds the same in fewer bytes: parsed in one pass, without a
// document tree. An error when it is not OTLP/JSON, or `limit` bytes of protobuf do not suffice.
[[nodiscard]] Result<std::string> json_to_protobuf(Signal signal, ByteView body, std::size_t limit,
                                                   Deviations* deviations);

// A protobuf request that passed check() as OTLP/JSON: what is on the wire, field by field, and
// always valid JSON; unknown fields are left out. Nothing when it would be longer than `limit`.
[[nodiscard]] std::optional<std::string> protobuf_to_json(Signal signal, ByteView body,
                                                          std::size_t limit);

// The whole request as values. Unknown fields are skipped, as protobuf demands.
[[nodiscard]] Result<AnyRequest> decode(Signal signal, Encoding encoding, ByteView body);

[[nodiscard]] std::uint64_t count_items(const AnyRequest& request);

}  // namespace obsctl::otlp
