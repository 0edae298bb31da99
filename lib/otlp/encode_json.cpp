// Export requests as OTLP/JSON: proto3's JSON mapping with the exceptions of the OTLP
// specification.
//
// Ids are lower-case hex instead of base64, enums are integers, names are lowerCamelCase, 64-bit
// integers are strings. Written by hand, because the places of ids and times are recorded for
// patching.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "lib/otlp/encode.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

class JsonEncoder {
 public:
  JsonEncoder(Encoded& result, const EncodeOptions& options)
      : result_(result), out_(result.bytes), options_(options) {}

  template <class Item>
  void request(const ExportRequest<Item>& request, const char* resources, const char* scopes,
               const char* items) {
    object([&] {
      array(resources, request.resources, [&](const ResourceItems<Item>& one) {
        if (one.resource) {
          object("resource", [&] { this->resource(*one.resource); });
        }
        array(scopes, one.scopes,
              [&](const ScopeItems<Item>& scope) { scope_items(scope, items); });
        text("schemaUrl", one.schema_url);
      });
    });
  }

 private:
  void separate() {
    const char last = out_.empty() ? '{' : out_.back();
    if (last != '{' && last != '[' && last != ':') {
      out_ += ',';
    }
  }
  void name(const char* name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  template <class Fill>
  void object(Fill&& fill) {
    separate();
    out_ += '{';
    fill();
    out_ += '}';
  }
  template <class Fill>
  void object(const char* key, Fill&& fill) {
    name(key);
    object(fill);
  }
  // A list of objects; left out when empty.
  template <class T, class Fill>
  void array(const char* key, const std::vector<T>& values, Fill&& fill) {
    if (values.empty()) {
      return;
    }
    name(key);
    out_ += '[';
    for (const auto& value : values) {
      object([&] { fill(value); });
    }
    out_ += ']';
  }

  void string(std::string_view value) {
    out_ += '"';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (byte < 0x20) {
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", byte);
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }
  void real(double value) {
    if (std::isfinite(value)) {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    } else {
      out_ += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    }
  }
  template <class Whole>
  void quoted_number(Whole value) {
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
  }

  void text(const char* key, const std::string& value) {
    if (!value.empty()) {
      name(key);
      string(value);
    }
  }
  template <class Whole>
  void number(const char* key, Whole value) {
    if (value != 0) {
      name(key);
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }
  template <class Whole>
  void long_number(const char* key, Whole value) {
    if (value != 0) {
      name(key);
      quoted_number(value);
    }
  }
  void real(const char* key, const std::optional<double>& value) {
    if (value) {
      name(key);
      real(*value);
    }
  }

  void patch(Field field, std::size_t offset, std::size_t length, std::uint32_t sub) {
    result_.patches.push_back({.offset = static_cast<std::uint32_t>(offset),
                               .length = static_cast<std::uint32_t>(length),
                               .item = result_.items,
                               .sub = sub,
                               .field = field});
  }
  void time(const char* key, UnixNano value, Field field, std::uint32_t sub = 0) {
    if (value == 0) {
      return;
    }
    name(key);
    fmt::format_to(std::back_inserter(out_), "\"{:019}\"", value);
    if (value < 10'000'000'000'000'000'000U) {
      patch(field, out_.size() - 1 - k_json_time_digits, k_json_time_digits, sub);
    }
  }
  template <class Id>
  void id(const char* key, const std::optional<Id>& value, Field field, std::uint32_t sub = 0) {
    if (!value) {
      return;
    }
    name(key);
    out_ += '"';
    const std::size_t offset = out_.size();
    out_.resize(offset + 2 * value->size());
    put_hex(out_.data() + offset, value->data(), value->size());
    patch(field, offset, 2 * value->size(), sub);
    out_ += '"';
  }
  void number(const Number& value) {
    if (const auto* real_value = std::get_if<double>(&value)) {
      name("asDouble");
      real(*real_value);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      name("asInt");
      quoted_number(*whole);
    }
  }

  // The members of an AnyValue object.
  void any_value(const AnyValue& any) {
    switch (any.value.index()) {
      case 1: name("stringValue"), string(std::get<1>(any.value)); break;
      case 2: name("boolValue"), out_ += std::get<2>(any.value) ? "true" : "false"; break;
      case 3: name("intValue"), quoted_number(std::get<3>(any.value)); break;
      case 4: name("doubleValue"), real(std::get<4>(any.value)); break;
      case 5:
        object("arrayValue", [&] {
          array("values", std::get<5>(any.value), [&](const AnyValue& value) { any_value(value); });
        });
        break;
      case 6: object("kvlistValue", [&] { attributes("values", std::get<6>(any.value)); }); break;
      case 7: {
        const auto& blob = std::get<7>(any.value);
        name("bytesValue");
        string(base64_encode(text_of(blob)));
        break;
      }
      default: break;
    }
  }

  void attributes(const char* key, const Attributes& attributes) {
    array(key, attributes, [&](const KeyValue& attribute) {
      text("key", attribute.key);
      object("value", [&] { any_value(attribute.value); });
    });
  }

  void item_attributes(const Attributes& attributes) {
    array("attributes", attributes, [&](const KeyValue& attribute) {
      text("key", attribute.key);
      object("value", [&] {
        const std::size_t start = out_.size() + std::string_view("\"stringValue\":\"").size();
        any_value(attribute.value);
        const auto marked = std::ranges::find(options_.patch_attributes, attribute.key);
        if (marked != options_.patch_attributes.end() && attribute.value.value.index() == 1) {
          patch(Field::attribute, start, out_.size() - 1 - start,
                static_cast<std::uint32_t>(marked - options_.patch_attributes.begin()));
        }
      });
    });
  }

  void strings(const char* key, const std::vector<std::string>& values) {
    if (values.empty()) {
      return;
    }
    name(key);
    out_ += '[';
    for (const auto& value : values) {
      separate();
      string(value);
    }
    out_ += ']';
  }

  void resource(const Resource& resource) {
    attributes("attributes", resource.attributes);
    number("droppedAttributesCount", resource.dropped_attributes_count);
    array("entityRefs", resource.entity_refs, [&](const EntityRef& entity) {
      text("schemaUrl", entity.schema_url);
      text("type", entity.type);
      strings("idKeys", entity.id_keys);
      strings("descriptionKeys", entity.description_keys);
    });
  }

  template <class Item>
  void scope_items(const ScopeItems<Item>& scope, const char* items) {
    if (scope.scope) {
      object("scope", [&] {
        text("name", scope.scope->name);
        text("version", scope.scope->version);
        attributes("attributes", scope.scope->attributes);
        number("droppedAttributesCount", scope.scope->dropped_attributes_count);
      });
    }
    array(items, scope.items, [&](const Item& item) { this->item(item); });
    text("schemaUrl", scope.schema_url);
  }

  void item(const Span& span) {
    id("traceId", span.trace_id, Field::trace_id);
    id("spanId", span.span_id, Field::span_id);
    text("traceState", span.trace_state);
    id("parentSpanId", span.parent_span_id, Field::parent_span_id);
    number("flags", span.flags);
    text("name", span.name);
    number("kind", static_cast<int>(span.kind));
    time("startTimeUnixNano", span.start_time, Field::start_time);
    time("endTimeUnixNano", span.end_time, Field::end_time);
    item_attributes(span.attributes);
    number("droppedAttributesCount", span.dropped_attributes_count);
    std::uint32_t index = 0;
    array("events", span.events, [&](const SpanEvent& event) {
      time("timeUnixNano", event.time, Field::event_time, index++);
      text("name", event.name);
      attributes("attributes", event.attributes);
      number("droppedAttributesCount", event.dropped_attributes_count);
    });
    number("droppedEventsCount", span.dropped_events_count);
    index = 0;
    array("links", span.links, [&](const SpanLink& link) {
      id("traceId", link.trace_id, Field::link_trace_id, index);
      id("spanId", link.span_id, Field::link_span_id, index++);
      text("traceState", link.trace_state);
      attributes("attributes", link.attributes);
      number("droppedAttributesCount", link.dropped_attributes_count);
      number("flags", link.flags);
    });
    number("droppedLinksCount", span.dropped_links_count);
    if (span.status != StatusCode::unset || !span.status_message.empty()) {
      object("status", [&] {
        text("message", span.status_message);
        number("code", static_cast<int>(span.status));
      });
    }
    ++result_.items;
  }

  void item(const LogRecord& record) {
    time("timeUnixNano", record.time, Field::time);
    time("observedTimeUnixNano", record.observed_time, Field::observed_time);
    number("severityNumber", record.severity_number);
    text("severityText", record.severity_text);
    if (record.body) {
      object("body", [&] { any_value(*record.body); });
    }
    item_attributes(record.attributes);
    number("droppedAttributesCount", record.dropped_attributes_count);
    number("flags", record.flags);
    id("traceId", record.trace_id, Field::trace_id);
    id("spanId", record.span_id, Field::span_id);
    text("eventName", record.event_name);
    ++result_.items;
  }

  template <class Data>
  void data(const char* key, const Data& data) {
    object(key, [&] {
      array("dataPoints", data.points, [&](const auto& one) {
        point(one);
        ++result_.items;
      });
      if constexpr (requires { data.temporality; }) {
        number("aggregationTemporality", static_cast<int>(data.temporality));
      }
      if constexpr (requires { data.monotonic; }) {
        if (data.monotonic) {
          name("isMonotonic");
          out_ += "true";
        }
      }
    });
  }

  void item(const Metric& metric) {
    text("name", metric.name);
    text("description", metric.description);
    text("unit", metric.unit);
    switch (metric.data.index()) {
      case 1: data("gauge", std::get<Gauge>(metric.data)); break;
      case 2: data("sum", std::get<Sum>(metric.data)); break;
      case 3: data("histogram", std::get<Histogram>(metric.data)); break;
      case 4: data("exponentialHistogram", std::get<ExpHistogram>(metric.data)); break;
      case 5: data("summary", std::get<Summary>(metric.data)); break;
      default: break;
    }
    attributes("metadata", metric.metadata);
  }

  template <class Point>
  void point_start(const Point& point) {
    item_attributes(point.attributes);
    time("startTimeUnixNano", point.start_time, Field::start_time);
    time("timeUnixNano", point.time, Field::time);
  }

  template <class Point>
  void point_end(const Point& point) {
    if constexpr (requires { point.exemplars; }) {
      std::uint32_t index = 0;
      array("exemplars", point.exemplars, [&](const Exemplar& exemplar) {
        attributes("filteredAttributes", exemplar.filtered_attributes);
        time("timeUnixNano", exemplar.time, Field::exemplar_time, index);
        number(exemplar.value);
        id("spanId", exemplar.span_id, Field::exemplar_span_id, index);
        id("traceId", exemplar.trace_id, Field::exemplar_trace_id, index++);
      });
    }
    number("flags", point.flags);
    if constexpr (requires { point.min; }) {
      real("min", point.min);
      real("max", point.max);
    }
  }

  void counts(const std::vector<std::uint64_t>& values) {
    if (values.empty()) {
      return;
    }
    name("bucketCounts");
    out_ += '[';
    for (const auto value : values) {
      separate();
      quoted_number(value);
    }
    out_ += ']';
  }

  void point(const NumberPoint& point) {
    point_start(point);
    number(point.value);
    point_end(point);
  }

  void point(const HistogramPoint& point) {
    point_start(point);
    long_number("count", point.count);
    real("sum", point.sum);
    counts(point.bucket_counts);
    if (!point.explicit_bounds.empty()) {
      name("explicitBounds");
      out_ += '[';
      for (const double bound : point.explicit_bounds) {
        separate();
        real(bound);
      }
      out_ += ']';
    }
    point_end(point);
  }

  void buckets(const char* key, const std::optional<ExpBuckets>& buckets) {
    if (buckets) {
      object(key, [&] {
        number("offset", buckets->offset);
        counts(buckets->bucket_counts);
      });
    }
  }

  void point(const ExpHistogramPoint& point) {
    point_start(point);
    long_number("count", point.count);
    real("sum", point.sum);
    number("scale", point.scale);
    long_number("zeroCount", point.zero_count);
    buckets("positive", point.positive);
    buckets("negative", point.negative);
    if (point.zero_threshold != 0) {
      real("zeroThreshold", point.zero_threshold);
    }
    point_end(point);
  }

  void point(const SummaryPoint& point) {
    point_start(point);
    long_number("count", point.count);
    if (point.sum != 0) {
      real("sum", point.sum);
    }
    array("quantileValues", point.quantiles, [&](const Quantile& quantile) {
      if (quantile.quantile != 0) {
        real("quantile", quantile.quantile);
      }
      if (quantile.value != 0) {
        real("value", quantile.value);
      }
    });
    point_end(point);
  }

  Encoded& result_;
  std::string& out_;
  const EncodeOptions& options_;
};

}  // namespace

Encoded encode_json(const TraceRequest& request, const EncodeOptions& options) {
  Encoded result;
  JsonEncoder(result, options).request(request, "resourceSpans", "scopeSpans", "spans");
  return result;
}
Encoded encode_json(const MetricsRequest& request, const EncodeOptions& options) {
  Encoded result;
  JsonEncoder(result, options).request(request, "resourceMetrics", "scopeMetrics", "metrics");
  return result;
}
Encoded encode_json(const LogsRequest& request, const EncodeOptions& options) {
  Encoded result;
  JsonEncoder(result, options).request(request, "resourceLogs", "scopeLogs", "logRecords");
  return result;
}

Encoded encode(const TraceRequest& request, Encoding encoding, const EncodeOptions& options) {
  return encoding == Encoding::json ? encode_json(request, options)
                                    : encode_protobuf(request, options);
}
Encoded encode(const MetricsRequest& request, Encoding encoding, const EncodeOptions& options) {
  return encoding == Encoding::json ? encode_json(request, options)
                                    : encode_protobuf(request, options);
}
Encoded encode(const LogsRequest& request, Encoding encoding, const EncodeOptions& options) {
  return encoding == Encoding::json ? encode_json(request, options)
                                    : encode_protobuf(request, options);
}

}  // namespace obsctl::otlp
