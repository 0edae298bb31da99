// SPDX-License-Identifier: Apache-2.0
// Placeholders out, values in. patch() is the hot path: no allocation, a decision per point at
// most.
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
  } else if (value == k_time_previous) {
    out.previous.push_back(patch.offset);
  } else {
    out.times.push_back({patch.offset, static_cast<std::int64_t>(value - k_time_base)});
  }
}

// A number's text without the spaces and quotes around it.
std::string_view bare(const std::string& bytes, const otlp::Patch& patch) {
  std::string_view text(bytes.data() + patch.offset, patch.length);
  text.remove_prefix(std::min(text.find_first_not_of(" \""), text.size()));
  return text.ends_with('"') ? text.substr(0, text.size() - 1) : text;
}

std::uint64_t raw_integer(const std::string& bytes, const otlp::Patch& patch, Encoding encoding) {
  std::uint64_t value = 0;
  if (encoding == Encoding::json) {
    const std::string_view text = bare(bytes, patch);
    std::from_chars(text.data(), text.data() + text.size(), value);
  } else if (patch.field == Field::exp_bucket_count) {
    for (std::uint32_t i = 0; i < patch.length; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[patch.offset + i]);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << 7U * i;
    }
  } else {
    std::memcpy(&value, bytes.data() + patch.offset, sizeof value);
  }
  return value;
}

double raw_real(const std::string& bytes, const otlp::Patch& patch, Encoding encoding) {
  double value = 0;
  if (encoding == Encoding::json) {
    const std::string_view text = bare(bytes, patch);
    std::from_chars(text.data(), text.data() + text.size(), value);
  } else {
    std::memcpy(&value, bytes.data() + patch.offset, sizeof value);
  }
  return value;
}

void add_number(RequestTemplate& out, const otlp::Patch& patch, Encoding encoding,
                const PointMotion& motion) {
  const std::uint32_t first = motion.motion == Motion::level ? k_level_middle : motion.first;
  switch (patch.field) {
    case Field::as_int:
    case Field::count:
    case Field::zero_count:
    case Field::bucket_count:
    case Field::exp_bucket_count: {
      const std::uint64_t step = raw_integer(out.bytes, patch, encoding) / first;
      const bool varint = patch.field == Field::exp_bucket_count && encoding == Encoding::protobuf;
      if (step != 0) {  // nothing times any factor is nothing
        (varint ? out.varints : out.integers)
            .push_back({patch.offset, patch.length, static_cast<std::uint32_t>(step)});
      }
      break;
    }
    case Field::sum:
      out.reals.push_back(
          {patch.offset, patch.length, raw_real(out.bytes, patch, encoding) / first});
      break;
    default:
      out.levels.push_back(
          {patch.offset, patch.length, raw_real(out.bytes, patch, encoding) / k_level_middle});
      break;
  }
}

// Closes the point that `item` is: its slots are all there.
void end_point(RequestTemplate& out, const PointMotion& motion) {
  out.points.push_back({.motion = motion,
                        .integers_end = static_cast<std::uint32_t>(out.integers.size()),
                        .varints_end = static_cast<std::uint32_t>(out.varints.size()),
                        .reals_end = static_cast<std::uint32_t>(out.reals.size()),
                        .levels_end = static_cast<std::uint32_t>(out.levels.size())});
}

bool is_number(Field field) {
  switch (field) {
    case Field::as_double:
    case Field::as_int:
    case Field::count:
    case Field::sum:
    case Field::zero_count:
    case Field::bucket_count:
    case Field::exp_bucket_count:
    case Field::exemplar_double:
    case Field::quantile_value: return true;
    default: return false;
  }
}

// The numbers of points, which the encoder recorded in the order of items.
void add_numbers(RequestTemplate& out, const std::vector<otlp::Patch>& patches, Encoding encoding,
                 const std::vector<PointMotion>& motions) {
  auto patch = patches.begin();
  for (std::uint32_t item = 0; item < motions.size(); ++item) {
    for (; patch != patches.end() && patch->item <= item; ++patch) {
      if (patch->item == item && is_number(patch->field) && motions[item].motion != Motion::fixed) {
        add_number(out, *patch, encoding, motions[item]);
      }
    }
    end_point(out, motions[item]);
  }
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
  static void integer(char* at, std::uint64_t value, std::size_t /*width*/) {
    otlp::put_u64(at, value);
  }
  static void real(char* at, double value, std::size_t /*width*/) { otlp::put_double(at, value); }
};
struct JsonStore {
  static void trace(char* at, TracePair id) { otlp::put_hex(at, &id, sizeof id); }
  static void span(char* at, std::uint64_t id) { otlp::put_hex(at, &id, sizeof id); }
  static void time(char* at, std::uint64_t value) {
    otlp::put_decimal(at, value, otlp::k_json_time_digits);
  }
  static void integer(char* at, std::uint64_t value, std::size_t width) {
    otlp::put_json_integer(at, value, width);
  }
  static void real(char* at, double value, std::size_t width) {
    otlp::put_json_double(at, value, width);
  }
};

