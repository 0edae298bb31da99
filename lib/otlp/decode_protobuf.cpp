// SPDX-License-Identifier: Apache-2.0
// Protobuf requests as values.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <protozero/pbf_reader.hpp>

#include "lib/otlp/decode_parts.hpp"

namespace obsctl::otlp {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Tag and wire type as one number for `case`.
constexpr std::uint32_t bytes(std::uint32_t tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t varint(std::uint32_t tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::varint);
}
constexpr std::uint32_t fixed64(std::uint32_t tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::fixed64);
}
constexpr std::uint32_t fixed32(std::uint32_t tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::fixed32);
}

class Decoder {
 public:
  template <class Item>
  ExportRequest<Item> request(pbf_reader r) {
    ExportRequest<Item> result;
    while (r.next()) {
      if (r.tag_and_type() == bytes(1)) {
        result.resources.push_back(resource_items<Item>(nested<ResourceItems<Item>>(r)));
      } else {
        r.skip();
      }
    }
    return result;
  }

 private:
  // What a value takes in memory is counted before it is made: two bytes on the wire may become
  // hundreds.
  void take(std::size_t bytes) {
    if (bytes > memory_) {
      throw DecodeLimit{};
    }
    memory_ -= bytes;
  }
  template <class Value>
  pbf_reader nested(pbf_reader& r) {
    take(sizeof(Value));
    return r.get_message();
  }
  std::string string(pbf_reader& r) {
    const auto view = r.get_view();
    take(view.size());
    return {view.data(), view.size()};
  }
  void append(std::vector<std::string>& into, pbf_reader& r) {
    take(sizeof(std::string));
    into.push_back(string(r));
  }
  template <class T, class Range>
  void append(std::vector<T>& into, const Range& range) {
    take(sizeof(T) * range.size());
    into.insert(into.end(), range.begin(), range.end());
  }

