// SPDX-License-Identifier: Apache-2.0
// Builds the three items from an identity.
#include "lib/probe/items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "lib/base/hash.hpp"
#include "lib/otlp/encode.hpp"

namespace obsctl::health {
namespace {

using namespace std::chrono_literals;

// Clocks of stores and of this host may differ by as much.
constexpr auto k_skew = 60s;

std::int64_t unix_seconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

otlp::UnixNano unix_nano(Time time) {
  return static_cast<otlp::UnixNano>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

// Lower-case hex digits, two for each byte.
void read_hex(std::string_view digits, std::span<std::uint8_t> into) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < into.size(); ++i) {
    into[i] = static_cast<std::uint8_t>(value(digits[2 * i]) * 16 + value(digits[2 * i + 1]));
  }
}

// The word for the label of the metric.
std::string_view label_of(otlp::Protocol protocol) {
  return protocol == otlp::Protocol::grpc ? "grpc" : "http";
}

template <class Item>
std::string request_with(Item item, otlp::Encoding encoding) {
  otlp::ExportRequest<Item> request;
  auto& resource = request.resources.emplace_back();
  resource.resource.emplace().attributes = {{"service.name", std::string(k_probe_service)}};
  auto& scope = resource.scopes.emplace_back();
  scope.items.push_back(std::move(item));
  return otlp::encode(request, encoding).bytes;
}

// An exception makes tail sampling keep the trace and, unlike the status "error", is no failed
// request in the metrics that are made from spans; nor is an internal span any request at all.
otlp::Span span_of(const ProbeIdentity& identity) {
  const otlp::UnixNano now = unix_nano(identity.at);
  otlp::Span out;
  out.trace_id = identity.trace_id;
  out.span_id = identity.span_id;
  out.name = "health probe";
  out.kind = otlp::SpanKind::internal;
  out.start_time = now;
  out.end_time = now + 1'000'000;
  out.events.push_back({.time = now,
                        .name = "exception",
                        .attributes = {{"exception.type", "obsctl.HealthProbe"},
                                       {"exception.message", "not an error: a probe"}}});
  return out;
}

otlp::Metric metric_of(const ProbeIdentity& identity) {
  otlp::NumberPoint point;
  point.attributes = {{"protocol", std::string(label_of(identity.protocol))}};
  point.time = unix_nano(identity.at);
  point.value = identity.value();
  return {.name = std::string(k_probe_metric),
          .description = "when `obsctl health --probe` sent this point, in Unix time",
          .data = otlp::Gauge{{std::move(point)}}};
}

// INFO, because lesser records may be dropped by configuration.
otlp::LogRecord record_of(const ProbeIdentity& identity) {
  constexpr std::uint32_t k_info = 9;
  otlp::LogRecord out;
  out.time = unix_nano(identity.at);
  out.observed_time = out.time;
  out.severity_number = k_info;
  out.severity_text = "INFO";
  out.body = fmt::format("probe of obsctl, trace {}", identity.hex());
  out.trace_id = identity.trace_id;
  out.span_id = identity.span_id;
  return out;
}

}  // namespace

std::string ProbeIdentity::hex() const {
  std::string out;
  for (const std::uint8_t byte : trace_id) {
    out += fmt::format("{:02x}", byte);
  }
  return out;
}

std::int64_t ProbeIdentity::value() const {
  return unix_seconds(at);
}

catalog::FindWords ProbeIdentity::words(Time now) const {
  const std::int64_t start = unix_seconds(at - k_skew);
  const std::int64_t end = unix_seconds(std::max(now, at) + k_skew);
  return {{"trace_id", hex()},
          {"service", std::string(k_probe_service)},
          {"metric", std::string(k_probe_metric)},
          {"protocol", std::string(label_of(protocol))},
          {"value", fmt::format("{}", value())},
          {"start", fmt::format("{}", start)},
          {"end", fmt::format("{}", end)},
          {"window", fmt::format("{}", end - start)}};
}

Result<ProbeIdentity> draw_identity(Random& random, otlp::Protocol protocol, Time at) {
  OBS_TRY_ASSIGN(const std::string token, random.token(32));
  // Samplers look at single bits of an id: a token's letters are not random enough.
  const std::string digits = sha256_hex(token);
  ProbeIdentity out{.protocol = protocol, .at = at};
  read_hex(digits, out.trace_id);
  read_hex(std::string_view(digits).substr(2 * out.trace_id.size()), out.span_id);
  return out;
}

std::string probe_request(const ProbeIdentity& identity, catalog::Signal signal,
                          otlp::Encoding encoding) {
  switch (signal) {
    case catalog::Signal::traces: return request_with(span_of(identity), encoding);
    case catalog::Signal::metrics: return request_with(metric_of(identity), encoding);
    case catalog::Signal::logs: return request_with(record_of(identity), encoding);
  }
  return {};
}

}  // namespace obsctl::health
