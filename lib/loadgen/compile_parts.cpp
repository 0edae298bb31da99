// SPDX-License-Identifier: Apache-2.0
// Attribute values, resources and the cutting of rings.
#include "lib/loadgen/compile_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::loadgen {
namespace {

std::size_t width_for(const Attribute& attribute) {
  std::size_t width = fmt::format("{}", attribute.cardinality - 1).size();
  return attribute.spread == Attribute::Spread::churn ? width + 6 : width;
}

}  // namespace

void DigitTable::add(const std::vector<Attribute>& attributes) {
  for (const Attribute& attribute : attributes) {
    if (attribute.cardinality == 0 || width_of(attribute.key) != 0) {
      continue;
    }
    rows_.push_back({.key = attribute.key,
                     .cardinality = attribute.cardinality,
                     .spread = attribute.spread,
                     .skew = attribute.skew,
                     .churn_seconds = std::max(attribute.churn.seconds, 1e-3),
                     .width = width_for(attribute)});
  }
}

void DigitTable::add_sequence() {
  Digits row;
  row.key = k_sequence_key;
  row.width = k_sequence_width;
  rows_.push_back(std::move(row));
}

void DigitTable::add_series(std::string_view key, std::size_t width) {
  Digits row;
  row.key = key;
  row.width = width;
  row.series = true;
  rows_.push_back(std::move(row));
}

otlp::EncodeOptions DigitTable::encode_options() const {
  otlp::EncodeOptions out;
  for (const Digits& row : rows_) {
    out.patch_attributes.push_back(row.key);
  }
  return out;
}

std::size_t DigitTable::width_of(std::string_view key) const {
  for (const Digits& row : rows_) {
    if (row.key == key) {
      return row.width;
    }
  }
  return 0;
}

std::string random_text(std::size_t size, Numbers& numbers) {
  static constexpr std::string_view k_letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out(size, '\0');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bits = i % 10 == 0 ? numbers.next() : bits >> 6U;
    out[i] = k_letters[bits & 63U];
  }
  return out;
}

void append_attributes(const std::vector<Attribute>& from, const DigitTable& digits,
                       Numbers& numbers, otlp::Attributes& into) {
  for (const Attribute& attribute : from) {
    if (attribute.cardinality != 0) {
      into.push_back(
          {attribute.key, attribute.prefix + std::string(digits.width_of(attribute.key), '0')});
    } else if (attribute.size != 0) {
      into.push_back({attribute.key, random_text(attribute.size, numbers)});
    } else if (!attribute.values.empty()) {
      into.push_back({attribute.key, attribute.values[numbers.below(attribute.values.size())]});
    }
  }
}

otlp::Resource resource_of(const Service& service, std::size_t index, Numbers& numbers) {
  otlp::Resource out;
  const std::string& name = service.sent_name.empty() ? service.name : service.sent_name;
  out.attributes.push_back({"service.name", name});
  out.attributes.push_back({"service.version", service.version});
  out.attributes.push_back({"service.instance.id", fmt::format("{}-{}", name, index)});
  append_attributes(service.resource, DigitTable(), numbers, out.attributes);
  return out;
}

otlp::Scope loadgen_scope() {
  otlp::Scope out;
  out.name = "obsctl.loadgen";
  out.version = "1";
  return out;
}

std::vector<Chunk> cut(const std::vector<std::int64_t>& items, std::int64_t batch) {
  std::vector<Chunk> out;
  Chunk chunk;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (chunk.items > 0 && chunk.items + items[i] > batch) {
      out.push_back(chunk);
      chunk = {i, 0, 0, chunk.items_before + chunk.items};
    }
    ++chunk.count;
    chunk.items += items[i];
  }
  if (chunk.items > 0) {
    out.push_back(chunk);
  } else if (!out.empty()) {
    out.back().count += chunk.count;
  }
  return out;
}

Tail find_tail(const std::vector<Chunk>& chunks, std::int64_t ring_items, std::int64_t total) {
  if (total <= 0 || ring_items <= 0) {
    return {};
  }
  const std::int64_t lap = total / ring_items;
  const std::int64_t rest = total % ring_items;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::int64_t inside = rest - chunks[i].items_before;
    if (inside > 0 && inside < chunks[i].items) {
      return {i, inside,
              lap * static_cast<std::int64_t>(chunks.size()) + static_cast<std::int64_t>(i)};
    }
  }
  return {};
}

TraceRing draw_ring(const Scenario& scenario, std::size_t traces, std::uint64_t seed) {
  TraceRing out;
  Numbers numbers(mix64(seed + 0x7472616365ULL));
  for (std::size_t i = 0; i < traces; ++i) {
    out.drafts.push_back(draw_trace(scenario, i, numbers));
    out.first_span.push_back(static_cast<std::int32_t>(out.spans));
    out.spans += static_cast<std::int64_t>(out.drafts.back().spans.size());
  }
  return out;
}

void add_request(Ring& ring, RequestTemplate request, const Chunk& chunk) {
  request.first_item = chunk.items_before;
  ring.items += request.items;
  ring.body_bytes += request.bytes.size();
  ring.requests.push_back(std::move(request));
  ring.size = ring.requests.size();
}

}  // namespace obsctl::loadgen
