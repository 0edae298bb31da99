// SPDX-License-Identifier: Apache-2.0
// Export requests as protobuf, written with protozero, recording where the patchable fields end up.
#include <algorithm>
#include <protozero/pbf_writer.hpp>

#include "lib/otlp/encode.hpp"

namespace obsctl::otlp {
namespace {

using protozero::pbf_writer;

class ProtobufEncoder {
 public:
  ProtobufEncoder(Encoded& result, const EncodeOptions& options)
      : result_(result), out_(result.bytes), options_(options), root_(out_) {}

  template <class Item>
  void request(const ExportRequest<Item>& request) {
    for (const auto& resource : request.resources) {
      message(root_, 1, [&](pbf_writer& w) {
        if (resource.resource) {
          message(w, 1, [&](pbf_writer& r) { this->resource(r, *resource.resource); });
        }
        for (const auto& scope : resource.scopes) {
          message(w, 2, [&](pbf_writer& s) { scope_items(s, scope); });
        }
        text(w, 3, resource.schema_url);
      });
    }
  }

 private:
  // protozero reserves five bytes for the length of a nested message and closes the gap afterwards,
  // which moves everything inside: patches recorded meanwhile move with it. It drops an empty
  // message; we do not, because an empty value or gauge that was set is not the same as one that
  // was not.
  template <class Fill>
  void message(pbf_writer& parent, protozero::pbf_tag_type tag, Fill&& fill) {
    const std::size_t first_patch = result_.patches.size();
    const std::size_t before = out_.size();
    std::size_t end = 0;
    {
      pbf_writer nested(parent, tag);
      fill(nested);
      end = out_.size();
    }
    if (out_.size() == before) {
      parent.add_message(tag, "", 0);
      return;
    }
    const auto shift = static_cast<std::uint32_t>(end - out_.size());
    for (std::size_t i = first_patch; i < result_.patches.size(); ++i) {
      result_.patches[i].offset -= shift;
    }
  }

  // Records that the `size` bytes just written are a field's value.
  void patch(Field field, std::size_t size, std::uint32_t sub = 0) {
    result_.patches.push_back({.offset = static_cast<std::uint32_t>(out_.size() - size),
                               .length = static_cast<std::uint32_t>(size),
                               .item = result_.items,
                               .sub = sub,
                               .field = field});
  }

  static void text(pbf_writer& w, protozero::pbf_tag_type tag, const std::string& value) {
    if (!value.empty()) {
      w.add_string(tag, value);
    }
  }
  static void number(pbf_writer& w, protozero::pbf_tag_type tag, std::uint32_t value) {
    if (value != 0) {
      w.add_uint32(tag, value);
    }
  }
  void time(pbf_writer& w, protozero::pbf_tag_type tag, UnixNano value, Field field,
            std::uint32_t sub = 0) {
    if (value != 0) {
      w.add_fixed64(tag, value);
      patch(field, 8, sub);
    }
  }
  template <class Id>
  void id(pbf_writer& w, protozero::pbf_tag_type tag, const std::optional<Id>& value, Field field,
          std::uint32_t sub = 0) {
    if (value) {
      w.add_bytes(tag, reinterpret_cast<const char*>(value->data()), value->size());
      patch(field, value->size(), sub);
    }
  }
  void number(pbf_writer& w, protozero::pbf_tag_type double_tag, protozero::pbf_tag_type int_tag,
              const Number& value, Field double_field, Field int_field, std::uint32_t sub = 0) {
    if (const auto* real = std::get_if<double>(&value)) {
      w.add_double(double_tag, *real);
      patch(double_field, 8, sub);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      w.add_sfixed64(int_tag, *whole);
      patch(int_field, 8, sub);
    }
  }

  void any_value(pbf_writer& w, const AnyValue& any) {
    switch (any.value.index()) {
      case 1: w.add_string(1, std::get<1>(any.value)); break;
      case 2: w.add_bool(2, std::get<2>(any.value)); break;
      case 3: w.add_int64(3, std::get<3>(any.value)); break;
      case 4: w.add_double(4, std::get<4>(any.value)); break;
      case 5:
        message(w, 5, [&](pbf_writer& list) {
          for (const auto& value : std::get<5>(any.value)) {
            message(list, 1, [&](pbf_writer& v) { any_value(v, value); });
          }
        });
        break;
      case 6:
        message(w, 6, [&](pbf_writer& map) { attributes(map, 1, std::get<6>(any.value)); });
        break;
      case 7: {
        const auto& blob = std::get<7>(any.value);
        w.add_bytes(7, reinterpret_cast<const char*>(blob.data()), blob.size());
        break;
      }
      default: break;
    }
  }

