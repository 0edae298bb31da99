// SPDX-License-Identifier: Apache-2.0
// Answers of the Prometheus API as samples: pure, and without trust in what the answers hold.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "lib/checks/evidence.hpp"
#include "lib/sources/promql_names.hpp"

namespace obsctl::health {

// Each takes the part "data" of an answer.
[[nodiscard]] Samples target_samples(const nlohmann::json& data);
[[nodiscard]] Samples alert_samples(const nlohmann::json& data, Time now);
[[nodiscard]] Samples alertmanager_samples(const nlohmann::json& data);
[[nodiscard]] Samples runtime_samples(const nlohmann::json& data);
[[nodiscard]] Samples tsdb_samples(const nlohmann::json& data);
[[nodiscard]] Samples replay_samples(const nlohmann::json& data);

// The alerts in an answer about rules, as an answer about alerts has them; nothing where it does not
// list them.
[[nodiscard]] std::optional<nlohmann::json> alerts_of_rules(const nlohmann::json& data);

struct RulesSeen {
  Time now;
  std::optional<Time> started;      // since when it has these rules; nothing: not known
  std::optional<KnownNames> names;  // of all metrics; nothing: not known
};

[[nodiscard]] Samples rule_samples(const nlohmann::json& data, const RulesSeen& seen);

// The kind of a scrape's error: "sample limit", "timeout", "refused", "dns", "status", "format" or
// "other".
[[nodiscard]] std::string_view scrape_failure(std::string_view error);

}  // namespace obsctl::health
