// Placeholders out, values in. patch() is the hot path: no branch per slot, no allocation.
#include "lib/loadgen/request_template.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace obsctl::loadgen {
namespace {

using otlp::Encoding;
using otlp::Field;

constexpr std::uint8_t k_recent_mark =
    0xee;  // first byte of placeholders counted back from the newest

template <class Id>
Id placeholder(std::int64_t index, std::uint8_t mark) {
  Id id{};
  const auto value = static_cast<std::uint32_t>(static_cast<std::int32_t>(index));
  std::memcpy(id.data() + id.size() - sizeof value, &value, sizeof value);
  id[0] = mark;
  return id;
}

std::uint8_t hex_value(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

// The bytes of an id as they were before encoding.
std::string raw_id(const std::string& bytes, const otlp::Patch& patch, Encoding encoding) {
  if (encoding == Encoding::protobuf) {
    return bytes.substr(patch.offset, patch.length);
  }
  std::string out;
  for (std::uint32_t i = 0; i + 1 < patch.length; i += 2) {
    const char* at = bytes.data() + patch.offset + i;
    out += static_cast<char>(hex_value(at[0]) << 4U | hex_value(at[1]));
  }
  return out;
}

std::uint64_t raw_u64(const std::string& bytes, const otlp::Patch& patch, Encoding encoding) {
  std::uint64_t value = 0;
  const char* at = bytes.data() + patch.offset;
  if (encoding == Encoding::protobuf) {
    std::memcpy(&value, at, sizeof value);
  } else {
    std::from_chars(at, at + patch.length, value);
  }
  return value;
}

void add_id(RequestTemplate& out, const otlp::Patch& patch, Encoding encoding, bool trace) {
  const std::string raw = raw_id(out.bytes, patch, encoding);
  std::int32_t index = 0;
  std::memcpy(&index, raw.data() + raw.size() - sizeof index, sizeof index);
  const bool recent = static_cast<std::uint8_t>(raw[0]) == k_recent_mark;
  auto& into = trace ? (recent ? out.recent16 : out.traces16) : (recent ? out.recent8 : out.spans8);
  into.push_back({patch.offset, index});
}

void add_time(RequestTemplate& out, const otlp::Patch& patch, Encoding encoding) {
  const std::uint64_t value = raw_u64(out.bytes, patch, encoding);
  if (value == k_time_start) {
    out.starts.push_back(patch.offset);
  } else {
    out.times.push_back({patch.offset, static_cast<std::int64_t>(value - k_time_base)});
  }
}

void add_number(RequestTemplate& out, const otlp::Patch& patch) {
  const bool integer = patch.field == Field::as_int || patch.field == Field::count ||
                       patch.field == Field::bucket_count || patch.field == Field::zero_count;
  double step = 0;
  if (integer) {
    step = static_cast<double>(
        static_cast<std::int64_t>(raw_u64(out.bytes, patch, Encoding::protobuf)));
  } else {
    std::memcpy(&step, out.bytes.data() + patch.offset, sizeof step);
  }
  out.numbers.push_back({patch.offset, integer, step});
}

// Number of an item's attribute value.
std::uint64_t digits_value(const Digits& digits, std::uint64_t item, double seconds) {
  if (digits.cardinality == 0) {
    return item;
  }
  const std::uint64_t random = mix64((item + 1) * 0x9e3779b97f4a7c15ULL + digits.width);
  if (digits.spread == Attribute::Spread::zipf) {
    const double u = static_cast<double>(random >> 11U) * 0x1.0p-53;
    const auto n = static_cast<double>(digits.cardinality);
    const double exponent = 1 - digits.skew;
    const double x = std::abs(exponent) < 1e-6
                         ? std::pow(n + 1, u)
                         : std::pow(u * (std::pow(n + 1, exponent) - 1) + 1, 1 / exponent);
    return std::min<std::uint64_t>(static_cast<std::uint64_t>(x) - 1, digits.cardinality - 1);
  }
  const std::uint64_t value = random % digits.cardinality;
  if (digits.spread == Attribute::Spread::churn) {
    return static_cast<std::uint64_t>(seconds / digits.churn_seconds) * digits.cardinality + value;
  }
  return value;
}

struct TracePair {
  std::uint64_t high;
  std::uint64_t low;
};

// Stores ids and times as the encoding wants them.
struct BinaryStore {
  static void trace(char* at, TracePair id) {
    otlp::put_u64(at, id.high);
    otlp::put_u64(at + 8, id.low);
  }
  static void span(char* at, std::uint64_t id) { otlp::put_u64(at, id); }
  static void time(char* at, std::uint64_t value) { otlp::put_u64(at, value); }
};
struct JsonStore {
  static void trace(char* at, TracePair id) { otlp::put_hex(at, &id, sizeof id); }
  static void span(char* at, std::uint64_t id) { otlp::put_hex(at, &id, sizeof id); }
  static void time(char* at, std::uint64_t value) {
    otlp::put_decimal(at, value, otlp::k_json_time_digits);
  }
};

template <class Store>
void patch_as(const Ring& ring, const RequestTemplate& request, const Ids& ids,
              const Moment& moment, char* bytes) {
  // Spans of one trace follow each other, so its id is computed once.
  std::int64_t last = INT64_MIN;
  TracePair pair{};
  const std::int64_t trace_base = moment.lap * ring.traces;
  const auto trace_id = [&](std::int64_t number) {
    if (number != last) {
      pair = {ids.trace_high(number), ids.trace_low(number)};
      last = number;
    }
    return pair;
  };
  for (const IdSlot& slot : request.traces16) {
    Store::trace(bytes + slot.offset, trace_id(trace_base + slot.index));
  }
  const std::int64_t span_base = moment.lap * ring.spans;
  for (const IdSlot& slot : request.spans8) {
    Store::span(bytes + slot.offset, ids.span(span_base + slot.index));
  }
  for (const TimeSlot& slot : request.times) {
    Store::time(bytes + slot.offset, moment.time + static_cast<std::uint64_t>(slot.relative));
  }
  for (const std::uint32_t offset : request.starts) {
    Store::time(bytes + offset, moment.start);
  }
  if (ring.traces == 0) {
    return;
  }
  const auto recent = [&](std::int32_t back) {
    return std::max<std::int64_t>(0, moment.newest_trace - back);
  };
  for (const IdSlot& slot : request.recent16) {
    Store::trace(bytes + slot.offset, trace_id(recent(slot.index)));
  }
  for (const IdSlot& slot : request.recent8) {
    const std::int64_t number = recent(slot.index);
    const auto root = ring.root_span[static_cast<std::size_t>(number % ring.traces)];
    Store::span(bytes + slot.offset, ids.span(number / ring.traces * ring.spans + root));
  }
}

}  // namespace

otlp::TraceId trace_placeholder(std::int64_t index) {
  return placeholder<otlp::TraceId>(index, 0);
}
otlp::SpanId span_placeholder(std::int64_t index) {
  return placeholder<otlp::SpanId>(index, 0);
}
otlp::TraceId recent_trace_placeholder(std::int64_t back) {
  return placeholder<otlp::TraceId>(back, k_recent_mark);
}
otlp::SpanId recent_span_placeholder(std::int64_t back) {
  return placeholder<otlp::SpanId>(back, k_recent_mark);
}

RequestTemplate make_template(otlp::Encoded encoded, Encoding encoding,
                              const std::vector<Digits>& digits, const std::vector<bool>& growing) {
  RequestTemplate out;
  out.bytes = std::move(encoded.bytes);
  out.items = encoded.items;
  for (const otlp::Patch& patch : encoded.patches) {
    switch (patch.field) {
      case Field::trace_id:
      case Field::link_trace_id:
      case Field::exemplar_trace_id: add_id(out, patch, encoding, true); break;
      case Field::span_id:
      case Field::parent_span_id:
      case Field::link_span_id:
      case Field::exemplar_span_id: add_id(out, patch, encoding, false); break;
      case Field::start_time:
      case Field::end_time:
      case Field::time:
      case Field::observed_time:
      case Field::event_time:
      case Field::exemplar_time: add_time(out, patch, encoding); break;
      case Field::attribute: {
        const Digits& spec = digits[patch.sub];
        const auto width = static_cast<std::uint32_t>(spec.width);
        if (patch.length >= width) {
          const std::uint32_t at = patch.offset + patch.length - width;
          std::uint32_t item = patch.item;
          if (spec.series) {
            std::from_chars(out.bytes.data() + at, out.bytes.data() + at + width, item);
          }
          out.digits.push_back(
              {at, item, static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(patch.sub)});
        }
        break;
      }
      case Field::as_double:
      case Field::as_int:
      case Field::count:
      case Field::sum:
      case Field::zero_count:
      case Field::bucket_count:
        if (encoding == Encoding::protobuf && patch.item < growing.size() && growing[patch.item]) {
          add_number(out, patch);
        }
        break;
      default:  // exemplar and quantile values stay as they are
        break;
    }
  }
  return out;
}

void patch(const Ring& ring, const RequestTemplate& request, const Ids& ids, const Moment& moment,
           char* bytes) {
  if (ring.encoding == Encoding::protobuf) {
    patch_as<BinaryStore>(ring, request, ids, moment, bytes);
  } else {
    patch_as<JsonStore>(ring, request, ids, moment, bytes);
  }
  const auto first = static_cast<std::uint64_t>(moment.lap * ring.items + request.first_item);
  const auto part = static_cast<std::uint64_t>(moment.lap % ring.laps_per_export) * k_series_stride;
  for (const DigitSlot& slot : request.digits) {
    const Digits& digits = ring.digits[slot.digits];
    const std::uint64_t value =
        digits.series ? slot.item + part : digits_value(digits, first + slot.item, moment.seconds);
    otlp::put_decimal(bytes + slot.offset, value, slot.width);
  }
  const auto exports = static_cast<double>(moment.lap / ring.laps_per_export + 1);
  for (const NumberSlot& slot : request.numbers) {
    const double value = slot.step * exports;
    if (slot.integer) {
      otlp::put_u64(bytes + slot.offset,
                    static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    } else {
      otlp::put_double(bytes + slot.offset, value);
    }
  }
}

}  // namespace obsctl::loadgen