constexpr std::uint64_t k_golden = 0x9e3779b97f4a7c15ULL;

// A triangle wave with a phase of the series' own and a length between 13 and 51 exports. The speed
// is odd, so that even where the wave turns two exports never see the same height.
std::uint64_t level_factor(std::uint64_t key, std::uint64_t exports) {
  constexpr std::uint64_t k_period = 2 * (k_level_middle - 1);
  const std::uint64_t speed = 5 + 2 * (key >> 61U);
  const std::uint64_t at = ((key >> 32U & 0xffU) + exports * speed) % k_period;
  return k_level_middle / 2 + std::min(at, k_period - at);
}

std::uint64_t factor_of(const PointMotion& motion, std::uint64_t key, std::uint64_t exports,
                        std::uint64_t growth) {
  switch (motion.motion) {
    case Motion::fixed: return 0;
    case Motion::cumulative:
      return std::min<std::uint64_t>(
          motion.first + 2 * growth + (mix64(key + growth * k_golden) >> 63U), motion.limit);
    case Motion::delta: return 1 + mix64(key + exports * k_golden) % k_delta_most;
    case Motion::level: return level_factor(key, exports);
  }
  return 0;
}

template <class Store>
void patch_numbers(const Ring& ring, const RequestTemplate& request, const Moment& moment,
                   char* bytes) {
  const auto exports = static_cast<std::uint64_t>(moment.lap / ring.laps_per_export);
  const auto part = static_cast<std::uint64_t>(moment.lap % ring.laps_per_export);
  const std::uint64_t growth =
      moment.ticks >= 0 ? static_cast<std::uint64_t>(moment.ticks) : exports;
  const NumberSlot* integer = request.integers.data();
  const NumberSlot* varint = request.varints.data();
  const RealSlot* real = request.reals.data();
  const RealSlot* level = request.levels.data();
  for (const PointSlot& point : request.points) {
    const std::uint64_t key = point.motion.key + part * k_golden;
    const std::uint64_t factor = factor_of(point.motion, key, exports, growth);
    for (const auto* end = request.integers.data() + point.integers_end; integer != end;
         ++integer) {
      Store::integer(bytes + integer->offset, integer->step * factor, integer->width);
    }
    for (const auto* end = request.varints.data() + point.varints_end; varint != end; ++varint) {
      otlp::put_varint(bytes + varint->offset, varint->step * factor, varint->width);
    }
    for (const auto* end = request.reals.data() + point.reals_end; real != end; ++real) {
      Store::real(bytes + real->offset, real->step * static_cast<double>(factor), real->width);
    }
    const auto* levels_end = request.levels.data() + point.levels_end;
    if (level != levels_end) {
      const auto height = static_cast<double>(level_factor(key, exports));
      for (; level != levels_end; ++level) {
        Store::real(bytes + level->offset, level->step * height, level->width);
      }
    }
  }
}

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
  for (const std::uint32_t offset : request.previous) {
    Store::time(bytes + offset, moment.previous);
  }
  patch_numbers<Store>(ring, request, moment, bytes);
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

std::uint32_t room_of(const PointMotion& motion) {
  switch (motion.motion) {
    case Motion::fixed: return 0;
    case Motion::cumulative: return (motion.limit + motion.first - 1) / motion.first;
    case Motion::delta: return k_delta_most;
    case Motion::level: return 2;
  }
  return 0;
}

RequestTemplate make_template(otlp::Encoded encoded, Encoding encoding,
                              const std::vector<Digits>& digits,
                              const std::vector<PointMotion>& motions) {
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
      default: break;  // numbers, below
    }
  }
  add_numbers(out, encoded.patches, encoding, motions);
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
}

}  // namespace obsctl::loadgen