  void attributes(pbf_writer& w, protozero::pbf_tag_type tag, const Attributes& attributes) {
    for (const auto& attribute : attributes) {
      message(w, tag, [&](pbf_writer& kv) {
        text(kv, 1, attribute.key);
        message(kv, 2, [&](pbf_writer& v) { any_value(v, attribute.value); });
      });
    }
  }

  // Attributes of an item itself, whose marked string values can be patched.
  void item_attributes(pbf_writer& w, protozero::pbf_tag_type tag, const Attributes& attributes) {
    for (const auto& attribute : attributes) {
      const auto marked = std::ranges::find(options_.patch_attributes, attribute.key);
      const auto* string = std::get_if<std::string>(&attribute.value.value);
      message(w, tag, [&](pbf_writer& kv) {
        text(kv, 1, attribute.key);
        message(kv, 2, [&](pbf_writer& v) {
          any_value(v, attribute.value);
          if (string != nullptr && marked != options_.patch_attributes.end()) {
            patch(Field::attribute, string->size(),
                  static_cast<std::uint32_t>(marked - options_.patch_attributes.begin()));
          }
        });
      });
    }
  }

  void resource(pbf_writer& w, const Resource& resource) {
    attributes(w, 1, resource.attributes);
    number(w, 2, resource.dropped_attributes_count);
    for (const auto& entity : resource.entity_refs) {
      message(w, 3, [&](pbf_writer& e) {
        text(e, 1, entity.schema_url);
        text(e, 2, entity.type);
        for (const auto& key : entity.id_keys) {
          e.add_string(3, key);
        }
        for (const auto& key : entity.description_keys) {
          e.add_string(4, key);
        }
      });
    }
  }

  template <class Item>
  void scope_items(pbf_writer& w, const ScopeItems<Item>& scope) {
    if (scope.scope) {
      message(w, 1, [&](pbf_writer& s) {
        text(s, 1, scope.scope->name);
        text(s, 2, scope.scope->version);
        attributes(s, 3, scope.scope->attributes);
        number(s, 4, scope.scope->dropped_attributes_count);
      });
    }
    for (const auto& item : scope.items) {
      message(w, 2, [&](pbf_writer& i) { this->item(i, item); });
    }
    text(w, 3, scope.schema_url);
  }

  void item(pbf_writer& w, const Span& span) {
    id(w, 1, span.trace_id, Field::trace_id);
    id(w, 2, span.span_id, Field::span_id);
    text(w, 3, span.trace_state);
    id(w, 4, span.parent_span_id, Field::parent_span_id);
    text(w, 5, span.name);
    if (span.kind != SpanKind::unspecified) {
      w.add_enum(6, static_cast<std::int32_t>(span.kind));
    }
    time(w, 7, span.start_time, Field::start_time);
    time(w, 8, span.end_time, Field::end_time);
    item_attributes(w, 9, span.attributes);
    number(w, 10, span.dropped_attributes_count);
    for (std::uint32_t i = 0; i < span.events.size(); ++i) {
      message(w, 11, [&](pbf_writer& e) { event(e, span.events[i], i); });
    }
    number(w, 12, span.dropped_events_count);
    for (std::uint32_t i = 0; i < span.links.size(); ++i) {
      message(w, 13, [&](pbf_writer& l) { link(l, span.links[i], i); });
    }
    number(w, 14, span.dropped_links_count);
    if (span.status != StatusCode::unset || !span.status_message.empty()) {
      message(w, 15, [&](pbf_writer& s) {
        text(s, 2, span.status_message);
        if (span.status != StatusCode::unset) {
          s.add_enum(3, static_cast<std::int32_t>(span.status));
        }
      });
    }
    if (span.flags != 0) {
      w.add_fixed32(16, span.flags);
    }
    ++result_.items;
  }

  void event(pbf_writer& w, const SpanEvent& event, std::uint32_t index) {
    time(w, 1, event.time, Field::event_time, index);
    text(w, 2, event.name);
    attributes(w, 3, event.attributes);
    number(w, 4, event.dropped_attributes_count);
  }

  void link(pbf_writer& w, const SpanLink& link, std::uint32_t index) {
    id(w, 1, link.trace_id, Field::link_trace_id, index);
    id(w, 2, link.span_id, Field::link_span_id, index);
    text(w, 3, link.trace_state);
    attributes(w, 4, link.attributes);
    number(w, 5, link.dropped_attributes_count);
    if (link.flags != 0) {
      w.add_fixed32(6, link.flags);
    }
  }

