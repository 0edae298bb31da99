// SPDX-License-Identifier: Apache-2.0
// Varints, tags and field headers byte by byte.
#include "lib/otlp/wire.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "lib/otlp/decode.hpp"
#include "samples.hpp"

using namespace obsctl;
using namespace obsctl::otlp;

namespace {

template <class Request>
void check_round_trip(Signal signal, const Request& request, std::uint32_t items) {
  for (const Encoding encoding : {Encoding::protobuf, Encoding::json}) {
    const Encoded encoded = encode(request, encoding);
    CHECK(encoded.items == items);
    const auto decoded = decode(signal, encoding, bytes_of(encoded.bytes));
    REQUIRE(decoded);
    CHECK(std::get<Request>(*decoded) == request);
    CHECK(count_items(*decoded) == items);
    if (encoding == Encoding::protobuf) {
      CHECK(count_items(signal, bytes_of(encoded.bytes)) == items);
    }
    // The independent decoders of tests/lab read these files.
    if (const char* directory = std::getenv("OBSCTL_WIRE_SAMPLES")) {
      const std::string name =
          std::string(signal_name(signal)) + (encoding == Encoding::json ? ".json" : ".pb");
      std::ofstream(std::string(directory) + "/" + name, std::ios::binary) << encoded.bytes;
    }
  }
}

std::string value_at(const Encoded& encoded, const Patch& patch) {
  return encoded.bytes.substr(patch.offset, patch.length);
}

const Patch& find(const Encoded& encoded, Field field, std::uint32_t item, std::uint32_t sub = 0) {
  const auto found = std::ranges::find_if(encoded.patches, [&](const Patch& patch) {
    return patch.field == field && patch.item == item && patch.sub == sub;
  });
  REQUIRE(found != encoded.patches.end());
  return *found;
}

}  // namespace

TEST_CASE("every field of every signal survives encoding and decoding") {
  check_round_trip(Signal::traces, samples::traces(), 4);
  check_round_trip(Signal::metrics, samples::metrics(), 9);
  check_round_trip(Signal::logs, samples::logs(), 4);
}

TEST_CASE("recorded offsets point at the values, in protobuf and JSON") {
  const Span span = samples::full_span();
  const Encoded binary = encode(samples::traces(), Encoding::protobuf);
  CHECK(value_at(binary, find(binary, Field::trace_id, 0)) ==
        std::string(span.trace_id->begin(), span.trace_id->end()));
  CHECK(value_at(binary, find(binary, Field::link_span_id, 0)) ==
        std::string(span.links[0].span_id->begin(), span.links[0].span_id->end()));
  std::string time(8, '\0');
  put_u64(time.data(), samples::k_time + 6);
  CHECK(value_at(binary, find(binary, Field::event_time, 0, 1)) == time);

  const Encoded json = encode(samples::traces(), Encoding::json);
  CHECK(value_at(json, find(json, Field::span_id, 0)) == "a0a1a2a3a4a5a6a7");
  CHECK(value_at(json, find(json, Field::start_time, 0)) == "1700000000123456789");
  CHECK(value_at(json, find(json, Field::link_trace_id, 0)) == "32333435363738393a3b3c3d3e3f4041");
  CHECK(std::ranges::is_sorted(binary.patches, {}, &Patch::offset));
  CHECK(std::ranges::is_sorted(json.patches, {}, &Patch::offset));
}

TEST_CASE("a patched request is the request that would have been encoded") {
  for (const Encoding encoding : {Encoding::protobuf, Encoding::json}) {
    TraceRequest request = samples::traces();
    Encoded encoded = encode(request, encoding);
    Span& span = request.resources[0].scopes[0].items[0];
    span.trace_id = samples::trace_id(100);
    span.parent_span_id = samples::span_id(7);
    span.end_time += 123'456;
    const auto put = [&](Field field, const auto& id) {
      char* at = encoded.bytes.data() + find(encoded, field, 0).offset;
      encoding == Encoding::json ? put_hex(at, id.data(), id.size())
                                 : put_id(at, id.data(), id.size());
    };
    put(Field::trace_id, *span.trace_id);
    put(Field::parent_span_id, *span.parent_span_id);
    char* at = encoded.bytes.data() + find(encoded, Field::end_time, 0).offset;
    encoding == Encoding::json ? put_decimal(at, span.end_time, k_json_time_digits)
                               : put_u64(at, span.end_time);
    CHECK(encoded.bytes == encode(request, encoding).bytes);
  }
}

