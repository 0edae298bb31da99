// SPDX-License-Identifier: Apache-2.0
// Request templates: encoded once, then only ids, times, numbers and digits are overwritten in
// place.
//
// This is where the speed comes from: an SDK makes an object per span, this makes a few eight-byte
// stores. Places come from the encoder (otlp::Encoded::patches); what belongs there was written
// into the template as a placeholder, so that no second table has to be kept in step with the
// encoder.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/loadgen/numbers.hpp"
#include "lib/loadgen/scenario.hpp"
#include "lib/otlp/wire.hpp"

namespace obsctl::loadgen {

// Placeholders. All have 19 digits, as every time of this century, so that JSON keeps its length.
inline constexpr std::uint64_t k_time_base =
    2'000'000'000'000'000'000ULL;  // + relative nanoseconds
inline constexpr std::uint64_t k_time_start = 1'000'000'000'000'000'000ULL;  // start of the run
// When the point of this series before was sent.
inline constexpr std::uint64_t k_time_previous = 1'500'000'000'000'000'000ULL;

[[nodiscard]] inline otlp::UnixNano relative_time(std::int64_t nanoseconds) {
  return k_time_base + static_cast<std::uint64_t>(nanoseconds);
}
// An id that stands for number `index` of the ring (may be negative: of an earlier lap).
[[nodiscard]] otlp::TraceId trace_placeholder(std::int64_t index);
[[nodiscard]] otlp::SpanId span_placeholder(std::int64_t index);
// The trace `back` traces before the newest one that is due, and its first span (exemplars).
[[nodiscard]] otlp::TraceId recent_trace_placeholder(std::int64_t back);
[[nodiscard]] otlp::SpanId recent_span_placeholder(std::int64_t back);

// Attribute values that end in a number of fixed width.
struct Digits {
  std::string key;
  std::uint64_t cardinality = 0;  // 0: the item's own sequence number
  Attribute::Spread spread = Attribute::Spread::uniform;
  double skew = 1.1;
  double churn_seconds = 60;
  std::size_t width = 1;
  bool series =
      false;  // the label that tells series apart: what the template says, plus the lap's part
};

// Series labels of one lap lie below this; the next lap of the same export counts on from here.
inline constexpr std::uint64_t k_series_stride = 100'000;

struct IdSlot {
  std::uint32_t offset;
  std::int32_t index;  // number in the ring
};
struct TimeSlot {
  std::uint32_t offset;
  std::int64_t relative;
};
struct DigitSlot {
  std::uint32_t offset;
  std::uint32_t item;
  std::uint16_t width;
  std::uint16_t digits;  // index of the Digits
};
// How the numbers of a data point move from one export to the next. Every number is a step of its
// own times a factor that the whole point shares, so a count is the sum of its buckets at any time.
enum class Motion : std::uint8_t {
  fixed,
  cumulative,  // the factor grows by 1 to 3 with every export
  delta,       // drawn for every export, 1 to k_delta_most
  level,       // a wave between half and one and a half times what the template says
};

inline constexpr std::uint32_t k_delta_most = 8;
inline constexpr std::uint32_t k_level_middle = 128;
// Where cumulative factors stop: 150 years of exports every 10 s, 14 hours of a closed loop. Beyond
// it a point repeats its last values; JSON reserves room up to here.
inline constexpr std::uint32_t k_growth_limit = 1'000'000'000;

struct PointMotion {
  Motion motion = Motion::fixed;
  std::uint64_t key = 0;  // of the series, well mixed: what makes series differ from each other
  // Cumulative: factor of the first export and of the template's values, and the last factor.
  std::uint32_t first = 1;
  std::uint32_t limit = k_growth_limit;
};

// How many times its value in the template a number of this point may become.
[[nodiscard]] std::uint32_t room_of(const PointMotion& motion);

struct NumberSlot {
  std::uint32_t offset;
  std::uint32_t width;  // bytes
  std::uint32_t step;
};
struct RealSlot {
  std::uint32_t offset;
  std::uint32_t width;
  double step;
};
// One point: its numbers are those of the lists below that follow the previous point's.
struct PointSlot {
  PointMotion motion;
  std::uint32_t integers_end = 0;
  std::uint32_t varints_end = 0;
  std::uint32_t reals_end = 0;
  std::uint32_t levels_end = 0;
};

struct RequestTemplate {
  std::string bytes;
  std::uint32_t items = 0;
  std::int64_t first_item = 0;   // items of the ring before this request
  std::int64_t first_trace = 0;  // traces of the ring that begin before this request
  std::int64_t traces = 0;       // traces that begin in this request
  std::vector<IdSlot> traces16, spans8;
  std::vector<IdSlot> recent16, recent8;
  std::vector<TimeSlot> times;
  std::vector<std::uint32_t> starts;
  std::vector<std::uint32_t> previous;  // starts of delta points
  std::vector<DigitSlot> digits;
  std::vector<PointSlot> points;
  std::vector<NumberSlot> integers, varints;
  std::vector<RealSlot> reals;   // sums
  std::vector<RealSlot> levels;  // gauges, quantiles, exemplars: move by the wave in every point
};

// All requests of one signal, sent in order and again from the start ("lap").
struct Ring {
  otlp::Signal signal = otlp::Signal::traces;
  otlp::Encoding encoding = otlp::Encoding::protobuf;
  std::vector<RequestTemplate> requests;
  std::vector<Digits> digits;
  std::int64_t items = 0;               // per lap
  std::int64_t traces = 0;              // per lap; of the trace ring, for every signal
  std::int64_t spans = 0;               // per lap; of the trace ring, for every signal
  std::vector<std::int32_t> root_span;  // number of the first span of every trace of the ring
  std::int64_t laps_per_export = 1;     // metrics: laps until every series was written once
  std::uint64_t export_ns = 0;          // … and how long that takes by plan
  std::size_t body_bytes = 0;           // of one lap
  // Requests of a lap. One more template may follow: the shortened last request of a counted run.
  std::size_t size = 0;
  std::int64_t tail_request = -1;  // its number in the run

