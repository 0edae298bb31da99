// Parses the sizing.yaml of the components.
#include "lib/catalog/component_sizing.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/catalog/row.hpp"
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

Result<void> read_amount(const yaml::Node& row, std::string_view key, Amount amount, double& into) {
  if (const yaml::Node* node = row.find(key)) {
    OBS_TRY_ASSIGN(into, parse_amount(*node, key, amount));
  }
  return {};
}

Result<Term> read_term(const yaml::Node& row, Amount amount) {
  OBS_TRY(row.only({"of", "per", "takes"}));
  Term out;
  OBS_TRY_ASSIGN(out.of, row.text("of"));
  OBS_TRY(read_quantity(row, "per", out.per, parse_count));
  OBS_TRY_ASSIGN(const yaml::Node* takes, row.require("takes"));
  OBS_TRY_ASSIGN(out.takes, parse_amount(*takes, "takes", amount));
  if (out.per <= 0) {
    return fail_at(row.at, "'per' must be more than 0");
  }
  return out;
}

Result<Points> read_points(const yaml::Node& row, Amount amount) {
  OBS_TRY(row.only({"of", "at", "take"}));
  Points out;
  OBS_TRY_ASSIGN(out.of, row.text("of"));
  OBS_TRY_ASSIGN(const yaml::Node* at, row.require("at"));
  OBS_TRY_ASSIGN(const yaml::Node* take, row.require("take"));
  if (at->items.size() != 2 || take->items.size() != 2) {
    return fail_at(row.at, "'at' and 'take' must have two entries each");
  }
  for (std::size_t i = 0; i < 2; ++i) {
    OBS_TRY_ASSIGN(out.at[i], parse_amount(at->items[i], "at", Amount::cores));
    OBS_TRY_ASSIGN(out.take[i], parse_amount(take->items[i], "take", amount));
  }
  if (out.at[0] <= 0 || out.at[1] <= out.at[0] || out.take[0] <= 0 || out.take[1] < out.take[0]) {
    return fail_at(row.at, "both points must be above 0, and the second above the first");
  }
  return out;
}

Result<ResourceRule> read_resource(const yaml::Node& row, Amount amount) {
  OBS_TRY(row.only({"floor", "base", "per", "points", "replicated", "headroom", "source", "url"}));
  ResourceRule out;
  OBS_TRY(row.require("floor"));
  OBS_TRY(read_amount(row, "floor", amount, out.floor));
  OBS_TRY(read_amount(row, "base", amount, out.base));
  OBS_TRY(read_amount(row, "replicated", amount, out.replicated));
  OBS_TRY(read_quantity(row, "headroom", out.headroom, parse_count, false));
  if (const yaml::Node* terms = row.find("per")) {
    for (const auto& item : terms->items) {
      OBS_TRY_ASSIGN(auto term, read_term(item, amount));
      out.per.push_back(std::move(term));
    }
  }
  if (const yaml::Node* points = row.find("points")) {
    OBS_TRY_ASSIGN(out.points, read_points(*points, amount));
  }
  OBS_TRY_ASSIGN(out.source.text, row.text("source"));
  out.source.url = row.text_or("url", "");
  return out;
}

Result<StoredRule> read_stored(const yaml::Node& row) {
  OBS_TRY(row.only({"factor", "sample_size", "source", "url"}));
  StoredRule out;
  OBS_TRY(read_quantity(row, "factor", out.factor, parse_count, false));
  OBS_TRY(read_amount(row, "sample_size", Amount::bytes, out.sample_size));
  OBS_TRY_ASSIGN(out.source.text, row.text("source"));
  out.source.url = row.text_or("url", "");
  return out;
}

Result<Rounding> read_rounding(const yaml::Node& row) {
  const std::string text = row.text_or("round", "none");
  if (text == "up") {
    return Rounding::up;
  }
  if (text == "down") {
    return Rounding::down;
  }
  if (text == "none") {
    return Rounding::none;
  }
  return fail_at(row.find("round")->at, fmt::format("'{}' is not a way to round", text),
                 "up, down or none");
}

Result<SettingRule> read_setting(const yaml::Entry& entry) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"of", "over", "times", "floor", "unit", "round", "why", "in", "url"}));
  SettingRule out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.of, row.text("of"));
  out.over = row.text_or("over", "");
  OBS_TRY(read_quantity(row, "times", out.times, parse_count, false));
  OBS_TRY(read_quantity(row, "floor", out.floor, parse_count, false));
  OBS_TRY_ASSIGN(out.unit, row.text("unit"));
  OBS_TRY_ASSIGN(out.round, read_rounding(row));
  OBS_TRY_ASSIGN(out.why, row.text("why"));
  OBS_TRY_ASSIGN(out.in, row.text("in"));
  out.url = row.text_or("url", "");
  return out;
}

Result<std::vector<SettingRule>> read_settings(const yaml::Node& settings) {
  std::vector<SettingRule> out;
  for (const auto& entry : settings.entries) {
    OBS_TRY_ASSIGN(auto setting, read_setting(entry));
    out.push_back(std::move(setting));
  }
  return out;
}

}  // namespace

Result<ComponentSizing> parse_component_sizing(std::string_view text, const std::string& file,
                                               const std::string& name) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"cpus", "memory", "disk", "stores", "settings"}));
  ComponentSizing out;
  out.name = name;
  OBS_TRY_ASSIGN(const yaml::Node* cpus, root.require("cpus"));
  OBS_TRY_ASSIGN(out.cpus, read_resource(*cpus, Amount::cores));
  OBS_TRY_ASSIGN(const yaml::Node* memory, root.require("memory"));
  OBS_TRY_ASSIGN(out.memory, read_resource(*memory, Amount::bytes));
  if (const yaml::Node* disk = root.find("disk")) {
    OBS_TRY_ASSIGN(out.disk, read_resource(*disk, Amount::bytes));
  }
  if (const yaml::Node* stores = root.find("stores")) {
    OBS_TRY(stores->only({"traces", "metrics", "logs"}));
    for (const auto& entry : stores->entries) {
      OBS_TRY_ASSIGN(out.stores[entry.key], read_stored(entry.value));
    }
  }
  if (const yaml::Node* settings = root.find("settings")) {
    OBS_TRY_ASSIGN(out.settings, read_settings(*settings));
  }
  return out;
}

Result<SizingRules> sizing_rules() {
  constexpr std::string_view k_folder = "components/";
  constexpr std::string_view k_name = "/sizing.yaml";
  SizingRules out;
  for (const auto& file : embedded_files()) {
    if (file.path.starts_with(k_folder) && file.path.ends_with(k_name)) {
      const std::string name(
          file.path.substr(k_folder.size(), file.path.size() - k_folder.size() - k_name.size()));
      OBS_TRY_ASSIGN(out[name], parse_component_sizing(file.bytes, std::string(file.path), name));
    }
  }
  return out;
}

Result<std::vector<SettingRule>> common_settings() {
  constexpr std::string_view k_path = "catalog/settings.yaml";
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(embedded_file(k_path), std::string(k_path)));
  return read_settings(root);
}

}  // namespace obsctl::catalog
