// SPDX-License-Identifier: Apache-2.0
// Requests that set every field of every message, shared by the tests of encoders and decoders.
#pragma once

#include "lib/otlp/model.hpp"

namespace samples {

using namespace obsctl::otlp;

inline constexpr UnixNano k_time = 1'700'000'000'123'456'789U;

inline TraceId trace_id(std::uint8_t start = 1) {
  TraceId id{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(start + i);
  }
  return id;
}
inline SpanId span_id(std::uint8_t start = 0xa0) {
  SpanId id{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(start + i);
  }
  return id;
}

inline Attributes all_values() {
  return {{"string", "with \"quotes\", \\ and \t ümlaut"},
          {"empty.string", ""},
          {"bool", true},
          {"bool.false", false},
          {"int", std::int64_t{-42}},
          {"int.max", std::int64_t{9'223'372'036'854'775'807}},
          {"double", 2.5},
          {"array", AnyValue::Array{AnyValue("a"), AnyValue(7), AnyValue()}},
          {"map", AnyValue::Map{{"inner", AnyValue(1.25)},
                                {"deeper", AnyValue(AnyValue::Map{{"x", true}})}}},
          {"empty.array", AnyValue::Array{}},
          {"bytes", Blob{std::byte{0}, std::byte{255}, std::byte{16}}},
          {"absent", AnyValue()}};
}

inline Resource resource() {
  return {.attributes = {{"service.name", "checkout"}, {"host.name", "h1"}},
          .dropped_attributes_count = 3,
          .entity_refs = {{.schema_url = "https://e",
                           .type = "host",
                           .id_keys = {"host.name"},
                           .description_keys = {"os.type", "os.name"}}}};
}
inline Scope scope() {
  return {.name = "lib", .version = "1.2", .attributes = {{"s", 1}}, .dropped_attributes_count = 4};
}

inline Span full_span() {
  return {.trace_id = trace_id(),
          .span_id = span_id(),
          .trace_state = "k=v",
          .parent_span_id = span_id(0x10),
          .flags = 0x301,
          .name = "GET /cart",
          .kind = SpanKind::server,
          .start_time = k_time,
          .end_time = k_time + 1000,
          .attributes = all_values(),
          .dropped_attributes_count = 1,
          .events = {{.time = k_time + 5,
                      .name = "retry",
                      .attributes = {{"n", 1}},
                      .dropped_attributes_count = 2},
                     {.time = k_time + 6, .name = "done"}},
          .dropped_events_count = 5,
          .links = {{.trace_id = trace_id(50),
                     .span_id = span_id(60),
                     .trace_state = "l=1",
                     .attributes = {{"link", "yes"}},
                     .dropped_attributes_count = 6,
                     .flags = 0x100}},
          .dropped_links_count = 7,
          .status = StatusCode::error,
          .status_message = "boom"};
}

inline TraceRequest traces() {
  TraceRequest request;
  request.resources.push_back(
      {.resource = resource(),
       .scopes = {{.scope = scope(),
                   .items = {full_span(), Span{.name = "bare"}},
                   .schema_url = "https://s"},
                  {.scope = {}, .items = {Span{.span_id = span_id(1), .name = "no scope"}}}},
       .schema_url = "https://r"});
  request.resources.push_back(
      {.resource = {}, .scopes = {{.scope = {}, .items = {Span{.name = "no resource"}}}}});
  return request;
}

inline Exemplar exemplar(Number value) {
  return {.filtered_attributes = {{"f", "x"}},
          .time = k_time + 9,
          .value = value,
          .span_id = span_id(),
          .trace_id = trace_id()};
}

inline MetricsRequest metrics() {
  const Attributes own = {{"k", "v"}};
  Metric gauge{.name = "g",
               .description = "a gauge",
               .unit = "1",
               .data = Gauge{{{.attributes = own,
                               .start_time = k_time,
                               .time = k_time + 1,
                               .value = 1.5,
                               .exemplars = {exemplar(2.5), exemplar(std::int64_t{-3})},
                               .flags = 1},
                              {.time = k_time, .value = std::int64_t{-7}},
                              {.time = k_time}}},
               .metadata = {{"m", "d"}}};
  Metric sum{.name = "s",
             .unit = "By",
             .data = Sum{{{.time = k_time, .value = 0.0}}, Temporality::delta, true}};
  Metric falling{.name = "s2",
                 .data = Sum{{{.value = std::int64_t{0}}}, Temporality::cumulative, false}};
  Metric histogram{.name = "h",
                   .data = Histogram{{{.attributes = own,
                                       .start_time = k_time,
                                       .time = k_time + 1,
                                       .count = 6,
                                       .sum = 12.5,
                                       .bucket_counts = {1, 2, 3},
                                       .explicit_bounds = {0.5, 10},
                                       .exemplars = {exemplar(1.0)},
                                       .flags = 1,
                                       .min = 0.0,
                                       .max = 9.5},
                                      {.count = 0}},
                                     Temporality::cumulative}};
  Metric exponential{
      .name = "e",
      .data = ExpHistogram{{{.attributes = own,
                             .start_time = k_time,
                             .time = k_time + 1,
                             .count = 10,
                             .sum = -1.0,
                             .scale = -3,
                             .zero_count = 2,
                             .positive = ExpBuckets{.offset = -5, .bucket_counts = {1, 0, 300}},
                             .negative = ExpBuckets{.offset = 2, .bucket_counts = {5}},
                             .flags = 1,
                             .exemplars = {exemplar(std::int64_t{8})},
                             .min = -2.0,
                             .max = 3.0,
                             .zero_threshold = 0.001}},
                           Temporality::delta}};
  Metric summary{.name = "y",
                 .data = Summary{{{.attributes = own,
                                   .start_time = k_time,
                                   .time = k_time + 1,
                                   .count = 4,
                                   .sum = 8.5,
                                   .quantiles = {{0.5, 1.0}, {0.99, 7.0}, {0.0, 0.0}},
                                   .flags = 1}}}};
  Metric empty{.name = "empty", .data = Gauge{}};
  MetricsRequest request;
  request.resources.push_back(
      {.resource = resource(),
       .scopes = {{.scope = scope(),
                   .items = {gauge, sum, falling, histogram, exponential, summary, empty},
                   .schema_url = "https://s"}},
       .schema_url = "https://r"});
  return request;
}

inline LogsRequest logs() {
  LogRecord full{.time = k_time,
                 .observed_time = k_time + 2,
                 .severity_number = 17,
                 .severity_text = "ERROR",
                 .body = AnyValue(AnyValue::Map{{"msg", "payment refused"}, {"code", 402}}),
                 .attributes = all_values(),
                 .dropped_attributes_count = 2,
                 .flags = 1,
                 .trace_id = trace_id(),
                 .span_id = span_id(),
                 .event_name = "order.failed"};
  LogsRequest request;
  request.resources.push_back({.resource = resource(),
                               .scopes = {{.scope = scope(),
                                           .items = {full, LogRecord{.body = AnyValue("plain")},
                                                     LogRecord{.body = AnyValue()}, LogRecord{}},
                                           .schema_url = "https://s"}},
                               .schema_url = "https://r"});
  return request;
}

}  // namespace samples
