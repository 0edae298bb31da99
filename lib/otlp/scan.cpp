// SPDX-License-Identifier: Apache-2.0
// Counting and scanning protobuf requests in place: no values are built.
#include <charconv>
#include <protozero/pbf_reader.hpp>

#include "lib/otlp/decode.hpp"

namespace obsctl::otlp {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::uint32_t message(std::uint32_t tag) {
  return protozero::tag_and_type(tag, pbf_wire_type::length_delimited);
}

std::string_view text(protozero::data_view view) {
  return {view.data(), view.size()};
}

// Calls `fill` with a reader of every message with this tag.
template <class Fill>
void each(pbf_reader reader, std::uint32_t tag, Fill&& fill) {
  while (reader.next()) {
    if (reader.tag_and_type() == message(tag)) {
      fill(reader.get_message());
    } else {
      reader.skip();
    }
  }
}

// Where the interesting fields of an item are; 0: it has none.
struct Layout {
  std::uint32_t trace_id = 0;
  std::uint32_t span_id = 0;
  std::uint32_t attributes = 0;
};
constexpr Layout k_span{1, 2, 9};
constexpr Layout k_record{9, 10, 6};
constexpr Layout k_number_point{0, 0, 7};
constexpr Layout k_histogram_point{0, 0, 9};
constexpr Layout k_exp_histogram_point{0, 0, 1};
constexpr Layout k_summary_point{0, 0, 7};

Layout point_layout(std::uint32_t metric_field) {
  switch (metric_field) {
    case 5:
    case 7: return k_number_point;
    case 9: return k_histogram_point;
    case 10: return k_exp_histogram_point;
    default: return k_summary_point;
  }
}

void read_sequence(pbf_reader value, ItemRef& item) {
  while (value.next()) {
    if (value.tag_and_type() == message(1)) {
      item.sequence = text(value.get_view());
      std::uint64_t number = 0;
      const auto* end = item.sequence.data() + item.sequence.size();
      const auto parsed = std::from_chars(item.sequence.data(), end, number);
      if (parsed.ec == std::errc{} && parsed.ptr == end) {
        item.sequence_number = number;
      }
    } else if (value.tag_and_type() == protozero::tag_and_type(3, pbf_wire_type::varint)) {
      item.sequence_number = value.get_uint64();
    } else {
      value.skip();
    }
  }
}

void read_attribute(pbf_reader attribute, const ScanKeys& keys, ItemRef& item) {
  std::string_view key;
  protozero::data_view value;
  while (attribute.next()) {
    if (attribute.tag_and_type() == message(1)) {
      key = text(attribute.get_view());
    } else if (attribute.tag_and_type() == message(2)) {
      value = attribute.get_view();
    } else {
      attribute.skip();
    }
  }
  if (!key.empty() && key == keys.sequence) {
    read_sequence(pbf_reader(value), item);
  }
  if (!key.empty() && key == keys.group) {
    pbf_reader reader(value);
    while (reader.next()) {
      if (reader.tag_and_type() == message(1)) {
        item.group = text(reader.get_view());
      } else {
        reader.skip();
      }
    }
  }
}

ItemRef read_item(pbf_reader reader, const Layout& layout, const ScanKeys& keys) {
  ItemRef item;
  const bool wants_attributes = !keys.sequence.empty() || !keys.group.empty();
  while (reader.next()) {
    const auto field = reader.tag_and_type();
    if (layout.trace_id != 0 && field == message(layout.trace_id)) {
      item.trace_id = text(reader.get_view());
    } else if (layout.span_id != 0 && field == message(layout.span_id)) {
      item.span_id = text(reader.get_view());
    } else if (wants_attributes && field == message(layout.attributes)) {
      read_attribute(reader.get_message(), keys, item);
    } else {
      reader.skip();
    }
  }
  return item;
}

bool is_metric_data(std::uint32_t field) {
  return field == message(5) || field == message(7) || field == message(9) ||
         field == message(10) || field == message(11);
}

// Calls `visit(reader, layout)` for every item; `visit` decides how deep it looks.
template <class Visit>
void each_item(Signal signal, ByteView body, Visit&& visit) {
  const pbf_reader request(reinterpret_cast<const char*>(body.data()), body.size());
  each(request, 1, [&](const pbf_reader& resource) {
    each(resource, 2, [&](const pbf_reader& scope) {
      each(scope, 2, [&](pbf_reader item) {
        if (signal == Signal::traces) {
          visit(item, k_span);
        } else if (signal == Signal::logs) {
          visit(item, k_record);
        } else {
          while (item.next()) {
            if (!is_metric_data(item.tag_and_type())) {
              item.skip();
              continue;
            }
            const Layout layout = point_layout(item.tag());
            each(item.get_message(), 1, [&](const pbf_reader& point) { visit(point, layout); });
          }
        }
      });
    });
  });
}

}  // namespace

std::optional<std::uint64_t> count_items(Signal signal, ByteView body) try {
  std::uint64_t count = 0;
  each_item(signal, body, [&](const pbf_reader&, const Layout&) { ++count; });
  return count;
} catch (const protozero::exception&) {
  return std::nullopt;
}

bool scan_items(Signal signal, ByteView body, const ScanKeys& keys,
                const std::function<void(const ItemRef&)>& visit) try {
  each_item(signal, body, [&](const pbf_reader& item, const Layout& layout) {
    visit(read_item(item, layout, keys));
  });
  return true;
} catch (const protozero::exception&) {
  return false;
}

}  // namespace obsctl::otlp
