// SPDX-License-Identifier: Apache-2.0
// Export requests to bytes, protobuf and JSON, with the places of everything that can be patched
// later.
//
// A load generator encodes a request once and then only overwrites ids, times and numbers in place:
// those fields have a fixed width on the wire, so that neither lengths nor offsets change. The
// encoder records where they are.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/otlp/model.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

enum class Field : std::uint8_t {
  trace_id,        // span, log record
  span_id,         // span, log record
  parent_span_id,  // span
  start_time,      // span, point
  end_time,        // span
  time,            // log record, point
  observed_time,   // log record
  event_time,      // span event; sub is its index
  link_trace_id,   // span link; sub is its index
  link_span_id,
  exemplar_time,  // sub is the exemplar's index
  exemplar_trace_id,
  exemplar_span_id,
  as_double,  // number point
  as_int,
  count,             // histogram, exponential histogram, summary
  sum,               // double
  zero_count,        // exponential histogram
  bucket_count,      // histogram; sub is the bucket's index
  exp_bucket_count,  // exponential histogram; sub is the bucket's index, the negative ones follow
                     // the positive ones; in protobuf a varint
  exemplar_double,
  exemplar_int,
  quantile_value,  // summary; sub is its index
  attribute,  // string value of an item's own attribute named in EncodeOptions; sub is the name's
              // index
};

// A field that can be overwritten. In protobuf ids are raw bytes and numbers little-endian, except
// the varints of exponential buckets, which only take values of the same length; in JSON ids are
// lower-case hex, times 19 decimal digits and numbers have the room that EncodeOptions asks for.
// Fields that were not set are not there.
struct Patch {
  std::uint32_t offset = 0;  // of the first byte of the value
  std::uint32_t length = 0;  // bytes
  std::uint32_t item = 0;    // index of the span, data point or record in the request, in order
  std::uint32_t sub = 0;
  Field field = Field::time;
  bool operator==(const Patch&) const = default;
};

struct Encoded {
  std::string bytes;
  std::vector<Patch> patches;  // in ascending order of offset
  std::uint32_t items = 0;     // spans, data points or records
};

struct EncodeOptions {
  // Item attributes whose string values are recorded as Field::attribute (for example a sequence
  // number written with a fixed number of digits). Points and records too; not resource or scope
  // attributes.
  std::vector<std::string> patch_attributes = {};
  // By data point: how many times its present value a number of it may become. In JSON, numbers of
  // such points get that much room, filled with spaces before the number (legal between tokens, so
  // that the number itself is written as always), and are recorded. 0 or absent: no room.
  // Protobuf's numbers have a fixed width or, as the varints of exponential buckets, are recorded
  // as they are.
  std::vector<std::uint32_t> room = {};
};

[[nodiscard]] Encoded encode(const TraceRequest& request, Encoding encoding,
                             const EncodeOptions& options = {});
[[nodiscard]] Encoded encode(const MetricsRequest& request, Encoding encoding,
                             const EncodeOptions& options = {});
[[nodiscard]] Encoded encode(const LogsRequest& request, Encoding encoding,
                             const EncodeOptions& options = {});

// Overwriting in place. `at` is the start of the buffer plus Patch::offset.
inline void put_u64(char* at, std::uint64_t value) {  // protobuf fixed64, sfixed64
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                "protobuf's fixed fields are little-endian");
  std::memcpy(at, &value, sizeof value);
}
inline void put_double(char* at, double value) {
  std::memcpy(at, &value, sizeof value);
}
// A varint that takes exactly `width` bytes, which is its shortest form only when it needs them
// all.
inline void put_varint(char* at, std::uint64_t value, std::size_t width) {
  if (width == 4) {  // what counters of processes have that have been up for long: all at once
    const auto bits = static_cast<std::uint32_t>(value);
    const std::uint32_t bytes = 0x808080U | (bits & 0x7fU) | (bits & 0x3f80U) << 1U |
                                (bits & 0x1fc000U) << 2U | (bits & 0xfe00000U) << 3U;
    std::memcpy(at, &bytes, sizeof bytes);
    return;
  }
  for (std::size_t i = 0; i + 1 < width; ++i, value >>= 7U) {
    at[i] = static_cast<char>(value | 0x80U);
  }
  at[width - 1] = static_cast<char>(value & 0x7fU);
}
inline void put_id(char* at, const void* id, std::size_t size) {
  std::memcpy(at, id, size);
}

// The same for JSON: `size` bytes as 2 × size hex digits; a time as 19 digits.
inline void put_hex(char* at, const void* id, std::size_t size) {
  static constexpr char k_digits[] = "0123456789abcdef";
  const auto* bytes = static_cast<const unsigned char*>(id);
  for (std::size_t i = 0; i < size; ++i) {
    *at++ = k_digits[bytes[i] >> 4U];
    *at++ = k_digits[bytes[i] & 15U];
  }
}
// `width` decimal digits with leading zeros; digits that do not fit are dropped on the left.
inline void put_decimal(char* at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0; value /= 10) {
    at[i] = static_cast<char>('0' + value % 10);
  }
}
inline constexpr std::size_t k_json_time_digits = 19;

// Numbers in the room they got, right-aligned behind spaces: 64-bit integers in quotes, doubles as
// the shortest text that reads back as the same value. The value must fit; every double fits into
// k_json_double_width.
void put_json_integer(char* at, std::uint64_t value, std::size_t width);
void put_json_double(char* at, double value, std::size_t width);
inline constexpr std::size_t k_json_double_width = 24;

}  // namespace obsctl::otlp
