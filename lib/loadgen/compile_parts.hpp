// SPDX-License-Identifier: Apache-2.0
// What the three compilers share: attribute values, resources, cutting a ring into requests.
#pragma once

#include <string>
#include <vector>

#include "lib/loadgen/compile.hpp"
#include "lib/otlp/model.hpp"

namespace obsctl::loadgen {

// Name of the attribute that numbers every item of a signal.
inline constexpr std::string_view k_sequence_key = "obsctl.seq";
inline constexpr std::size_t k_sequence_width = 16;

// The attributes of a scenario whose values change with every item, by key.
class DigitTable {
 public:
  void add(const std::vector<Attribute>& attributes);
  void add_sequence();
  void add_series(std::string_view key, std::size_t width);
  [[nodiscard]] const std::vector<Digits>& rows() const { return rows_; }
  [[nodiscard]] otlp::EncodeOptions encode_options() const;
  [[nodiscard]] std::size_t width_of(std::string_view key) const;

 private:
  std::vector<Digits> rows_;
};

// `size` random letters, digits and signs: 6 bits of entropy per byte, so that compression shows
// its true cost.
[[nodiscard]] std::string random_text(std::size_t size, Numbers& numbers);

void append_attributes(const std::vector<Attribute>& from, const DigitTable& digits,
                       Numbers& numbers, otlp::Attributes& into);
[[nodiscard]] otlp::Resource resource_of(const Service& service, std::size_t index,
                                         Numbers& numbers);

[[nodiscard]] otlp::Scope loadgen_scope();

// Cuts items-per-step into requests of about `batch` items: (first step, steps) of every request.
struct Chunk {
  std::size_t first = 0;
  std::size_t count = 0;
  std::int64_t items = 0;
  std::int64_t items_before = 0;
};
[[nodiscard]] std::vector<Chunk> cut(const std::vector<std::int64_t>& items, std::int64_t batch);

// Where a run of `total` items ends inside the ring: the request to shorten and its length, if any.
struct Tail {
  std::size_t chunk = 0;
  std::int64_t items = 0;
  std::int64_t request = -1;
};
[[nodiscard]] Tail find_tail(const std::vector<Chunk>& chunks, std::int64_t ring_items,
                             std::int64_t total);

// The trace ring's own numbers, which logs and exemplars refer to.
struct TraceRing {
  std::vector<TraceDraft> drafts;
  std::vector<std::int32_t> first_span;  // number of the first span of every trace
  std::int64_t spans = 0;
};
[[nodiscard]] TraceRing draw_ring(const Scenario& scenario, std::size_t traces, std::uint64_t seed);

[[nodiscard]] Ring compile_traces(const Scenario& scenario, const CompileOptions& options,
                                  const TraceRing& ring, Payload& payload);
[[nodiscard]] Ring compile_logs(const Scenario& scenario, const CompileOptions& options,
                                const TraceRing& ring, bool with_traces);
[[nodiscard]] Ring compile_metrics(const Scenario& scenario, const CompileOptions& options,
                                   bool with_traces, Payload& payload);

// Moves an encoded request into the ring and keeps the ring's sums.
void add_request(Ring& ring, RequestTemplate request, const Chunk& chunk);

}  // namespace obsctl::loadgen
