// SPDX-License-Identifier: Apache-2.0
// Parses the sizing.yaml of the components.
#include "lib/catalog/component_sizing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lib/base/text.hpp"
#include "lib/catalog/component_files.hpp"
#include "lib/catalog/measures.hpp"
#include "lib/catalog/strict_reader.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

// Bytes with their unit or, for cores, a plain number; both as a double.
enum class Amount { cores, bytes };

Result<double> parse_amount(const yaml::Node& node, std::string_view key, Amount amount) {
  auto value = [&]() -> Result<double> {
    if (amount == Amount::cores) {
      return parse_count(node.scalar, key);
    }
    OBS_TRY_ASSIGN(const Bytes bytes, parse_bytes(node.scalar, key));
    return bytes.value;
  }();
  if (!value) {
    return fail_at(node.at, value.error().message, value.error().hint);
  }
  return value;
}

class Reader : StrictReader {
 public:
  Result<ComponentSizing> read(const yaml::Node& root, const std::string& name) {
    known(root, {"cpus", "memory", "disk", "stores", "holds", "runs_once", "settings", "measures"});
    ComponentSizing out;
    out.name = name;
    read_resource(root, "cpus", Amount::cores, out.cpus);
    amounts_.emplace_back("cores");
    read_resource(root, "memory", Amount::bytes, out.memory);
    if (root.find("disk") != nullptr) {
      read_resource(root, "disk", Amount::bytes, out.disk);
    }
    each_entry(root, "stores", [&](const yaml::Entry& entry) { read_stored(entry, out.stores); });
    out.holds_objects = read_holds_objects(root);
    out.runs_once = optional(root, "runs_once");
    if (const yaml::Node* settings = part(root, "settings", yaml::Node::Kind::map, "a map")) {
      out.settings = read_settings(*settings);
    }
    if (root.find("measures") != nullptr) {
      OBS_TRY_ASSIGN(const auto all, catalog::measures());
      out.measures = read_measures(root, all);
    }
    OBS_TRY(problems_.done());
    return out;
  }

  Result<std::vector<SettingRule>> read_common(const yaml::Node& root) {
    amounts_.emplace_back("cores");
    auto out = read_settings(root);
    OBS_TRY(problems_.done());
    return out;
  }

 private:
  void read_resource(const yaml::Node& root, std::string_view key, Amount kind, ResourceRule& out) {
    const yaml::Node* row = nullptr;
    if (!problems_.take(row, root.require(key))) {
      return;
    }
    known(*row, {"floor", "base", "per", "points", "replicated", "headroom", "source", "url"});
    problems_.check(row->require("floor"));
    read_amount(*row, "floor", kind, out.floor);
    read_amount(*row, "base", kind, out.base);
    read_amount(*row, "replicated", kind, out.replicated);
    problems_.check(read_quantity(*row, "headroom", out.headroom, parse_count, false));
    each_item(*row, "per", [&](const yaml::Node& item) { read_term(item, kind, out.per); });
    if (const yaml::Node* points = row->find("points")) {
      out.points = read_points(*points, kind);
    }
    out.source = read_source(*row);
  }

  void read_amount(const yaml::Node& row, std::string_view key, Amount kind, double& into) {
    if (const yaml::Node* node = row.find(key)) {
      problems_.take(into, parse_amount(*node, key, kind));
    }
  }

  // The name of an amount that there is here.
  std::string read_name(const yaml::Node& row, std::string_view key) {
    std::string name = required(row, key);
    if (!name.empty() && std::ranges::find(amounts_, name) == amounts_.end()) {
      unknown(row.find(key)->at, fmt::format("unknown amount '{}'", name), name, amounts_,
              "amounts");
    }
    return name;
  }

  void read_term(const yaml::Node& row, Amount kind, std::vector<Term>& into) {
    known(row, {"of", "per", "takes"});
    Term out;
    out.of = read_name(row, "of");
    const bool has_per = problems_.check(read_quantity(row, "per", out.per, parse_count));
    problems_.check(row.require("takes"));
    read_amount(row, "takes", kind, out.takes);
    if (has_per && out.per <= 0) {
      problems_.add(row.at, "'per' must be more than 0");
    }
    into.push_back(std::move(out));
  }

  Points read_points(const yaml::Node& row, Amount kind) {
    known(row, {"of", "at", "take"});
    Points out;
    out.of = read_name(row, "of");
    const bool has_at = read_pair(row, "at", Amount::cores, out.at);
    const bool has_take = read_pair(row, "take", kind, out.take);
    if (has_at && has_take &&
        (out.at[0] <= 0 || out.at[1] <= out.at[0] || out.take[0] <= 0 ||
         out.take[1] < out.take[0])) {
      problems_.add(row.at, "both points must be above 0, and the second above the first");
    }
    return out;
  }