  void item(pbf_writer& w, const LogRecord& record) {
    time(w, 1, record.time, Field::time);
    if (record.severity_number != 0) {
      w.add_enum(2, static_cast<std::int32_t>(record.severity_number));
    }
    text(w, 3, record.severity_text);
    if (record.body) {
      message(w, 5, [&](pbf_writer& b) { any_value(b, *record.body); });
    }
    item_attributes(w, 6, record.attributes);
    number(w, 7, record.dropped_attributes_count);
    if (record.flags != 0) {
      w.add_fixed32(8, record.flags);
    }
    id(w, 9, record.trace_id, Field::trace_id);
    id(w, 10, record.span_id, Field::span_id);
    time(w, 11, record.observed_time, Field::observed_time);
    text(w, 12, record.event_name);
    ++result_.items;
  }

  void item(pbf_writer& w, const Metric& metric) {
    text(w, 1, metric.name);
    text(w, 2, metric.description);
    text(w, 3, metric.unit);
    switch (metric.data.index()) {
      case 1:
        message(w, 5, [&](pbf_writer& d) { points(d, std::get<Gauge>(metric.data).points); });
        break;
      case 2:
        message(w, 7, [&](pbf_writer& d) {
          const auto& sum = std::get<Sum>(metric.data);
          points(d, sum.points);
          temporality(d, sum.temporality);
          if (sum.monotonic) {
            d.add_bool(3, true);
          }
        });
        break;
      case 3:
        message(w, 9, [&](pbf_writer& d) {
          points(d, std::get<Histogram>(metric.data).points);
          temporality(d, std::get<Histogram>(metric.data).temporality);
        });
        break;
      case 4:
        message(w, 10, [&](pbf_writer& d) {
          points(d, std::get<ExpHistogram>(metric.data).points);
          temporality(d, std::get<ExpHistogram>(metric.data).temporality);
        });
        break;
      case 5:
        message(w, 11, [&](pbf_writer& d) { points(d, std::get<Summary>(metric.data).points); });
        break;
      default: break;
    }
    attributes(w, 12, metric.metadata);
  }

  static void temporality(pbf_writer& w, Temporality temporality) {
    if (temporality != Temporality::unspecified) {
      w.add_enum(2, static_cast<std::int32_t>(temporality));
    }
  }

  template <class Point>
  void points(pbf_writer& w, const std::vector<Point>& points) {
    for (const auto& one : points) {
      message(w, 1, [&](pbf_writer& p) { point(p, one); });
      ++result_.items;
    }
  }

  void exemplars(pbf_writer& w, protozero::pbf_tag_type tag,
                 const std::vector<Exemplar>& exemplars) {
    for (std::uint32_t i = 0; i < exemplars.size(); ++i) {
      message(w, tag, [&](pbf_writer& e) {
        const auto& exemplar = exemplars[i];
        time(e, 2, exemplar.time, Field::exemplar_time, i);
        number(e, 3, 6, exemplar.value, Field::exemplar_double, Field::exemplar_int, i);
        id(e, 4, exemplar.span_id, Field::exemplar_span_id, i);
        id(e, 5, exemplar.trace_id, Field::exemplar_trace_id, i);
        attributes(e, 7, exemplar.filtered_attributes);
      });
    }
  }

  void fixed(pbf_writer& w, protozero::pbf_tag_type tag, std::uint64_t value, Field field) {
    if (value != 0) {
      w.add_fixed64(tag, value);
      patch(field, 8);
    }
  }
  void real(pbf_writer& w, protozero::pbf_tag_type tag, const std::optional<double>& value) {
    if (value) {
      w.add_double(tag, *value);
      if (tag == 5) {
        patch(Field::sum, 8);
      }
    }
  }

  void point(pbf_writer& w, const NumberPoint& point) {
    time(w, 2, point.start_time, Field::start_time);
    time(w, 3, point.time, Field::time);
    number(w, 4, 6, point.value, Field::as_double, Field::as_int);
    exemplars(w, 5, point.exemplars);
    item_attributes(w, 7, point.attributes);
    number(w, 8, point.flags);
  }

