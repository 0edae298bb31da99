// SPDX-License-Identifier: Apache-2.0
// Requests of a hostile client: counted, scanned, decoded and parsed as HTTP without a crash, and
// what was decoded survives encoding.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/otlp/compress.hpp"
#include "lib/otlp/decode.hpp"
#include "lib/otlp/wire.hpp"
#include "lib/sink/http1.hpp"

using namespace obsctl::otlp;

namespace {

void check(Signal signal, Encoding encoding, ByteView bytes) {
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
    check(signal, Encoding::protobuf, bytes);
    check(signal, Encoding::json, bytes);
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
