// SPDX-License-Identifier: Apache-2.0
// OTLP/JSON requests as values.
//
// Lenient where proto3's JSON mapping is: 64-bit integers as strings or numbers, enums as integers,
// unknown names skipped, null as absent. A value of the wrong type counts as absent, but a list
// that is none is an error: nothing of it could be counted.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "lib/otlp/decode_parts.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json k_null;
  if (!object.is_object()) {
    return k_null;
  }
  const auto found = object.find(key);
  return found != object.end() ? *found : k_null;
}

void read(const Json& value, std::string& into) {
  if (value.is_string()) {
    into = value.get_ref<const std::string&>();
  }
}

template <class Whole>
requires std::is_integral_v<Whole>
void read(const Json& value, Whole& into) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), into);
  } else if (value.is_number_unsigned()) {
    into = static_cast<Whole>(value.get<std::uint64_t>());
  } else if (value.is_number_integer()) {
    into = static_cast<Whole>(value.get<std::int64_t>());
  }
}
void read(const Json& value, bool& into) {
  if (value.is_boolean()) {
    into = value.get<bool>();
  }
}
void read(const Json& value, double& into) {
  if (value.is_number()) {
    into = value.get<double>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "NaN") {
      into = std::nan("");
    } else if (text == "Infinity" || text == "-Infinity") {
      into = text.front() == '-' ? -std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::infinity();
    } else {
      std::from_chars(text.data(), text.data() + text.size(), into);
    }
  }
}
void read(const Json& value, std::optional<double>& into) {
  if (!value.is_null()) {
    read(value, into.emplace());
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

template <class Id>
void read_id(const Json& value, std::optional<Id>& into) {
  into.reset();
  Id id{};
  if (!value.is_string() || value.get_ref<const std::string&>().size() != 2 * id.size()) {
    return;
  }
  const auto& text = value.get_ref<const std::string&>();
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return;
    }
    id[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  into = id;
}

template <class Enum>
Enum enumerated(const Json& value, int last) {
  int number = 0;
  read(value, number);
  return number >= 0 && number <= last ? static_cast<Enum>(number) : Enum{};
}

// Thrown and caught in this file.
struct WrongShape {
  const char* expected;
  const char* found;
};

class Decoder {
 public:
  template <class Item>
  ExportRequest<Item> request(const Json& json, const char* resources, const char* scopes,
                              const char* items) {
    ExportRequest<Item> result;
    each(member(json, resources), result.resources, [&](const Json& from, ResourceItems<Item>& to) {
      if (const Json& resource = member(from, "resource"); resource.is_object()) {
        read_resource(resource, to.resource.emplace());
      }
      each(member(from, scopes), to.scopes, [&](const Json& scope, ScopeItems<Item>& into) {
        if (const Json& head = member(scope, "scope"); head.is_object()) {
          read_scope(head, into.scope.emplace());
        }
        each(member(scope, items), into.items,
             [&](const Json& item, Item& one) { this->item(item, one); });
        read(member(scope, "schemaUrl"), into.schema_url);
      });
      read(member(from, "schemaUrl"), to.schema_url);
    });
    return result;
  }

 private:
  template <class T, class Fill>
  void each(const Json& list, std::vector<T>& into, Fill&& fill) {
    if (list.is_null()) {
      return;
    }
    if (!list.is_array()) {
      throw WrongShape{"a list", list.type_name()};
    }
    constexpr bool k_object = std::is_class_v<T> && !std::is_same_v<T, std::string>;
    for (const Json& one : list) {
      if (k_object && !one.is_object()) {
        throw WrongShape{"an object", one.type_name()};
      }
      if (budget_-- == 0) {
        throw DecodeLimit{};
      }
      fill(one, into.emplace_back());
    }
  }

  void any_value(const Json& json, AnyValue& into) {
    const DepthGuard guard(depth_);
    if (!json.is_object()) {
      return;
    }
    for (const auto& [key, value] : json.items()) {
      if (key == "stringValue") {
        read(value, into.value.emplace<std::string>());
      } else if (key == "boolValue") {
        read(value, into.value.emplace<bool>());
      } else if (key == "intValue") {
        read(value, into.value.emplace<std::int64_t>());
      } else if (key == "doubleValue") {
        read(value, into.value.emplace<double>());
      } else if (key == "arrayValue") {
        AnyValue::Array array;
        each(member(value, "values"), array,
             [&](const Json& from, AnyValue& to) { any_value(from, to); });
        into.value = std::move(array);
      } else if (key == "kvlistValue") {
        AnyValue::Map map;
        attributes(member(value, "values"), map);
        into.value = std::move(map);
      } else if (key == "bytesValue" && value.is_string()) {
        const auto raw = base64_decode(value.get_ref<const std::string&>()).value_or("");
        const auto view = bytes_of(raw);
        into.value = Blob(view.begin(), view.end());
      }
    }
  }

  void attributes(const Json& json, Attributes& into) {
    each(json, into, [&](const Json& from, KeyValue& to) {
      read(member(from, "key"), to.key);
      any_value(member(from, "value"), to.value);
    });
  }

  void strings(const Json& json, std::vector<std::string>& into) {
    each(json, into, [](const Json& from, std::string& to) { read(from, to); });
  }

  template <class Owner>
  void own_attributes(const Json& json, Owner& into) {
    attributes(member(json, "attributes"), into.attributes);
    read(member(json, "droppedAttributesCount"), into.dropped_attributes_count);
  }

  void read_resource(const Json& json, Resource& into) {
    own_attributes(json, into);
    each(member(json, "entityRefs"), into.entity_refs, [&](const Json& from, EntityRef& to) {
      read(member(from, "schemaUrl"), to.schema_url);
      read(member(from, "type"), to.type);
      strings(member(from, "idKeys"), to.id_keys);
      strings(member(from, "descriptionKeys"), to.description_keys);
    });
  }

  void read_scope(const Json& json, Scope& into) {
    read(member(json, "name"), into.name);
    read(member(json, "version"), into.version);
    own_attributes(json, into);
  }

  void item(const Json& json, Span& span) {
    read_id(member(json, "traceId"), span.trace_id);
    read_id(member(json, "spanId"), span.span_id);
    read(member(json, "traceState"), span.trace_state);
    read_id(member(json, "parentSpanId"), span.parent_span_id);
    read(member(json, "flags"), span.flags);
    read(member(json, "name"), span.name);
    span.kind = enumerated<SpanKind>(member(json, "kind"), 5);
    read(member(json, "startTimeUnixNano"), span.start_time);
    read(member(json, "endTimeUnixNano"), span.end_time);
    own_attributes(json, span);
    each(member(json, "events"), span.events, [&](const Json& from, SpanEvent& to) {
      read(member(from, "timeUnixNano"), to.time);
      read(member(from, "name"), to.name);
      own_attributes(from, to);
    });
    read(member(json, "droppedEventsCount"), span.dropped_events_count);
    each(member(json, "links"), span.links, [&](const Json& from, SpanLink& to) {
      read_id(member(from, "traceId"), to.trace_id);
      read_id(member(from, "spanId"), to.span_id);
      read(member(from, "traceState"), to.trace_state);
      own_attributes(from, to);
      read(member(from, "flags"), to.flags);
    });
    read(member(json, "droppedLinksCount"), span.dropped_links_count);
    const Json& status = member(json, "status");
    read(member(status, "message"), span.status_message);
    span.status = enumerated<StatusCode>(member(status, "code"), 2);
  }

  void item(const Json& json, LogRecord& record) {
    read(member(json, "timeUnixNano"), record.time);
    read(member(json, "observedTimeUnixNano"), record.observed_time);
    read(member(json, "severityNumber"), record.severity_number);
    read(member(json, "severityText"), record.severity_text);
    if (const Json& body = member(json, "body"); body.is_object()) {
      any_value(body, record.body.emplace());
    }
    own_attributes(json, record);
    read(member(json, "flags"), record.flags);
    read_id(member(json, "traceId"), record.trace_id);
    read_id(member(json, "spanId"), record.span_id);
    read(member(json, "eventName"), record.event_name);
  }

  template <class Data>
  bool data(const Json& json, const char* key, Metric& metric) {
    const Json& from = member(json, key);
    if (!from.is_object()) {
      return false;
    }
    auto& to = metric.data.emplace<Data>();
    if constexpr (requires { to.temporality; }) {
      to.temporality = enumerated<Temporality>(member(from, "aggregationTemporality"), 2);
    }
    if constexpr (requires { to.monotonic; }) {
      to.monotonic = false;
      read(member(from, "isMonotonic"), to.monotonic);
    }
    each(member(from, "dataPoints"), to.points,
         [&](const Json& one, auto& into) { point(one, into); });
    return true;
  }

  void item(const Json& json, Metric& metric) {
    read(member(json, "name"), metric.name);
    read(member(json, "description"), metric.description);
    read(member(json, "unit"), metric.unit);
    static_cast<void>(data<Gauge>(json, "gauge", metric) || data<Sum>(json, "sum", metric) ||
                      data<Histogram>(json, "histogram", metric) ||
                      data<ExpHistogram>(json, "exponentialHistogram", metric) ||
                      data<Summary>(json, "summary", metric));
    attributes(member(json, "metadata"), metric.metadata);
  }

  static void number(const Json& json, Number& into) {
    if (const Json& real = member(json, "asDouble"); !real.is_null()) {
      read(real, into.emplace<double>());
    } else if (const Json& whole = member(json, "asInt"); !whole.is_null()) {
      read(whole, into.emplace<std::int64_t>());
    }
  }

  template <class Point>
  void common(const Json& json, Point& point) {
    attributes(member(json, "attributes"), point.attributes);
    read(member(json, "startTimeUnixNano"), point.start_time);
    read(member(json, "timeUnixNano"), point.time);
    read(member(json, "flags"), point.flags);
    if constexpr (requires { point.count; }) {
      read(member(json, "count"), point.count);
      read(member(json, "sum"), point.sum);
    }
    if constexpr (requires { point.min; }) {
      read(member(json, "min"), point.min);
      read(member(json, "max"), point.max);
    }
    if constexpr (requires { point.exemplars; }) {
      each(member(json, "exemplars"), point.exemplars, [&](const Json& from, Exemplar& to) {
        attributes(member(from, "filteredAttributes"), to.filtered_attributes);
        read(member(from, "timeUnixNano"), to.time);
        number(from, to.value);
        read_id(member(from, "spanId"), to.span_id);
        read_id(member(from, "traceId"), to.trace_id);
      });
    }
  }

  void point(const Json& json, NumberPoint& point) {
    common(json, point);
    number(json, point.value);
  }

  void point(const Json& json, HistogramPoint& point) {
    common(json, point);
    each(member(json, "bucketCounts"), point.bucket_counts,
         [](const Json& from, std::uint64_t& to) { read(from, to); });
    each(member(json, "explicitBounds"), point.explicit_bounds,
         [](const Json& from, double& to) { read(from, to); });
  }

  void buckets(const Json& json, std::optional<ExpBuckets>& into) {
    if (json.is_object()) {
      read(member(json, "offset"), into.emplace().offset);
      each(member(json, "bucketCounts"), into->bucket_counts,
           [](const Json& from, std::uint64_t& to) { read(from, to); });
    }
  }

  void point(const Json& json, ExpHistogramPoint& point) {
    common(json, point);
    read(member(json, "scale"), point.scale);
    read(member(json, "zeroCount"), point.zero_count);
    read(member(json, "zeroThreshold"), point.zero_threshold);
    buckets(member(json, "positive"), point.positive);
    buckets(member(json, "negative"), point.negative);
  }

  void point(const Json& json, SummaryPoint& point) {
    common(json, point);
    each(member(json, "quantileValues"), point.quantiles, [](const Json& from, Quantile& to) {
      read(member(from, "quantile"), to.quantile);
      read(member(from, "value"), to.value);
    });
  }

  std::size_t budget_ = k_decode_budget;
  int depth_ = 0;
};

}  // namespace

Result<AnyRequest> decode_json(Signal signal, ByteView body) try {
  const Json json = Json::parse(text_of(body), nullptr, false);
  if (!json.is_object()) {
    return fail(Code::failed, "the request is not a JSON object");
  }
  Decoder decoder;
  switch (signal) {
    case Signal::traces: return decoder.request<Span>(json, "resourceSpans", "scopeSpans", "spans");
    case Signal::metrics:
      return decoder.request<Metric>(json, "resourceMetrics", "scopeMetrics", "metrics");
    case Signal::logs: break;
  }
  return decoder.request<LogRecord>(json, "resourceLogs", "scopeLogs", "logRecords");
} catch (const WrongShape& wrong) {
  return fail(Code::failed, fmt::format("the request is not OTLP/JSON: {} expected, {} found",
                                        wrong.expected, wrong.found));
} catch (const DecodeLimit&) {
  return fail(Code::failed, "the request has too many parts or is nested too deeply to be read");
}

Result<AnyRequest> decode(Signal signal, Encoding encoding, ByteView body) {
  return encoding == Encoding::json ? decode_json(signal, body) : decode_protobuf(signal, body);
}

std::uint64_t count_items(const AnyRequest& request) {
  std::uint64_t count = 0;
  const auto count_in = [&](const auto& items) {
    for (const auto& item : items) {
      if constexpr (requires { item.data; }) {
        std::visit(
            [&](const auto& data) {
              if constexpr (requires { data.points; }) {
                count += data.points.size();
              }
            },
            item.data);
      } else {
        ++count;
      }
    }
  };
  std::visit(
      [&](const auto& any) {
        for (const auto& resource : any.resources) {
          for (const auto& scope : resource.scopes) {
            count_in(scope.items);
          }
        }
      },
      request);
  return count;
}

}  // namespace obsctl::otlp
