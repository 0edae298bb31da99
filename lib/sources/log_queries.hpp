// SPDX-License-Identifier: Apache-2.0
// Which queries and which dashboards take the time, from the lines in which programs write down what
// they were asked: no metric names a query.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/checks/evidence.hpp"
#include "lib/engine/logs.hpp"

namespace obsctl::health {

// Of a PromQL engine's query log (`query_log_file`), JSON lines:
//   query_log_lines                        only when there are any
//   query_log_seconds                      that all of them took
//   query_seconds{query, asked_by}         of the queries that took most, rules included
//   query_runs{query, asked_by}
//   query_slowest_seconds{query, asked_by}
// asked_by is a rule group, or the service that has the address, or the address.
[[nodiscard]] Samples query_samples(const std::vector<LogLine>& lines,
                                    const std::map<std::string, std::string>& services);

// Of Grafana's lines about finished requests to data sources, by the dashboard's uid in their
// referer. It writes those that failed, and with `router_logging` all:
//   dashboard_seconds{dashboard}           that they took
//   dashboard_requests{dashboard}
//   dashboard_slow_requests{dashboard}     five seconds or longer
//   dashboard_slowest_seconds{dashboard}
[[nodiscard]] Samples dashboard_samples(const std::vector<LogLine>& lines);

}  // namespace obsctl::health