  void point(pbf_writer& w, const HistogramPoint& point) {
    time(w, 2, point.start_time, Field::start_time);
    time(w, 3, point.time, Field::time);
    fixed(w, 4, point.count, Field::count);
    real(w, 5, point.sum);
    if (!point.bucket_counts.empty()) {
      w.add_packed_fixed64(6, point.bucket_counts.begin(), point.bucket_counts.end());
      const std::size_t end = out_.size();
      for (std::size_t i = 0; i < point.bucket_counts.size(); ++i) {
        const std::size_t offset = end - 8 * (point.bucket_counts.size() - i);
        result_.patches.push_back({.offset = static_cast<std::uint32_t>(offset),
                                   .length = 8,
                                   .item = result_.items,
                                   .sub = static_cast<std::uint32_t>(i),
                                   .field = Field::bucket_count});
      }
    }
    if (!point.explicit_bounds.empty()) {
      w.add_packed_double(7, point.explicit_bounds.begin(), point.explicit_bounds.end());
    }
    exemplars(w, 8, point.exemplars);
    item_attributes(w, 9, point.attributes);
    number(w, 10, point.flags);
    real(w, 11, point.min);
    real(w, 12, point.max);
  }

  // Varints keep their place as long as their new values have as many digits to the base of 128.
  void varints(const std::vector<std::uint64_t>& values, std::size_t first) {
    std::size_t at = out_.size();
    for (const std::uint64_t value : values) {
      at -= static_cast<std::size_t>(protozero::length_of_varint(value));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto length = static_cast<std::uint32_t>(protozero::length_of_varint(values[i]));
      result_.patches.push_back({.offset = static_cast<std::uint32_t>(at),
                                 .length = length,
                                 .item = result_.items,
                                 .sub = static_cast<std::uint32_t>(first + i),
                                 .field = Field::exp_bucket_count});
      at += length;
    }
  }

  void buckets(pbf_writer& w, protozero::pbf_tag_type tag, const std::optional<ExpBuckets>& buckets,
               std::size_t first = 0) {
    if (buckets) {
      message(w, tag, [&](pbf_writer& b) {
        if (buckets->offset != 0) {
          b.add_sint32(1, buckets->offset);
        }
        if (!buckets->bucket_counts.empty()) {
          b.add_packed_uint64(2, buckets->bucket_counts.begin(), buckets->bucket_counts.end());
          varints(buckets->bucket_counts, first);
        }
      });
    }
  }

  void point(pbf_writer& w, const ExpHistogramPoint& point) {
    item_attributes(w, 1, point.attributes);
    time(w, 2, point.start_time, Field::start_time);
    time(w, 3, point.time, Field::time);
    fixed(w, 4, point.count, Field::count);
    real(w, 5, point.sum);
    if (point.scale != 0) {
      w.add_sint32(6, point.scale);
    }
    fixed(w, 7, point.zero_count, Field::zero_count);
    buckets(w, 8, point.positive);
    buckets(w, 9, point.negative, point.positive ? point.positive->bucket_counts.size() : 0);
    number(w, 10, point.flags);
    exemplars(w, 11, point.exemplars);
    real(w, 12, point.min);
    real(w, 13, point.max);
    if (point.zero_threshold != 0) {
      w.add_double(14, point.zero_threshold);
    }
  }

  void point(pbf_writer& w, const SummaryPoint& point) {
    time(w, 2, point.start_time, Field::start_time);
    time(w, 3, point.time, Field::time);
    fixed(w, 4, point.count, Field::count);
    if (point.sum != 0) {
      real(w, 5, point.sum);
    }
    for (std::uint32_t i = 0; i < point.quantiles.size(); ++i) {
      message(w, 6, [&](pbf_writer& q) {
        if (point.quantiles[i].quantile != 0) {
          q.add_double(1, point.quantiles[i].quantile);
        }
        if (point.quantiles[i].value != 0) {
          q.add_double(2, point.quantiles[i].value);
          patch(Field::quantile_value, 8, i);
        }
      });
    }
    item_attributes(w, 7, point.attributes);
    number(w, 8, point.flags);
  }

  Encoded& result_;
  std::string& out_;
  const EncodeOptions& options_;
  pbf_writer root_;
};

template <class Item>
Encoded encode_with(const ExportRequest<Item>& request, const EncodeOptions& options) {
  Encoded result;
  ProtobufEncoder(result, options).request(request);
  return result;
}

}  // namespace

Encoded encode_protobuf(const TraceRequest& request, const EncodeOptions& options) {
  return encode_with(request, options);
}
Encoded encode_protobuf(const MetricsRequest& request, const EncodeOptions& options) {
  return encode_with(request, options);
}
Encoded encode_protobuf(const LogsRequest& request, const EncodeOptions& options) {
  return encode_with(request, options);
}

}  // namespace obsctl::otlp
