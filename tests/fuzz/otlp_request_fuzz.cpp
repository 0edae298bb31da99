// SPDX-License-Identifier: Apache-2.0
// Requests of a hostile client: counted, checked, scanned, decoded, printed and parsed as HTTP
// without a crash, and what was read survives writing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "lib/base/utf8.hpp"
#include "lib/otlp/compress.hpp"
#include "lib/otlp/decode.hpp"
#include "lib/otlp/wire.hpp"
#include "lib/sink/http1.hpp"

using namespace obsctl::otlp;

namespace {

constexpr UnixNano k_now = 1'700'000'000'000'000'000;
constexpr std::size_t k_limit = 64U << 20;

// What was decoded survives encoding.
void encode_again(Signal signal, Encoding encoding, ByteView bytes) {
  const auto decoded = decode(signal, encoding, bytes);
  if (!decoded) {
    return;
  }
  const auto again = std::visit(
      [&](const auto& request) {
        const Encoded encoded = encode(request, Encoding::protobuf);
        return std::pair(encoded.items, count_items(signal, bytes_of(encoded.bytes)));
      },
      *decoded);
  if (again.second != count_items(*decoded) || again.first != count_items(*decoded)) {
    std::abort();
  }
}

// What passes the check is printed as JSON that is valid and reads as just as many items; the
// verdict does not depend on whether deviations are collected.
void show(Signal signal, ByteView protobuf) {
  Deviations deviations;
  const auto items = check(signal, protobuf, k_now, &deviations);
  if (items.has_value() != check(signal, protobuf, k_now, nullptr).has_value()) {
    std::abort();
  }
  if (!items) {
    return;
  }
  const auto line = protobuf_to_json(signal, protobuf, k_limit);
  if (!line || !nlohmann::json::accept(*line)) {
    std::abort();
  }
  const auto again = json_to_protobuf(signal, bytes_of(*line), k_limit, nullptr);
  // A field that came twice is shown once.
  if (!again || check(signal, bytes_of(*again), k_now, nullptr).value_or(*items + 1) > *items) {
    std::abort();
  }
}

// Whether a library can judge: it refuses bytes that are not UTF-8, halves of surrogate pairs and
// numbers beyond a double, all of which receivers let through, and takes a byte order mark and a
// zero for the end.
bool comparable(std::string_view text) {
  const auto exponent = [](char before, char c) {
    return (c == 'e' || c == 'E') && before >= '0' && before <= '9';
  };
  return obsctl::is_utf8(text) && text.find("\\u") == std::string_view::npos &&
         std::ranges::adjacent_find(text, exponent) == text.end() &&
         text.find('\0') == std::string_view::npos && !text.starts_with("\xEF\xBB\xBF");
}

void read_json(Signal signal, std::string_view text) {
  Deviations deviations;
  const auto protobuf = json_to_protobuf(signal, bytes_of(text), k_limit, &deviations);
  const bool is_json = protobuf || protobuf.error().message.find("not JSON") == std::string::npos;
  if (comparable(text) && is_json != nlohmann::json::accept(text)) {
    std::abort();
  }
  if (protobuf) {
    show(signal, bytes_of(*protobuf));
  }
}

void parse_http(std::string_view text) {
  Budget budget(16U << 10);
  Http1Parser parser(4096, true, budget);
  while (!text.empty()) {
    const auto status = parser.feed(text);
    if (status == Http1Parser::Status::bad) {
      if (parser.error() < 400) {
        std::abort();
      }
      return;
    }
    if (parser.request().body.size() > 4096) {
      std::abort();
    }
    if (status == Http1Parser::Status::ready) {
      parser.next();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ByteView bytes = bytes_of(text);
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    encode_again(signal, Encoding::protobuf, bytes);
    encode_again(signal, Encoding::json, bytes);
    show(signal, bytes);
    read_json(signal, text);
    const auto count = count_items(signal, bytes);
    std::uint64_t visited = 0;
    const bool whole = scan_items(signal, bytes, {.sequence = "obsctl.seq", .group = "k"},
                                  [&](const ItemRef&) { ++visited; });
    // Scanning looks deeper, so it may find damage that counting skips; never the other way round.
    if (whole && count != visited) {
      std::abort();
    }
  }
  std::string out;
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    if (unpack(compression, bytes, 10'000, out) && out.size() > 10'000) {
      std::abort();
    }
  }
  parse_http(text);
  return 0;
}