TEST_CASE("numbers of data points can be patched in protobuf") {
  MetricsRequest request = samples::metrics();
  Encoded encoded = encode(request, Encoding::protobuf);
  auto& metrics = request.resources[0].scopes[0].items;
  const auto put = [&](Field field, std::uint32_t item, std::uint32_t sub, auto value) {
    static_assert(sizeof value == 8);
    std::memcpy(encoded.bytes.data() + find(encoded, field, item, sub).offset, &value, 8);
  };
  std::get<Gauge>(metrics[0].data).points[0].value = 99.0;
  put(Field::as_double, 0, 0, 99.0);
  std::get<Gauge>(metrics[0].data).points[1].value = std::int64_t{12};
  put(Field::as_int, 1, 0, std::int64_t{12});
  auto& histogram = std::get<Histogram>(metrics[3].data).points[0];
  histogram.count = 106;
  histogram.bucket_counts[2] = 103;
  histogram.sum = 77.0;
  put(Field::count, 5, 0, std::uint64_t{106});
  put(Field::bucket_count, 5, 2, std::uint64_t{103});
  put(Field::sum, 5, 0, 77.0);
  auto& exemplar = std::get<Gauge>(metrics[0].data).points[0].exemplars[1];
  exemplar.time = 5;
  exemplar.value = std::int64_t{4};
  put(Field::exemplar_time, 0, 1, std::uint64_t{5});
  put(Field::exemplar_int, 0, 1, std::int64_t{4});
  CHECK(encoded.bytes == encode(request, Encoding::protobuf).bytes);
}