  // Template and lap of request `number` of a run (from 0).
  [[nodiscard]] std::size_t index_of(std::int64_t number) const {
    return number == tail_request
               ? size
               : static_cast<std::size_t>(number % static_cast<std::int64_t>(size));
  }
  [[nodiscard]] std::int64_t lap_of(std::int64_t number) const {
    return number / static_cast<std::int64_t>(size);
  }
  // Items of all requests before this one.
  [[nodiscard]] std::int64_t items_before(std::int64_t number) const {
    return lap_of(number) * items +
           requests[static_cast<std::size_t>(number % static_cast<std::int64_t>(size))].first_item;
  }
};

// Everything that differs between two uses of a template.
struct Moment {
  std::int64_t lap = 0;
  std::uint64_t time = 0;         // nanoseconds since 1970: the intended time of sending
  std::uint64_t start = 0;        // the same of the run's start
  std::uint64_t previous = 0;     // the same of the request with these series before
  double seconds = 0;             // since the run's start
  std::int64_t newest_trace = 0;  // number of the newest trace that is due
  // What makes cumulative values grow instead of the number of exports, unless it is -1. Workers of
  // a closed loop share no schedule: one may be laps ahead of another that sends the same series
  // later. Only time, here in steps of k_tick, keeps such a series from falling.
  std::int64_t ticks = -1;
};
inline constexpr double k_tick = 100e-6;  // seconds

// Turns an encoded request with placeholders into a template. `motions` says by item how numbers
// move; items without one keep theirs. JSON must have been encoded with their room_of().
[[nodiscard]] RequestTemplate make_template(otlp::Encoded encoded, otlp::Encoding encoding,
                                            const std::vector<Digits>& digits,
                                            const std::vector<PointMotion>& motions = {});

// Writes ids, times, numbers and digits of this moment into `bytes`, a copy of (or the) template's
// bytes.
void patch(const Ring& ring, const RequestTemplate& request, const Ids& ids, const Moment& moment,
           char* bytes);

}  // namespace obsctl::loadgen
