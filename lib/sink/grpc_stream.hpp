// SPDX-License-Identifier: Apache-2.0
// One gRPC call to the sink, from its first header to its last byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/otlp/types.hpp"
#include "lib/sink/budget.hpp"

namespace obsctl::otlp {

// A request and its answer.
struct GrpcStream {
  std::int32_t id = 0;
  std::optional<Signal> signal = {};
  std::string content_type = {};
  std::string encoding = {};
  std::string path = {};
  std::vector<std::string> headers = {};  // when somebody is told
  std::string body = {};                  // prefix and message
  std::uint64_t size = 0;                 // of what came, kept or not
  std::string answer = {};
  std::size_t answered = 0;
  int status = 0;
  std::string message = {};
  std::string details = {};
  bool held = false;       // waits for its time
  bool complete = false;   // the request
  bool cut_short = false;  // answered before it was complete
  Time begun = {};
  Holding holding;

  explicit GrpcStream(Budget& budget) : holding(budget) {}
};

// The signal that an Export method carries.
inline std::optional<Signal> signal_of_method(std::string_view path) {
  if (path == "/opentelemetry.proto.collector.trace.v1.TraceService/Export") {
    return Signal::traces;
  }
  if (path == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export") {
    return Signal::metrics;
  }
  if (path == "/opentelemetry.proto.collector.logs.v1.LogsService/Export") {
    return Signal::logs;
  }
  return std::nullopt;
}

// gRPC over HTTP/2, not gRPC-Web, whose trailers are in the body.
inline bool is_grpc(std::string_view content_type) {
  constexpr std::string_view k_type = "application/grpc";
  return content_type.starts_with(k_type) &&
         (content_type.size() == k_type.size() || content_type[k_type.size()] == '+' ||
          content_type[k_type.size()] == ';');
}

}  // namespace obsctl::otlp
