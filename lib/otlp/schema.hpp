// SPDX-License-Identifier: Apache-2.0
// The messages of OTLP as tables: tags, kinds and names of the fields.
//
// Whatever reads or shows requests without building values (checking, JSON to protobuf and back)
// walks these tables, so that they cannot disagree about a field.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/otlp/types.hpp"

namespace obsctl::otlp::schema {

enum class Kind : std::uint8_t {
  string,
  bytes,
  trace_id,
  span_id,
  boolean,
  uint32,  // varint
  sint32,  // zigzag varint
  int64,   // varint
  uint64,  // varint
  fixed32,
  fixed64,
  sfixed64,
  time,        // fixed64, nanoseconds since 1970 …
  start_time,  // … which an end or a time of the same message is not before
  end_time,
  real,         // double
  enumeration,  // varint, int32
  message,
};

// The names of an enumeration's values; the number is the index.
using Names = std::span<const std::string_view>;

struct Message;

struct Field {
  std::uint8_t tag = 0;
  Kind kind = Kind::string;
  std::string_view name;  // of OTLP/JSON: lowerCamelCase
  bool repeated = false;
  bool required = false;  // by the specification, not by receivers
  const Message* message = nullptr;
  Names names = {};
};

inline constexpr std::size_t k_max_tag = 16;

struct Message {
  std::span<const Field> fields;  // in the order in which they are shown
  bool item = false;              // a span, data point or log record
  std::uint32_t one_of = 0;       // bits of the tags of which a message may have one

  [[nodiscard]] const Field* find(std::uint32_t tag) const {
    return tag <= k_max_tag && by_tag[tag] != 0 ? &fields[by_tag[tag] - 1U] : nullptr;
  }
  std::array<std::uint8_t, k_max_tag + 1> by_tag = index(fields);  // 1 + the place in fields

 private:
  static constexpr std::array<std::uint8_t, k_max_tag + 1> index(std::span<const Field> fields) {
    std::array<std::uint8_t, k_max_tag + 1> places = {};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      places[fields[i].tag] = static_cast<std::uint8_t>(i + 1);
    }
    return places;
  }
};

// Export{Trace,Metrics,Logs}ServiceRequest.
[[nodiscard]] const Message& request(Signal signal);

// The wire type of a single value of this kind, as the low three bits of a tag say it.
[[nodiscard]] constexpr std::uint32_t wire_type(Kind kind) {
  switch (kind) {
    case Kind::boolean:
    case Kind::uint32:
    case Kind::sint32:
    case Kind::int64:
    case Kind::uint64:
    case Kind::enumeration: return 0;
    case Kind::fixed64:
    case Kind::sfixed64:
    case Kind::time:
    case Kind::start_time:
    case Kind::end_time:
    case Kind::real: return 1;
    case Kind::fixed32: return 5;
    default: return 2;
  }
}

// Repeated numbers may come packed into one length-delimited field.
[[nodiscard]] constexpr bool packed(const Field& field) {
  return field.repeated && wire_type(field.kind) != 2;
}

[[nodiscard]] constexpr std::size_t id_size(Kind kind) {
  return kind == Kind::trace_id ? 16 : 8;
}

}  // namespace obsctl::otlp::schema
