// SPDX-License-Identifier: Apache-2.0
// Constants of the sizing models and the contradictions between their sources, from models.yaml.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

// A published capacity-planning constant and the sentence it was taken from.
struct PublishedRule {
  double value = 0;
  bool assumed = false;  // nobody publishes a number; `source` says so
  std::string rule;
  std::string source;
};

struct HaRule {
  std::string component;
  int minimum = 0;
  int recommended = 0;
  std::string needs;
};

struct DrOption {
  std::string rpo;
  std::string rto;
  std::string strategy;
  double overhead = 0;  // share of the monthly cost
};

// A table that divides events/s into scales: below limits[0] is its first scale, and so on.
struct ScaleTable {
  std::string table;
  std::vector<double> limits;
  std::vector<double> brokers;     // tables of brokers only
  std::vector<double> partitions;  // per topic; may be empty

  // Index of the scale that `events_per_second` falls in.
  [[nodiscard]] std::size_t scale(double events_per_second) const;
};

struct ModelData {
  std::map<std::string, double> ratios;  // GB per 10,000 events/s by what it is for
  std::map<std::string, PublishedRule> published;
  std::vector<HaRule> ha;
  std::vector<DrOption> dr;
  std::vector<ScaleTable> boundaries;
  std::vector<ScaleTable> brokers;
  std::map<std::string, std::string> contradictions;  // by CT id

  // A published rule; the catalog test guarantees that every name used exists.
  [[nodiscard]] const PublishedRule& rule(const std::string& name) const;
};

[[nodiscard]] Result<ModelData> parse_models(std::string_view text, const std::string& file);
[[nodiscard]] Result<ModelData> models();

}  // namespace obsctl::catalog
