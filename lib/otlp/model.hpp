// SPDX-License-Identifier: Apache-2.0
// The messages of OTLP as plain values: what a generator fills in and what a receiver reads.
//
// Field by field after opentelemetry-proto 1.x (trace, metrics, logs, common, resource). A default
// value means "not set" wherever proto3 leaves it out of the bytes. The two *_strindex fields of
// common.proto exist for profiles only and are left out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

using Blob = std::vector<std::byte>;
struct KeyValue;

struct AnyValue {
  using Array = std::vector<AnyValue>;
  using Map = std::vector<KeyValue>;
  std::variant<std::monostate, std::string, bool, std::int64_t, double, Array, Map, Blob> value;

  // Defined below, where KeyValue is complete.
  AnyValue();
  AnyValue(std::string text);     // NOLINT: a value is a value, here and below
  AnyValue(const char* text);     // NOLINT
  AnyValue(bool flag);            // NOLINT
  AnyValue(std::int64_t number);  // NOLINT
  AnyValue(int number);           // NOLINT
  AnyValue(double number);        // NOLINT
  AnyValue(Array array);          // NOLINT
  AnyValue(Map map);              // NOLINT
  AnyValue(Blob blob);            // NOLINT
  AnyValue(const AnyValue& other);
  AnyValue(AnyValue&& other) noexcept;
  AnyValue& operator=(const AnyValue& other);
  AnyValue& operator=(AnyValue&& other) noexcept;
  ~AnyValue();
  bool operator==(const AnyValue& other) const;
};

struct KeyValue {
  std::string key;
  AnyValue value;
  bool operator==(const KeyValue&) const = default;
};

inline AnyValue::AnyValue() = default;
inline AnyValue::AnyValue(std::string text) : value(std::move(text)) {}
inline AnyValue::AnyValue(const char* text) : value(std::string(text)) {}
inline AnyValue::AnyValue(bool flag) : value(flag) {}
inline AnyValue::AnyValue(std::int64_t number) : value(number) {}
inline AnyValue::AnyValue(int number) : value(std::int64_t{number}) {}
inline AnyValue::AnyValue(double number) : value(number) {}
inline AnyValue::AnyValue(Array array) : value(std::move(array)) {}
inline AnyValue::AnyValue(Map map) : value(std::move(map)) {}
inline AnyValue::AnyValue(Blob blob) : value(std::move(blob)) {}
inline AnyValue::AnyValue(const AnyValue& other) = default;
inline AnyValue::AnyValue(AnyValue&& other) noexcept = default;
inline AnyValue& AnyValue::operator=(const AnyValue& other) = default;
inline AnyValue& AnyValue::operator=(AnyValue&& other) noexcept = default;
inline AnyValue::~AnyValue() = default;

using Attributes = std::vector<KeyValue>;

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;
// Nanoseconds since 1970; 0: not set.
using UnixNano = std::uint64_t;

struct EntityRef {
  std::string schema_url;
  std::string type;
  std::vector<std::string> id_keys;
  std::vector<std::string> description_keys;
  bool operator==(const EntityRef&) const = default;
};

struct Resource {
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::vector<EntityRef> entity_refs = {};
  bool operator==(const Resource&) const = default;
};

struct Scope {
  std::string name;
  std::string version;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  bool operator==(const Scope&) const = default;
};

enum class SpanKind : std::uint8_t { unspecified, internal, server, client, producer, consumer };
enum class StatusCode : std::uint8_t { unset, ok, error };
enum class Temporality : std::uint8_t { unspecified, delta, cumulative };

struct SpanEvent {
  UnixNano time = 0;
  std::string name = {};
  Attributes attributes = {};
  std::uint32_t dropped_attributes_count = 0;
  bool operator==(const SpanEvent&) const = default;
};

struct SpanLink {
  std::optional<TraceId> trace_id = {};
  std::optional<SpanId> span_id = {};
  std::string trace_state = {};
  Attributes attributes = {};
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
  bool operator==(const SpanLink&) const = default;
};

struct Span {
  std::optional<TraceId> trace_id = {};
  std::optional<SpanId> span_id = {};
  std::string trace_state = {};
  std::optional<SpanId> parent_span_id = {};
  std::uint32_t flags = 0;
  std::string name = {};
  SpanKind kind = SpanKind::unspecified;
  UnixNano start_time = 0;
  UnixNano end_time = 0;
  Attributes attributes = {};
  std::uint32_t dropped_attributes_count = 0;
  std::vector<SpanEvent> events = {};
  std::uint32_t dropped_events_count = 0;
  std::vector<SpanLink> links = {};
  std::uint32_t dropped_links_count = 0;
  StatusCode status = StatusCode::unset;
  std::string status_message = {};
  bool operator==(const Span&) const = default;
};

// Either representation of a number; an exemplar or point without a value holds nothing.
using Number = std::variant<std::monostate, double, std::int64_t>;

