// SPDX-License-Identifier: Apache-2.0
// One imagined request through the scenario's call graph: its spans with their times, before
// encoding.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/loadgen/numbers.hpp"
#include "lib/loadgen/scenario.hpp"

namespace obsctl::loadgen {

enum class TraceClass : std::uint8_t { normal, error, slow, health };

struct SpanDraft {
  std::uint32_t service = 0;    // index in Scenario::services
  std::uint32_t operation = 0;  // index in Service::operations
  std::int32_t parent = -1;     // index in the trace; -1: root
  std::int64_t own = 0;         // nanoseconds that the operation itself takes
  std::int64_t start = 0;       // nanoseconds from the start of the trace
  std::int64_t end = 0;
  bool parallel = false;  // starts together with the sibling before it
  bool error = false;
  bool origin = false;  // where the error began: carries the exception
};

struct TraceDraft {
  TraceClass kind = TraceClass::normal;
  bool vip = false;
  std::vector<SpanDraft> spans;  // root first, parents before children
  std::uint32_t immediate = 0;   // spans sent with the root; the rest follow later
  bool late = false;  // the rest follow by Mix::late_by, else with one of the next requests
  [[nodiscard]] std::int64_t length() const { return spans.empty() ? 0 : spans.front().end; }
};

// What tail sampling would see in a trace. `noise` is what the generated stack drops before it
// samples.
struct TraceFacts {
  bool error = false;
  bool exception = false;
  bool noise = false;
  std::int64_t length = 0;  // nanoseconds from the first start to the last end
};

// Upper bound of spans per trace; a call graph that makes more is refused when it is read.
inline constexpr std::size_t k_max_spans = 2000;

// Class of trace `index` of a run. Shares hold exactly over any multiple of their denominators.
[[nodiscard]] TraceClass class_of(const Mix& mix, std::uint64_t index);

[[nodiscard]] TraceDraft draw_trace(const Scenario& scenario, std::uint64_t index,
                                    Numbers& numbers);

// What the spans from `first` up to `last` (not included) show.
[[nodiscard]] TraceFacts facts_of(const Scenario& scenario, const TraceDraft& trace,
                                  std::size_t first, std::size_t last);

}  // namespace obsctl::loadgen
