// SPDX-License-Identifier: Apache-2.0
// Client of the Prometheus HTTP query API, which Mimir and VictoriaMetrics answer too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/http.hpp"
#include "lib/prom/sample.hpp"

namespace obsctl::prom {

// Samples of the answer to an instant query: of a vector, or the single one of a scalar. Errors:
// the server refused the query (its own words), or this is not the answer of such a server.
[[nodiscard]] Result<std::vector<Sample>> parse_query_answer(std::string_view body);

inline constexpr Duration k_query_timeout = {15};

class QueryClient {
 public:
  // `url` is the server's base, for example "http://127.0.0.1:9090"; a path prefix is kept.
  QueryClient(HttpClient& http, std::string url);

  [[nodiscard]] const std::string& url() const { return url_; }

  // Runs an instant query. Errors: unreachable, or as parse_query_answer.
  [[nodiscard]] Result<std::vector<Sample>> query(std::string_view promql,
                                                  Duration timeout = k_query_timeout) const;

  // The finite value of a query with one result; nothing when it has none.
  [[nodiscard]] Result<std::optional<double>> value(std::string_view promql,
                                                    Duration timeout = k_query_timeout) const;

 private:
  HttpClient& http_;
  std::string url_;
};

}  // namespace obsctl::prom
