// SPDX-License-Identifier: Apache-2.0
// Evidence of who sends so much: Prometheus is asked how many items arrive now and arrived before,
// and a store for the services only when that has risen, because its answer costs it a search.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/sources/context.hpp"

namespace obsctl::health {

// Unix seconds and items per second, in the order of time.
using Arriving = std::vector<std::pair<double, double>>;

struct Arrival {
  double now = 0;        // items per second
  double before = 0;     // what is usual
  double before_at = 0;  // unix seconds: a moment when it was so
  bool rose = false;     // many times what is usual, and no trifle
};

// The last minute against what is usual: the smaller one of the medians of the last hour and of all,
// so that neither the time since it rose nor the hours of the day decide. Nothing when the last
// point is older than two minutes, or there are less than five before the last minute.
[[nodiscard]] std::optional<Arrival> arrival_of(const Arriving& points, double now);

// One question for the targets without a sample (for the source prometheus), and for the signals of
// which so much more arrives than usual that the whole of their history is worth asking for.
[[nodiscard]] std::shared_ptr<SharedQuery> shared_query(const Context& context);

// The samples of a signal:
//   arriving_rose{signal}                                 0 or 1
//   arriving_rate{signal}, arriving_rate_before{signal}   items per second; missing while nothing rises
//   sender_rate{signal, service}                          of the services that send most, when it
//   sender_rate_before{signal, service}                   rose: as stored, so without what is filtered
//   senders_rate{signal}, senders_rate_before{signal}     the same of all services
[[nodiscard]] std::vector<Inquiry> sender_inquiries(const Context& context);

}  // namespace obsctl::health
