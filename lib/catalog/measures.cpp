// SPDX-License-Identifier: Apache-2.0
// Parses templates/catalog/measures.yaml.
#include "lib/catalog/measures.hpp"

#include "lib/catalog/strict_reader.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

class Reader : StrictReader {
 public:
  Result<std::vector<Measure>> read(const yaml::Node& root) {
    std::vector<Measure> out;
    for (const auto& [name, at, row] : root.entries) {
      known(row, {"title", "unit", "formula", "missing", "queries"});
      out.push_back({name, required(row, "title"), required(row, "unit"), required(row, "formula"),
                     required(row, "missing"), texts(row, "queries")});
    }
    OBS_TRY(problems_.done());
    return out;
  }
};

}  // namespace

Result<std::vector<Measure>> parse_measures(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  return Reader().read(root);
}

Result<std::vector<Measure>> measures() {
  constexpr std::string_view k_path = "catalog/measures.yaml";
  return parse_measures(embedded_file(k_path), std::string(k_path));
}

std::vector<Measure> with_components(std::vector<Measure> measures, const SizingRules& rules) {
  for (auto& measure : measures) {
    for (const auto& [component, sizing] : rules) {
      const auto own = sizing.measures.find(measure.name);
      if (own != sizing.measures.end()) {
        measure.queries.insert(measure.queries.end(), own->second.begin(), own->second.end());
      }
    }
  }
  return measures;
}

}  // namespace obsctl::catalog
