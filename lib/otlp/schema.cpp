// SPDX-License-Identifier: Apache-2.0
// The tables themselves, field by field after opentelemetry-proto 1.x.
#include "lib/otlp/schema.hpp"

#include <initializer_list>

namespace obsctl::otlp::schema {
namespace {

using enum Kind;

constexpr std::string_view k_span_kinds[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                             "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                             "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
constexpr std::string_view k_status_codes[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                               "STATUS_CODE_ERROR"};
constexpr std::string_view k_temporalities[] = {"AGGREGATION_TEMPORALITY_UNSPECIFIED",
                                                "AGGREGATION_TEMPORALITY_DELTA",
                                                "AGGREGATION_TEMPORALITY_CUMULATIVE"};
constexpr std::string_view k_severities[] = {
    "SEVERITY_NUMBER_UNSPECIFIED", "SEVERITY_NUMBER_TRACE",  "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",      "SEVERITY_NUMBER_TRACE4", "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",      "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",        "SEVERITY_NUMBER_INFO2",  "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",       "SEVERITY_NUMBER_WARN",   "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",       "SEVERITY_NUMBER_WARN4",  "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",      "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",       "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4"};

constexpr Field one(std::uint8_t tag, Kind kind, std::string_view name) {
  return {.tag = tag, .kind = kind, .name = name};
}
constexpr Field required(std::uint8_t tag, Kind kind, std::string_view name) {
  return {.tag = tag, .kind = kind, .name = name, .required = true};
}
constexpr Field many(std::uint8_t tag, Kind kind, std::string_view name) {
  return {.tag = tag, .kind = kind, .name = name, .repeated = true};
}
constexpr Field nested(std::uint8_t tag, std::string_view name, const Message& message) {
  return {.tag = tag, .kind = Kind::message, .name = name, .message = &message};
}
constexpr Field list(std::uint8_t tag, std::string_view name, const Message& message) {
  return {.tag = tag, .kind = Kind::message, .name = name, .repeated = true, .message = &message};
}
constexpr Field choice(std::uint8_t tag, std::string_view name, Names names) {
  return {.tag = tag, .kind = enumeration, .name = name, .names = names};
}
constexpr Field temporality(std::uint8_t tag) {
  return {.tag = tag,
          .kind = enumeration,
          .name = "aggregationTemporality",
          .required = true,
          .names = k_temporalities};
}
constexpr std::uint32_t bits(std::initializer_list<unsigned> tags) {
  std::uint32_t out = 0;
  for (const unsigned tag : tags) {
    out |= 1U << tag;
  }
  return out;
}

// A value holds lists and maps of values.
extern const Message k_any_value;
extern const Message k_key_value;

constexpr Field k_array_fields[] = {list(1, "values", k_any_value)};
constexpr Message k_array{k_array_fields};
constexpr Field k_map_fields[] = {list(1, "values", k_key_value)};
constexpr Message k_map{k_map_fields};
constexpr Field k_any_value_fields[] = {
    one(1, string, "stringValue"),    one(2, boolean, "boolValue"),
    one(3, int64, "intValue"),        one(4, real, "doubleValue"),
    nested(5, "arrayValue", k_array), nested(6, "kvlistValue", k_map),
    one(7, Kind::bytes, "bytesValue")};
constexpr Message k_any_value{k_any_value_fields, false, bits({1, 2, 3, 4, 5, 6, 7})};
constexpr Field k_key_value_fields[] = {required(1, string, "key"),
                                        nested(2, "value", k_any_value)};
constexpr Message k_key_value{k_key_value_fields};

constexpr Field k_entity_ref_fields[] = {one(1, string, "schemaUrl"), one(2, string, "type"),
                                         many(3, string, "idKeys"),
                                         many(4, string, "descriptionKeys")};
constexpr Message k_entity_ref{k_entity_ref_fields};
constexpr Field k_resource_fields[] = {list(1, "attributes", k_key_value),
                                       one(2, uint32, "droppedAttributesCount"),
                                       list(3, "entityRefs", k_entity_ref)};
constexpr Message k_resource{k_resource_fields};
constexpr Field k_scope_fields[] = {one(1, string, "name"), one(2, string, "version"),
                                    list(3, "attributes", k_key_value),
                                    one(4, uint32, "droppedAttributesCount")};
constexpr Message k_scope{k_scope_fields};

constexpr Field k_event_fields[] = {required(1, time, "timeUnixNano"), required(2, string, "name"),
                                    list(3, "attributes", k_key_value),
                                    one(4, uint32, "droppedAttributesCount")};
constexpr Message k_event{k_event_fields};
constexpr Field k_link_fields[] = {required(1, trace_id, "traceId"),
                                   required(2, span_id, "spanId"),
                                   one(3, string, "traceState"),
                                   list(4, "attributes", k_key_value),
                                   one(5, uint32, "droppedAttributesCount"),
                                   one(6, fixed32, "flags")};
constexpr Message k_link{k_link_fields};
constexpr Field k_status_fields[] = {one(2, string, "message"), choice(3, "code", k_status_codes)};
constexpr Message k_status{k_status_fields};
constexpr Field k_span_fields[] = {required(1, trace_id, "traceId"),
                                   required(2, span_id, "spanId"),
                                   one(3, string, "traceState"),
                                   one(4, span_id, "parentSpanId"),
                                   one(16, fixed32, "flags"),
                                   required(5, string, "name"),
                                   choice(6, "kind", k_span_kinds),
                                   required(7, start_time, "startTimeUnixNano"),
                                   required(8, end_time, "endTimeUnixNano"),
                                   list(9, "attributes", k_key_value),
                                   one(10, uint32, "droppedAttributesCount"),
                                   list(11, "events", k_event),
                                   one(12, uint32, "droppedEventsCount"),
                                   list(13, "links", k_link),
                                   one(14, uint32, "droppedLinksCount"),
                                   nested(15, "status", k_status)};
constexpr Message k_span{k_span_fields, true};

constexpr Field k_log_record_fields[] = {one(1, time, "timeUnixNano"),
                                         one(11, time, "observedTimeUnixNano"),
                                         choice(2, "severityNumber", k_severities),
                                         one(3, string, "severityText"),
                                         nested(5, "body", k_any_value),
                                         list(6, "attributes", k_key_value),
                                         one(7, uint32, "droppedAttributesCount"),
                                         one(8, fixed32, "flags"),
                                         one(9, trace_id, "traceId"),
                                         one(10, span_id, "spanId"),
                                         one(12, string, "eventName")};
constexpr Message k_log_record{k_log_record_fields, true};

constexpr Field k_exemplar_fields[] = {list(7, "filteredAttributes", k_key_value),
                                       required(2, time, "timeUnixNano"),
                                       one(3, real, "asDouble"),
                                       one(6, sfixed64, "asInt"),
                                       one(4, span_id, "spanId"),
                                       one(5, trace_id, "traceId")};
constexpr Message k_exemplar{k_exemplar_fields, false, bits({3, 6})};
constexpr Field k_number_point_fields[] = {list(7, "attributes", k_key_value),
                                           one(2, start_time, "startTimeUnixNano"),
                                           required(3, end_time, "timeUnixNano"),
                                           one(4, real, "asDouble"),
                                           one(6, sfixed64, "asInt"),
                                           list(5, "exemplars", k_exemplar),
                                           one(8, uint32, "flags")};
constexpr Message k_number_point{k_number_point_fields, true, bits({4, 6})};
constexpr Field k_histogram_point_fields[] = {list(9, "attributes", k_key_value),
                                              one(2, start_time, "startTimeUnixNano"),
                                              required(3, end_time, "timeUnixNano"),
                                              one(4, fixed64, "count"),
                                              one(5, real, "sum"),
                                              many(6, fixed64, "bucketCounts"),
                                              many(7, real, "explicitBounds"),
                                              list(8, "exemplars", k_exemplar),
                                              one(10, uint32, "flags"),
                                              one(11, real, "min"),
                                              one(12, real, "max")};
constexpr Message k_histogram_point{k_histogram_point_fields, true};
constexpr Field k_exp_buckets_fields[] = {one(1, sint32, "offset"),
                                          many(2, uint64, "bucketCounts")};
constexpr Message k_exp_buckets{k_exp_buckets_fields};
constexpr Field k_exp_histogram_point_fields[] = {list(1, "attributes", k_key_value),
                                                  one(2, start_time, "startTimeUnixNano"),
                                                  required(3, end_time, "timeUnixNano"),
                                                  one(4, fixed64, "count"),
                                                  one(5, real, "sum"),
                                                  one(6, sint32, "scale"),
                                                  one(7, fixed64, "zeroCount"),
                                                  nested(8, "positive", k_exp_buckets),
                                                  nested(9, "negative", k_exp_buckets),
                                                  one(14, real, "zeroThreshold"),
                                                  list(11, "exemplars", k_exemplar),
                                                  one(10, uint32, "flags"),
                                                  one(12, real, "min"),
                                                  one(13, real, "max")};
constexpr Message k_exp_histogram_point{k_exp_histogram_point_fields, true};
constexpr Field k_quantile_fields[] = {one(1, real, "quantile"), one(2, real, "value")};
constexpr Message k_quantile{k_quantile_fields};
constexpr Field k_summary_point_fields[] = {list(7, "attributes", k_key_value),
                                            one(2, start_time, "startTimeUnixNano"),
                                            required(3, end_time, "timeUnixNano"),
                                            one(4, fixed64, "count"),
                                            one(5, real, "sum"),
                                            list(6, "quantileValues", k_quantile),
                                            one(8, uint32, "flags")};
constexpr Message k_summary_point{k_summary_point_fields, true};

constexpr Field k_gauge_fields[] = {list(1, "dataPoints", k_number_point)};
constexpr Message k_gauge{k_gauge_fields};
constexpr Field k_sum_fields[] = {list(1, "dataPoints", k_number_point), temporality(2),
                                  one(3, boolean, "isMonotonic")};
constexpr Message k_sum{k_sum_fields};
constexpr Field k_histogram_fields[] = {list(1, "dataPoints", k_histogram_point), temporality(2)};
constexpr Message k_histogram{k_histogram_fields};
constexpr Field k_exp_histogram_fields[] = {list(1, "dataPoints", k_exp_histogram_point),
                                            temporality(2)};
constexpr Message k_exp_histogram{k_exp_histogram_fields};
constexpr Field k_summary_fields[] = {list(1, "dataPoints", k_summary_point)};
constexpr Message k_summary{k_summary_fields};
constexpr Field k_metric_fields[] = {required(1, string, "name"),
                                     one(2, string, "description"),
                                     one(3, string, "unit"),
                                     nested(5, "gauge", k_gauge),
                                     nested(7, "sum", k_sum),
                                     nested(9, "histogram", k_histogram),
                                     nested(10, "exponentialHistogram", k_exp_histogram),
                                     nested(11, "summary", k_summary),
                                     list(12, "metadata", k_key_value)};
constexpr Message k_metric{k_metric_fields, false, bits({5, 7, 9, 10, 11})};

constexpr Field k_scope_spans_fields[] = {nested(1, "scope", k_scope), list(2, "spans", k_span),
                                          one(3, string, "schemaUrl")};
constexpr Message k_scope_spans{k_scope_spans_fields};
constexpr Field k_scope_metrics_fields[] = {
    nested(1, "scope", k_scope), list(2, "metrics", k_metric), one(3, string, "schemaUrl")};
constexpr Message k_scope_metrics{k_scope_metrics_fields};
constexpr Field k_scope_logs_fields[] = {
    nested(1, "scope", k_scope), list(2, "logRecords", k_log_record), one(3, string, "schemaUrl")};
constexpr Message k_scope_logs{k_scope_logs_fields};
constexpr Field k_resource_spans_fields[] = {nested(1, "resource", k_resource),
                                             list(2, "scopeSpans", k_scope_spans),
                                             one(3, string, "schemaUrl")};
constexpr Message k_resource_spans{k_resource_spans_fields};
constexpr Field k_resource_metrics_fields[] = {nested(1, "resource", k_resource),
                                               list(2, "scopeMetrics", k_scope_metrics),
                                               one(3, string, "schemaUrl")};
constexpr Message k_resource_metrics{k_resource_metrics_fields};
constexpr Field k_resource_logs_fields[] = {nested(1, "resource", k_resource),
                                            list(2, "scopeLogs", k_scope_logs),
                                            one(3, string, "schemaUrl")};
constexpr Message k_resource_logs{k_resource_logs_fields};

constexpr Field k_traces_fields[] = {list(1, "resourceSpans", k_resource_spans)};
constexpr Message k_traces{k_traces_fields};
constexpr Field k_metrics_fields[] = {list(1, "resourceMetrics", k_resource_metrics)};
constexpr Message k_metrics{k_metrics_fields};
constexpr Field k_logs_fields[] = {list(1, "resourceLogs", k_resource_logs)};
constexpr Message k_logs{k_logs_fields};

}  // namespace

const Message& request(Signal signal) {
  switch (signal) {
    case Signal::traces: return k_traces;
    case Signal::metrics: return k_metrics;
    case Signal::logs: break;
  }
  return k_logs;
}

}  // namespace obsctl::otlp::schema