  bool read_pair(const yaml::Node& row, std::string_view key, Amount kind, double (&into)[2]) {
    const yaml::Node* pair = row.find(key);
    if (pair == nullptr || pair->items.size() != 2) {
      problems_.add(row.at, fmt::format("'{}' must have two entries", key));
      return false;
    }
    const bool first = problems_.take(into[0], parse_amount(pair->items[0], key, kind));
    return problems_.take(into[1], parse_amount(pair->items[1], key, kind)) && first;
  }

  Reference read_source(const yaml::Node& row) {
    return {required(row, "source"), optional(row, "url")};
  }

  void read_stored(const yaml::Entry& entry, std::map<Signal, StoredRule>& into) {
    const yaml::Node& row = entry.value;
    known(row, {"factor", "sample_size", "source", "url"});
    const auto signal = signal_named(entry.key);
    if (!signal) {
      unknown(entry.at, fmt::format("unknown signal '{}'", entry.key), entry.key, signal_names(),
              "signals");
      return;
    }
    StoredRule out;
    problems_.check(read_quantity(row, "factor", out.factor, parse_count, false));
    read_amount(row, "sample_size", Amount::bytes, out.sample_size);
    if (signal == Signal::metrics && out.sample_size <= 0) {
      problems_.add(entry.at, "stored metrics need a 'sample_size' of more than 0",
                    "the bytes that a sample takes on disk, for example sample_size: 1.5B");
    }
    out.source = read_source(row);
    into[*signal] = std::move(out);
  }

  bool read_holds_objects(const yaml::Node& root) {
    const yaml::Node* holds = root.find("holds");
    if (holds != nullptr && holds->scalar != "objects") {
      problems_.add(holds->at, fmt::format("'{}' is nothing to hold", holds->scalar), "objects");
    }
    return holds != nullptr;
  }

  Rounding read_rounding(const yaml::Node& row) {
    static const std::map<std::string, Rounding> k_ways = {
        {"none", Rounding::none}, {"up", Rounding::up}, {"down", Rounding::down}};
    const yaml::Node* round = row.find("round");
    return round == nullptr
               ? Rounding::none
               : choice(round->at, "rounding", round->scalar, k_ways).value_or(Rounding::none);
  }

  std::vector<SettingRule> read_settings(const yaml::Node& settings) {
    amounts_.insert(amounts_.end(), {"memory", "disk"});
    std::vector<SettingRule> out;
    for (const auto& entry : settings.entries) {
      out.push_back(read_setting(entry));
      amounts_.push_back(entry.key);
    }
    return out;
  }

  SettingRule read_setting(const yaml::Entry& entry) {
    const yaml::Node& row = entry.value;
    known(row, {"of", "over", "times", "floor", "unit", "round", "why", "in", "url"});
    SettingRule out;
    out.name = entry.key;
    out.of = read_name(row, "of");
    out.over = row.find("over") != nullptr ? read_name(row, "over") : "";
    problems_.check(read_quantity(row, "times", out.times, parse_count, false));
    problems_.check(read_quantity(row, "floor", out.floor, parse_count, false));
    out.unit = required(row, "unit");
    out.round = read_rounding(row);
    out.why = required(row, "why");
    out.in = required(row, "in");
    out.url = optional(row, "url");
    return out;
  }

  std::map<std::string, std::vector<std::string>> read_measures(const yaml::Node& root,
                                                                const std::vector<Measure>& all) {
    std::vector<std::string> names;
    std::ranges::transform(all, std::back_inserter(names), &Measure::name);
    std::map<std::string, std::vector<std::string>> out;
    each_entry(root, "measures", [&](const yaml::Entry& entry) {
      if (std::ranges::find(names, entry.key) == names.end()) {
        unknown(entry.at, fmt::format("unknown measure '{}'", entry.key), entry.key, names,
                "measures");
      }
      out[entry.key] = texts(*root.find("measures"), entry.key);
    });
    return out;
  }

  // What a rule can name where the reader stands; grows from the load's amounts on.
  std::vector<std::string> amounts_{k_load_amounts.begin(), k_load_amounts.end()};
};

}  // namespace

Result<ComponentSizing> parse_component_sizing(std::string_view text, const std::string& file,
                                               const std::string& name) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  return Reader().read(root, name);
}

std::string cluster_of(const std::string& component) {
  return component + "/cluster";
}

Result<SizingRules> sizing_rules() {
  SizingRules out;
  for (const auto& file : component_files("sizing.yaml")) {
    OBS_TRY_ASSIGN(out[file.component],
                   parse_component_sizing(file.bytes, file.path, file.component));
  }
  for (const auto& file : component_files("sizing.cluster.yaml")) {
    OBS_TRY_ASSIGN(out[cluster_of(file.component)],
                   parse_component_sizing(file.bytes, file.path, file.component));
  }
  return out;
}

Result<std::vector<SettingRule>> common_settings() {
  constexpr std::string_view k_path = "catalog/settings.yaml";
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(embedded_file(k_path), std::string(k_path)));
  return Reader().read_common(root);
}

}  // namespace obsctl::catalog