TEST_CASE("exponential buckets can be patched in protobuf while the length stays") {
  MetricsRequest request = samples::metrics();
  auto& point = std::get<ExpHistogram>(request.resources[0].scopes[0].items[4].data).points[0];
  point.positive->bucket_counts = {0, 127, 128, 16'383, 16'384, 2'097'152, ~0ULL};
  point.negative = ExpBuckets{.offset = 1, .bucket_counts = {300, 5}};
  Encoded encoded = encode(request, Encoding::protobuf);
  const std::vector<std::size_t> widths = {1, 1, 2, 2, 3, 4, 10, 2, 1};
  const std::vector<std::uint64_t> other = {1,           7,           129,    128, 2'097'151,
                                            268'435'455, 1ULL << 63U, 16'383, 0};
  constexpr std::uint32_t item = 7;
  for (std::uint32_t i = 0; i < widths.size(); ++i) {
    const Patch& patch = find(encoded, Field::exp_bucket_count, item, i);
    CHECK(patch.length == widths[i]);
    put_varint(encoded.bytes.data() + patch.offset, other[i], patch.length);
  }
  point.positive->bucket_counts.assign(other.begin(), other.begin() + 7);
  point.negative->bucket_counts.assign(other.begin() + 7, other.end());
  CHECK(encoded.bytes == encode(request, Encoding::protobuf).bytes);
  CHECK(std::ranges::is_sorted(encoded.patches, {}, &Patch::offset));
}

TEST_CASE("JSON gives numbers room only where it was asked for, and they stay the same numbers") {
  const MetricsRequest request = samples::metrics();
  const Encoded plain = encode(request, Encoding::json);
  CHECK(plain.bytes == encode(request, Encoding::json, {.room = {0, 0}}).bytes);
  const auto is_number = [](const Patch& patch) {
    return patch.field >= Field::as_double && patch.field <= Field::quantile_value;
  };
  CHECK(std::ranges::none_of(plain.patches, is_number));
  const std::set<std::uint32_t> with_numbers = {0, 3, 5, 7, 8};
  for (std::uint32_t item = 0; item < plain.items; ++item) {
    EncodeOptions options;
    options.room.assign(item + 1, 0);
    options.room[item] = 1000;
    const Encoded roomy = encode(request, Encoding::json, options);
    // Points without a number, or with one that stays 0 or negative, need none.
    CHECK((roomy.bytes.size() > plain.bytes.size()) == with_numbers.contains(item));
    const auto decoded = decode(Signal::metrics, Encoding::json, bytes_of(roomy.bytes));
    REQUIRE(decoded);
    CHECK(std::get<MetricsRequest>(*decoded) == request);
    for (const Patch& patch : roomy.patches) {
      if (is_number(patch)) {
        CHECK(patch.item == item);
        CHECK(value_at(roomy, patch).find_first_of("0123456789") != std::string::npos);
      }
    }
  }
}

TEST_CASE("a number patched into its room is the number that was meant") {
  MetricsRequest request = samples::metrics();
  Encoded encoded = encode(request, Encoding::json, {.room = {100, 100, 0, 0, 0, 100}});
  auto& metrics = request.resources[0].scopes[0].items;
  const auto at = [&](Field field, std::uint32_t item, std::uint32_t sub = 0) {
    const Patch& patch = find(encoded, field, item, sub);
    return std::pair{encoded.bytes.data() + patch.offset, std::size_t{patch.length}};
  };
  const auto check = [&] {
    const auto decoded = decode(Signal::metrics, Encoding::json, bytes_of(encoded.bytes));
    REQUIRE(decoded);
    CHECK(std::get<MetricsRequest>(*decoded) == request);
  };
  // The longest doubles there are, and one that leaves most of the room to spaces.
  for (const double value : {-2.2250738585072014e-308, -1.7976931348623157e308, 0.5}) {
    std::get<Gauge>(metrics[0].data).points[0].value = value;
    const auto [place, width] = at(Field::as_double, 0);
    CHECK(width == k_json_double_width);
    put_json_double(place, value, width);
    check();
  }
  auto& histogram = std::get<Histogram>(metrics[3].data).points[0];
  const auto [place, width] = at(Field::count, 5);
  const std::uint64_t most = histogram.count * 100;
  for (const std::uint64_t value : {most, std::uint64_t{7}}) {
    histogram.count = value;
    put_json_integer(place, value, width);
    check();
  }
  CHECK(std::string(place, width) == std::string(width - 3, ' ') + "\"7\"");
}

TEST_CASE("marked attributes of items are recorded with their exact place") {
  TraceRequest request = samples::traces();
  auto& spans = request.resources[0].scopes[0].items;
  spans[1].attributes = {{"other", "x"}, {"obsctl.seq", "0000000000000007"}};
  for (const Encoding encoding : {Encoding::protobuf, Encoding::json}) {
    Encoded encoded = encode(request, encoding, {.patch_attributes = {"nothing", "obsctl.seq"}});
    const Patch& patch = find(encoded, Field::attribute, 1, 1);
    CHECK(value_at(encoded, patch) == "0000000000000007");
    put_decimal(encoded.bytes.data() + patch.offset, 1234, patch.length);
    spans[1].attributes[1].value = "0000000000001234";
    CHECK(encoded.bytes == encode(request, encoding).bytes);
    spans[1].attributes[1].value = "0000000000000007";
  }
}

TEST_CASE("a million patched ids are a million different ids") {
  Encoded encoded = encode(samples::traces(), Encoding::protobuf);
  const Patch& patch = find(encoded, Field::span_id, 0);
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 1; i <= 1'000'000; ++i) {
    put_u64(encoded.bytes.data() + patch.offset, i * 0x9E3779B97F4A7C15U);
    std::uint64_t read = 0;
    std::memcpy(&read, encoded.bytes.data() + patch.offset, 8);
    seen.insert(read);
  }
  CHECK(seen.size() == 1'000'000);
  CHECK(decode(Signal::traces, Encoding::protobuf, bytes_of(encoded.bytes)));
}