  template <class Item>
  ResourceItems<Item> resource_items(pbf_reader r) {
    ResourceItems<Item> result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.resource = resource(nested<Resource>(r)); break;
        case bytes(2):
          result.scopes.push_back(scope_items<Item>(nested<ScopeItems<Item>>(r)));
          break;
        case bytes(3): result.schema_url = string(r); break;
        default: r.skip();
      }
    }
    return result;
  }

  template <class Item>
  ScopeItems<Item> scope_items(pbf_reader r) {
    ScopeItems<Item> result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.scope = scope(nested<Scope>(r)); break;
        case bytes(2): read(nested<Item>(r), result.items.emplace_back()); break;
        case bytes(3): result.schema_url = string(r); break;
        default: r.skip();
      }
    }
    return result;
  }

  Resource resource(pbf_reader r) {
    Resource result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(2): result.dropped_attributes_count = r.get_uint32(); break;
        case bytes(3): result.entity_refs.push_back(entity(nested<EntityRef>(r))); break;
        default: r.skip();
      }
    }
    return result;
  }

  EntityRef entity(pbf_reader r) {
    EntityRef result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.schema_url = string(r); break;
        case bytes(2): result.type = string(r); break;
        case bytes(3): append(result.id_keys, r); break;
        case bytes(4): append(result.description_keys, r); break;
        default: r.skip();
      }
    }
    return result;
  }

  Scope scope(pbf_reader r) {
    Scope result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.name = string(r); break;
        case bytes(2): result.version = string(r); break;
        case bytes(3): result.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(4): result.dropped_attributes_count = r.get_uint32(); break;
        default: r.skip();
      }
    }
    return result;
  }

  KeyValue key_value(pbf_reader r) {
    KeyValue result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.key = string(r); break;
        case bytes(2): result.value = any_value(nested<AnyValue>(r)); break;
        default: r.skip();
      }
    }
    return result;
  }

  AnyValue any_value(pbf_reader r) {
    const DepthGuard guard(depth_, k_value_depth);
    AnyValue result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): result.value = string(r); break;
        case varint(2): result.value = r.get_bool(); break;
        case varint(3): result.value = r.get_int64(); break;
        case fixed64(4): result.value = r.get_double(); break;
        case bytes(5): result.value = array(nested<AnyValue::Array>(r)); break;
        case bytes(6): result.value = map(nested<AnyValue::Map>(r)); break;
        case bytes(7): {
          const auto view = r.get_view();
          take(view.size());
          const auto data = bytes_of({view.data(), view.size()});
          result.value = Blob(data.begin(), data.end());
          break;
        }
        default: r.skip();
      }
    }
    return result;
  }

  AnyValue::Array array(pbf_reader r) {
    AnyValue::Array result;
    while (r.next()) {
      if (r.tag_and_type() == bytes(1)) {
        result.push_back(any_value(nested<AnyValue>(r)));
      } else {
        r.skip();
      }
    }
    return result;
  }

  AnyValue::Map map(pbf_reader r) {
    AnyValue::Map result;
    while (r.next()) {
      if (r.tag_and_type() == bytes(1)) {
        result.push_back(key_value(nested<KeyValue>(r)));
      } else {
        r.skip();
      }
    }
    return result;
  }

  // An id of the wrong length is invalid by the specification and treated as not set.
  template <class Id>
  static void id(pbf_reader& r, std::optional<Id>& into) {
    const auto view = r.get_view();
    into.reset();
    if (view.size() == Id{}.size()) {
      std::memcpy(into.emplace().data(), view.data(), view.size());
    }
  }

  template <class Enum>
  static Enum enumerated(pbf_reader& r, int last) {
    const int value = r.get_enum();
    return value >= 0 && value <= last ? static_cast<Enum>(value) : Enum{};
  }

  void read(pbf_reader r, Span& span) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): id(r, span.trace_id); break;
        case bytes(2): id(r, span.span_id); break;
        case bytes(3): span.trace_state = string(r); break;
        case bytes(4): id(r, span.parent_span_id); break;
        case bytes(5): span.name = string(r); break;
        case varint(6): span.kind = enumerated<SpanKind>(r, 5); break;
        case fixed64(7): span.start_time = r.get_fixed64(); break;
        case fixed64(8): span.end_time = r.get_fixed64(); break;
        case bytes(9): span.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(10): span.dropped_attributes_count = r.get_uint32(); break;
        case bytes(11): span.events.push_back(event(nested<SpanEvent>(r))); break;
        case varint(12): span.dropped_events_count = r.get_uint32(); break;
        case bytes(13): span.links.push_back(link(nested<SpanLink>(r))); break;
        case varint(14): span.dropped_links_count = r.get_uint32(); break;
        case bytes(15): status(nested<StatusCode>(r), span); break;
        case fixed32(16): span.flags = r.get_fixed32(); break;
        default: r.skip();
      }
    }
  }

  void status(pbf_reader r, Span& span) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(2): span.status_message = string(r); break;
        case varint(3): span.status = enumerated<StatusCode>(r, 2); break;
        default: r.skip();
      }
    }
  }

  SpanEvent event(pbf_reader r) {
    SpanEvent result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(1): result.time = r.get_fixed64(); break;
        case bytes(2): result.name = string(r); break;
        case bytes(3): result.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(4): result.dropped_attributes_count = r.get_uint32(); break;
        default: r.skip();
      }
    }
    return result;
  }

  SpanLink link(pbf_reader r) {
    SpanLink result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): id(r, result.trace_id); break;
        case bytes(2): id(r, result.span_id); break;
        case bytes(3): result.trace_state = string(r); break;
        case bytes(4): result.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(5): result.dropped_attributes_count = r.get_uint32(); break;
        case fixed32(6): result.flags = r.get_fixed32(); break;
        default: r.skip();
      }
    }
    return result;
  }

  void read(pbf_reader r, LogRecord& record) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(1): record.time = r.get_fixed64(); break;
        case varint(2):
          record.severity_number = static_cast<std::uint32_t>(std::max(r.get_enum(), 0));
          break;
        case bytes(3): record.severity_text = string(r); break;
        case bytes(5): record.body = any_value(nested<AnyValue>(r)); break;
        case bytes(6): record.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(7): record.dropped_attributes_count = r.get_uint32(); break;
        case fixed32(8): record.flags = r.get_fixed32(); break;
        case bytes(9): id(r, record.trace_id); break;
        case bytes(10): id(r, record.span_id); break;
        case fixed64(11): record.observed_time = r.get_fixed64(); break;
        case bytes(12): record.event_name = string(r); break;
        default: r.skip();
      }
    }
  }

  void read(pbf_reader r, Metric& metric) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): metric.name = string(r); break;
        case bytes(2): metric.description = string(r); break;
        case bytes(3): metric.unit = string(r); break;
        case bytes(5): metric.data = data<Gauge>(nested<Gauge>(r)); break;
        case bytes(7): metric.data = data<Sum>(nested<Sum>(r)); break;
        case bytes(9): metric.data = data<Histogram>(nested<Histogram>(r)); break;
        case bytes(10): metric.data = data<ExpHistogram>(nested<ExpHistogram>(r)); break;
        case bytes(11): metric.data = data<Summary>(nested<Summary>(r)); break;
        case bytes(12): metric.metadata.push_back(key_value(nested<KeyValue>(r))); break;
        default: r.skip();
      }
    }
  }

  template <class Data>
  Data data(pbf_reader r) {
    Data result;
    if constexpr (requires { result.temporality; }) {
      result.temporality = Temporality::unspecified;
    }
    if constexpr (requires { result.monotonic; }) {
      result.monotonic = false;
    }
    while (r.next()) {
      if (r.tag_and_type() == bytes(1)) {
        read(nested<typename decltype(result.points)::value_type>(r), result.points.emplace_back());
        continue;
      }
      if constexpr (requires { result.temporality; }) {
        if (r.tag_and_type() == varint(2)) {
          result.temporality = enumerated<Temporality>(r, 2);
          continue;
        }
      }
      if constexpr (requires { result.monotonic; }) {
        if (r.tag_and_type() == varint(3)) {
          result.monotonic = r.get_bool();
          continue;
        }
      }
      r.skip();
    }
    return result;
  }

  static std::int64_t sfixed(pbf_reader& r) { return r.get_sfixed64(); }

  Exemplar exemplar(pbf_reader r) {
    Exemplar result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(2): result.time = r.get_fixed64(); break;
        case fixed64(3): result.value = r.get_double(); break;
        case bytes(4): id(r, result.span_id); break;
        case bytes(5): id(r, result.trace_id); break;
        case fixed64(6): result.value = sfixed(r); break;
        case bytes(7): result.filtered_attributes.push_back(key_value(nested<KeyValue>(r))); break;
        default: r.skip();
      }
    }
    return result;
  }

  void read(pbf_reader r, NumberPoint& point) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(2): point.start_time = r.get_fixed64(); break;
        case fixed64(3): point.time = r.get_fixed64(); break;
        case fixed64(4): point.value = r.get_double(); break;
        case bytes(5): point.exemplars.push_back(exemplar(nested<Exemplar>(r))); break;
        case fixed64(6): point.value = sfixed(r); break;
        case bytes(7): point.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(8): point.flags = r.get_uint32(); break;
        default: r.skip();
      }
    }
  }

  void read(pbf_reader r, HistogramPoint& point) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(2): point.start_time = r.get_fixed64(); break;
        case fixed64(3): point.time = r.get_fixed64(); break;
        case fixed64(4): point.count = r.get_fixed64(); break;
        case fixed64(5): point.sum = r.get_double(); break;
        case bytes(6): append(point.bucket_counts, r.get_packed_fixed64()); break;
        case fixed64(6): point.bucket_counts.push_back(r.get_fixed64()); break;
        case bytes(7): append(point.explicit_bounds, r.get_packed_double()); break;
        case fixed64(7): point.explicit_bounds.push_back(r.get_double()); break;
        case bytes(8): point.exemplars.push_back(exemplar(nested<Exemplar>(r))); break;
        case bytes(9): point.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(10): point.flags = r.get_uint32(); break;
        case fixed64(11): point.min = r.get_double(); break;
        case fixed64(12): point.max = r.get_double(); break;
        default: r.skip();
      }
    }
  }

  ExpBuckets buckets(pbf_reader r) {
    ExpBuckets result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case varint(1): result.offset = r.get_sint32(); break;
        case bytes(2): append(result.bucket_counts, r.get_packed_uint64()); break;
        case varint(2): result.bucket_counts.push_back(r.get_uint64()); break;
        default: r.skip();
      }
    }
    return result;
  }

  void read(pbf_reader r, ExpHistogramPoint& point) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case bytes(1): point.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case fixed64(2): point.start_time = r.get_fixed64(); break;
        case fixed64(3): point.time = r.get_fixed64(); break;
        case fixed64(4): point.count = r.get_fixed64(); break;
        case fixed64(5): point.sum = r.get_double(); break;
        case varint(6): point.scale = r.get_sint32(); break;
        case fixed64(7): point.zero_count = r.get_fixed64(); break;
        case bytes(8): point.positive = buckets(nested<ExpBuckets>(r)); break;
        case bytes(9): point.negative = buckets(nested<ExpBuckets>(r)); break;
        case varint(10): point.flags = r.get_uint32(); break;
        case bytes(11): point.exemplars.push_back(exemplar(nested<Exemplar>(r))); break;
        case fixed64(12): point.min = r.get_double(); break;
        case fixed64(13): point.max = r.get_double(); break;
        case fixed64(14): point.zero_threshold = r.get_double(); break;
        default: r.skip();
      }
    }
  }

  void read(pbf_reader r, SummaryPoint& point) {
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(2): point.start_time = r.get_fixed64(); break;
        case fixed64(3): point.time = r.get_fixed64(); break;
        case fixed64(4): point.count = r.get_fixed64(); break;
        case fixed64(5): point.sum = r.get_double(); break;
        case bytes(6): point.quantiles.push_back(quantile(nested<Quantile>(r))); break;
        case bytes(7): point.attributes.push_back(key_value(nested<KeyValue>(r))); break;
        case varint(8): point.flags = r.get_uint32(); break;
        default: r.skip();
      }
    }
  }

  static Quantile quantile(pbf_reader r) {
    Quantile result;
    while (r.next()) {
      switch (r.tag_and_type()) {
        case fixed64(1): result.quantile = r.get_double(); break;
        case fixed64(2): result.value = r.get_double(); break;
        default: r.skip();
      }
    }
    return result;
  }

  std::size_t memory_ = k_decode_memory;
  int depth_ = 0;
};

}  // namespace

Result<AnyRequest> decode_protobuf(Signal signal, ByteView body) try {
  const pbf_reader reader(reinterpret_cast<const char*>(body.data()), body.size());
  Decoder decoder;
  switch (signal) {
    case Signal::traces: return decoder.request<Span>(reader);
    case Signal::metrics: return decoder.request<Metric>(reader);
    case Signal::logs: break;
  }
  return decoder.request<LogRecord>(reader);
} catch (const DecodeLimit&) {
  return fail(Code::failed, "the request is too large or nested too deeply to be read");
} catch (const protozero::exception& error) {
  return fail(Code::failed, fmt::format("the request is not OTLP protobuf: {}", error.what()));
}

}  // namespace obsctl::otlp