struct Exemplar {
  Attributes filtered_attributes = {};
  UnixNano time = 0;
  Number value = {};
  std::optional<SpanId> span_id = {};
  std::optional<TraceId> trace_id = {};
  bool operator==(const Exemplar&) const = default;
};

struct NumberPoint {
  Attributes attributes = {};
  UnixNano start_time = 0;
  UnixNano time = 0;
  Number value = {};
  std::vector<Exemplar> exemplars = {};
  std::uint32_t flags = 0;
  bool operator==(const NumberPoint&) const = default;
};

struct HistogramPoint {
  Attributes attributes = {};
  UnixNano start_time = 0;
  UnixNano time = 0;
  std::uint64_t count = 0;
  std::optional<double> sum = {};
  std::vector<std::uint64_t> bucket_counts = {};
  std::vector<double> explicit_bounds = {};
  std::vector<Exemplar> exemplars = {};
  std::uint32_t flags = 0;
  std::optional<double> min = {};
  std::optional<double> max = {};
  bool operator==(const HistogramPoint&) const = default;
};

struct ExpBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> bucket_counts = {};
  bool operator==(const ExpBuckets&) const = default;
};

struct ExpHistogramPoint {
  Attributes attributes = {};
  UnixNano start_time = 0;
  UnixNano time = 0;
  std::uint64_t count = 0;
  std::optional<double> sum = {};
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  std::optional<ExpBuckets> positive = {};
  std::optional<ExpBuckets> negative = {};
  std::uint32_t flags = 0;
  std::vector<Exemplar> exemplars = {};
  std::optional<double> min = {};
  std::optional<double> max = {};
  double zero_threshold = 0;
  bool operator==(const ExpHistogramPoint&) const = default;
};

struct Quantile {
  double quantile = 0;
  double value = 0;
  bool operator==(const Quantile&) const = default;
};

struct SummaryPoint {
  Attributes attributes = {};
  UnixNano start_time = 0;
  UnixNano time = 0;
  std::uint64_t count = 0;
  double sum = 0;
  std::vector<Quantile> quantiles = {};
  std::uint32_t flags = 0;
  bool operator==(const SummaryPoint&) const = default;
};

struct Gauge {
  std::vector<NumberPoint> points;
  bool operator==(const Gauge&) const = default;
};
struct Sum {
  std::vector<NumberPoint> points;
  Temporality temporality = Temporality::cumulative;
  bool monotonic = true;
  bool operator==(const Sum&) const = default;
};
struct Histogram {
  std::vector<HistogramPoint> points;
  Temporality temporality = Temporality::cumulative;
  bool operator==(const Histogram&) const = default;
};
struct ExpHistogram {
  std::vector<ExpHistogramPoint> points;
  Temporality temporality = Temporality::cumulative;
  bool operator==(const ExpHistogram&) const = default;
};
struct Summary {
  std::vector<SummaryPoint> points;
  bool operator==(const Summary&) const = default;
};

struct Metric {
  std::string name;
  std::string description = {};
  std::string unit = {};
  std::variant<std::monostate, Gauge, Sum, Histogram, ExpHistogram, Summary> data = {};
  Attributes metadata = {};
  bool operator==(const Metric&) const = default;
};

struct LogRecord {
  UnixNano time = 0;
  UnixNano observed_time = 0;
  std::uint32_t severity_number = 0;  // 1 (TRACE) … 24 (FATAL4)
  std::string severity_text = {};
  std::optional<AnyValue> body = {};
  Attributes attributes = {};
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
  std::optional<TraceId> trace_id = {};
  std::optional<SpanId> span_id = {};
  std::string event_name = {};
  bool operator==(const LogRecord&) const = default;
};

// The items of one instrumentation scope.
template <class Item>
struct ScopeItems {
  std::optional<Scope> scope;  // no "= {}": GCC 12 crashes on it in a template
  std::vector<Item> items = {};
  std::string schema_url = {};
  bool operator==(const ScopeItems&) const = default;
};

// ResourceSpans, ResourceMetrics, ResourceLogs.
template <class Item>
struct ResourceItems {
  std::optional<Resource> resource;
  std::vector<ScopeItems<Item>> scopes = {};
  std::string schema_url = {};
  bool operator==(const ResourceItems&) const = default;
};

// Export{Trace,Metrics,Logs}ServiceRequest.
template <class Item>
struct ExportRequest {
  std::vector<ResourceItems<Item>> resources = {};
  bool operator==(const ExportRequest&) const = default;
};

using TraceRequest = ExportRequest<Span>;
using MetricsRequest = ExportRequest<Metric>;
using LogsRequest = ExportRequest<LogRecord>;
using AnyRequest =
    std::variant<TraceRequest, MetricsRequest, LogsRequest>;  // in the order of Signal

}  // namespace obsctl::otlp
