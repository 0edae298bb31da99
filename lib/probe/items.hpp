// SPDX-License-Identifier: Apache-2.0
// What the probe sends: pure, so that tests see every byte that a run leaves in a stack.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/catalog/find.hpp"
#include "lib/catalog/signal.hpp"
#include "lib/io/random.hpp"
#include "lib/otlp/model.hpp"
#include "lib/otlp/transport.hpp"

namespace obsctl::health {

inline constexpr std::string_view k_probe_service = "obsctl-health";
inline constexpr std::string_view k_probe_metric = "obsctl_health_probe";

// What tells one run over one protocol from all others.
struct ProbeIdentity {
  otlp::Protocol protocol = otlp::Protocol::grpc;
  otlp::TraceId trace_id = {};
  otlp::SpanId span_id = {};
  Time at;

  // 32 lower-case hex digits.
  [[nodiscard]] std::string hex() const;
  // That of the gauge: whole seconds of Unix time.
  [[nodiscard]] std::int64_t value() const;
  // The words of find.yaml for a look at `now`.
  [[nodiscard]] catalog::FindWords words(Time now) const;
};

[[nodiscard]] Result<ProbeIdentity> draw_identity(Random& random, otlp::Protocol protocol, Time at);

// An export request with one item.
[[nodiscard]] std::string probe_request(const ProbeIdentity& identity, catalog::Signal signal,
                                        otlp::Encoding encoding);

}  // namespace obsctl::health