TEST_CASE("scanning finds ids and sequence numbers without decoding") {
  LogsRequest request = samples::logs();
  auto& records = request.resources[0].scopes[0].items;
  records[1].attributes = {{"obsctl.seq", "0000000000000042"}};
  records[2].attributes = {{"obsctl.seq", 43}, {"class", "vip"}};
  records[3].attributes = {{"obsctl.seq", "a7"}};
  const Encoded encoded = encode(request, Encoding::protobuf);
  std::vector<ItemRef> items;
  CHECK(scan_items(Signal::logs, bytes_of(encoded.bytes),
                   {.sequence = "obsctl.seq", .group = "class"},
                   [&](const ItemRef& item) { items.push_back(item); }));
  REQUIRE(items.size() == 4);
  CHECK(items[0].trace_id.size() == 16);
  CHECK(items[0].span_id.size() == 8);
  CHECK_FALSE(items[0].sequence_number);
  CHECK(items[1].sequence_number == 42);
  CHECK(items[2].sequence_number == 43);
  CHECK(items[2].group == "vip");
  CHECK(items[3].sequence == "a7");
  CHECK_FALSE(items[3].sequence_number);
}

TEST_CASE("JSON of another shape is refused, not counted as empty") {
  for (const char* text :
       {R"({"resourceSpans":3})", R"({"resourceSpans":[1]})", R"({"resourceSpans":{}})",
        R"({"resourceSpans":[{"scopeSpans":"x"}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":{"a":1}}]}]}]})"}) {
    CAPTURE(text);
    const auto request = decode(Signal::traces, Encoding::json, bytes_of(std::string_view(text)));
    REQUIRE_FALSE(request);
    CHECK(request.error().message.find("OTLP/JSON wants") != std::string::npos);
  }
  CHECK(decode(Signal::traces, Encoding::json, bytes_of(std::string_view("{}"))));
  CHECK(decode(Signal::traces, Encoding::json,
               bytes_of(std::string_view(R"({"resourceSpans":null})"))));
}

TEST_CASE("hostile requests are errors, not crashes") {
  // An AnyValue nested deeper than any real one: array of array of array …
  std::string nested;
  for (int i = 0; i < 10'000; ++i) {
    std::string outer = "\x0a";  // ArrayValue.values
    for (std::size_t size = nested.size();; size >>= 7U) {
      outer += static_cast<char>(size < 128 ? size : (size & 127U) | 128U);
      if (size < 128) {
        break;
      }
    }
    nested.insert(0, outer);
    outer = "\x2a";  // AnyValue.array_value
    for (std::size_t size = nested.size();; size >>= 7U) {
      outer += static_cast<char>(size < 128 ? size : (size & 127U) | 128U);
      if (size < 128) {
        break;
      }
    }
    nested.insert(0, outer);
    if (nested.size() > 50'000) {
      break;
    }
  }
  const auto wrap = [](std::string inner, char tag) {
    std::string out(1, tag);
    for (std::size_t size = inner.size();; size >>= 7U) {
      out += static_cast<char>(size < 128 ? size : (size & 127U) | 128U);
      if (size < 128) {
        break;
      }
    }
    return out + inner;
  };
  const std::string body =
      wrap(wrap(wrap(wrap(wrap(nested, '\x12'), '\x32'), '\x12'), '\x12'), '\x0a');
  const auto decoded = decode(Signal::logs, Encoding::protobuf, bytes_of(body));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().message.find("nested too deeply") != std::string::npos);

  // Two bytes a span: two million of them would need half a gigabyte.
  std::string many;
  for (int i = 0; i < 2'000'000; ++i) {
    many += std::string("\x12\x00", 2);
  }
  CHECK_FALSE(
      decode(Signal::traces, Encoding::protobuf, bytes_of(wrap(wrap(many, '\x12'), '\x0a'))));
  CHECK(count_items(Signal::traces, bytes_of(wrap(wrap(many, '\x12'), '\x0a'))) == 2'000'000);

  CHECK_FALSE(decode(Signal::traces, Encoding::json, bytes_of("[]")));
  CHECK_FALSE(decode(Signal::traces, Encoding::json, bytes_of("{\"resourceSpans\":")));
  CHECK_FALSE(count_items(Signal::traces, bytes_of("\x0a\xff\xff\xff\xff\x0f")));
}
