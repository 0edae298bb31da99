// SPDX-License-Identifier: Apache-2.0
// Answers of a hostile server: whatever comes back must become a verdict.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/otlp/grpc_call.hpp"
#include "lib/otlp/http_answer.hpp"
#include "lib/otlp/response.hpp"

using namespace obsctl::otlp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ByteView bytes = bytes_of(text);
  if (const auto partial = decode_response(bytes); partial && partial->present) {
    // What was understood can be said again.
    const auto again = decode_response(bytes_of(encode_partial_success(*partial)));
    if (!again || again->rejected != partial->rejected || again->message != partial->message) {
      std::abort();
    }
  }
  if (const auto status = decode_status(bytes); status && status->retry_after) {
    const auto again = decode_status(bytes_of(encode_status(*status)));
    if (!again || again->retry_after != status->retry_after || status->retry_after->count() < 0) {
      std::abort();
    }
  }
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    static_cast<void>(decode_response_json(text, signal));
  }
  static_cast<void>(decode_status_json(text));
  static_cast<void>(base64_decode(text));
  const auto delay = parse_retry_after(text, std::chrono::system_clock::time_point{});
  if (delay && delay->count() < 0) {
    std::abort();
  }

  GrpcCall call;
  call.on_header(":status", "200");
  call.on_header("content-type", "application/grpc");
  call.on_header("grpc-message", text);
  call.on_header("grpc-status", size % 2 == 0 ? text.substr(0, 3) : "0");
  call.on_header("grpc-status-details-bin", base64_encode(text));
  call.response = text;
  Completion completion;
  conclude(call, static_cast<std::uint32_t>(size % 20), size % 3 == 0, 1000, completion);
  if (completion.outcome != Outcome::ok && completion.outcome != Outcome::partial &&
      completion.message.empty()) {
    std::abort();
  }
  HttpAnswer answer{.status = static_cast<int>(size % 600),
                    .content_type = size % 2 == 0 ? "application/json" : "application/x-protobuf",
                    .retry_after = std::string(text.substr(0, 40)),
                    .body = std::string(text)};
  conclude(answer, std::chrono::system_clock::time_point{}, completion);
  return 0;
}
