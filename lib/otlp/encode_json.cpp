// SPDX-License-Identifier: Apache-2.0
// Export requests as OTLP/JSON: proto3's JSON mapping with the exceptions of the OTLP
// specification.
//
// Ids are lower-case hex instead of base64, enums are integers, names are lowerCamelCase, 64-bit
// integers are strings. Written by hand, because the places of ids and times are recorded for
// patching.
#include <algorithm>

#include "lib/otlp/encode.hpp"
#include "lib/otlp/json_writer.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

class JsonEncoder : JsonWriter {
 public:
  JsonEncoder(Encoded& result, const EncodeOptions& options)
      : JsonWriter(result.bytes), result_(result), options_(options) {}

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

  // Numbers of data points, which get the room that the options give the point.
  [[nodiscard]] std::uint64_t room() const {
    return result_.items < options_.room.size() ? options_.room[result_.items] : 0;
  }
  char* make_room(std::size_t width, Field field, std::uint32_t sub) {
    patch(field, out_.size(), width, sub);
    out_.resize(out_.size() + width);
    return out_.data() + out_.size() - width;
  }
  template <class Whole>
  void point_integer(Whole value, Field field, std::uint32_t sub = 0) {
    if (value <= 0 || room() == 0) {
      quoted_number(value);
      return;
    }
    const auto start = static_cast<std::uint64_t>(value);
    const std::size_t width = fmt::formatted_size("\"{}\"", start * room());
    put_json_integer(make_room(width, field, sub), start, width);
  }
  void point_real(double value, Field field, std::uint32_t sub = 0) {
    if (!std::isfinite(value) || room() == 0) {
      real(value);
      return;
    }
    put_json_double(make_room(k_json_double_width, field, sub), value, k_json_double_width);
  }
  void count(const char* key, std::uint64_t value, Field field) {
    if (value != 0) {
      name(key);
      point_integer(value, field);
    }
  }
  void point_real(const char* key, double value, Field field, std::uint32_t sub = 0) {
    name(key);
    point_real(value, field, sub);
  }
  void point_number(const Number& value, Field double_field, Field int_field,
                    std::uint32_t sub = 0) {
    if (const auto* real_value = std::get_if<double>(&value)) {
      point_real("asDouble", *real_value, double_field, sub);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      name("asInt");
      point_integer(*whole, int_field, sub);
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
        point_number(exemplar.value, Field::exemplar_double, Field::exemplar_int, index);
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

  void counts(const std::vector<std::uint64_t>& values, Field field, std::size_t first = 0) {
    if (values.empty()) {
      return;
    }
    name("bucketCounts");
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      separate();
      point_integer(values[i], field, static_cast<std::uint32_t>(first + i));
    }
    out_ += ']';
  }

  void point(const NumberPoint& point) {
    point_start(point);
    point_number(point.value, Field::as_double, Field::as_int);
    point_end(point);
  }

  void point(const HistogramPoint& point) {
    point_start(point);
    count("count", point.count, Field::count);
    if (point.sum) {
      point_real("sum", *point.sum, Field::sum);
    }
    counts(point.bucket_counts, Field::bucket_count);
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

  void buckets(const char* key, const std::optional<ExpBuckets>& buckets, std::size_t first = 0) {
    if (buckets) {
      object(key, [&] {
        number("offset", buckets->offset);
        counts(buckets->bucket_counts, Field::exp_bucket_count, first);
      });
    }
  }

  void point(const ExpHistogramPoint& point) {
    point_start(point);
    count("count", point.count, Field::count);
    if (point.sum) {
      point_real("sum", *point.sum, Field::sum);
    }
    number("scale", point.scale);
    count("zeroCount", point.zero_count, Field::zero_count);
    buckets("positive", point.positive);
    buckets("negative", point.negative, point.positive ? point.positive->bucket_counts.size() : 0);
    if (point.zero_threshold != 0) {
      real("zeroThreshold", point.zero_threshold);
    }
    point_end(point);
  }

  void point(const SummaryPoint& point) {
    point_start(point);
    count("count", point.count, Field::count);
    if (point.sum != 0) {
      point_real("sum", point.sum, Field::sum);
    }
    std::uint32_t index = 0;
    array("quantileValues", point.quantiles, [&](const Quantile& quantile) {
      if (quantile.quantile != 0) {
        real("quantile", quantile.quantile);
      }
      if (quantile.value != 0) {
        point_real("value", quantile.value, Field::quantile_value, index);
      }
      ++index;
    });
    point_end(point);
  }

  Encoded& result_;
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

}  // namespace obsctl::otlp
