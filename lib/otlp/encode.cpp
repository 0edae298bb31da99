// SPDX-License-Identifier: Apache-2.0
// Chooses the encoder, and writes JSON numbers into the room that was reserved for them.
#include "lib/otlp/encode.hpp"

#include <fmt/compile.h>

#include <array>

namespace obsctl::otlp {

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

void put_json_integer(char* at, std::uint64_t value, std::size_t width) {
  std::size_t i = width;
  at[--i] = '"';
  do {
    at[--i] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0 && i > 1);
  at[--i] = '"';
  std::memset(at, ' ', i);
}

void put_json_double(char* at, double value, std::size_t width) {
  std::array<char, 32> text;  // NOLINT: what is read is written first
  const auto* end = fmt::format_to(text.data(), FMT_COMPILE("{}"), value);
  const auto size = std::min(static_cast<std::size_t>(end - text.data()), width);
  std::memset(at, ' ', width - size);
  std::memcpy(at + width - size, text.data(), size);
}

}  // namespace obsctl::otlp
