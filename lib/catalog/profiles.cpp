// SPDX-License-Identifier: Apache-2.0
// Parses templates/catalog/profiles.yaml.
#include "lib/catalog/profiles.hpp"

#include <fmt/format.h>

#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::string_view k_path = "catalog/profiles.yaml";

Result<ProfileRates> read_rates(const yaml::Node& row) {
  OBS_TRY(row.only({"spans", "series", "lines"}));
  ProfileRates out;
  OBS_TRY(read_quantity(row, "spans", out.spans, parse_rate));
  OBS_TRY(read_quantity(row, "series", out.series, parse_count));
  OBS_TRY(read_quantity(row, "lines", out.lines, parse_rate));
  return out;
}

Result<ProfileRetention> read_retention(const yaml::Node& row) {
  OBS_TRY(row.only({"traces", "metrics", "logs"}));
  ProfileRetention out;
  OBS_TRY(read_quantity(row, "traces", out.traces, parse_duration));
  OBS_TRY(read_quantity(row, "metrics", out.metrics, parse_duration));
  OBS_TRY(read_quantity(row, "logs", out.logs, parse_duration));
  return out;
}

Result<Profile> read_profile(const yaml::Entry& entry) {
  const yaml::Node& row = entry.value;
  OBS_TRY(
      row.only({"meant_for", "cpus", "memory", "disk", "reserve", "rates", "retention", "band"}));
  Profile out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.meant_for, row.text("meant_for"));
  OBS_TRY(read_quantity(row, "cpus", out.cpus, parse_count));
  OBS_TRY(read_quantity(row, "memory", out.memory, parse_bytes));
  OBS_TRY(read_quantity(row, "disk", out.disk, parse_bytes));
  OBS_TRY(read_quantity(row, "reserve", out.reserve, parse_bytes));
  if (const yaml::Node* rates = row.find("rates")) {
    OBS_TRY_ASSIGN(out.rates, read_rates(*rates));
  }
  if (const yaml::Node* retention = row.find("retention")) {
    OBS_TRY_ASSIGN(out.retention, read_retention(*retention));
  }
  OBS_TRY_ASSIGN(const yaml::Node* band, row.require("band"));
  OBS_TRY_ASSIGN(out.band, read_rates(*band));
  if (out.reserve >= out.memory) {
    return fail_at(entry.at, fmt::format("profile '{}' reserves all of its memory", entry.key));
  }
  return out;
}

}  // namespace

Result<std::vector<Profile>> parse_profiles(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"profiles"}));
  OBS_TRY_ASSIGN(const yaml::Node* rows, root.require("profiles"));
  std::vector<Profile> out;
  for (const auto& entry : rows->entries) {
    OBS_TRY_ASSIGN(auto profile, read_profile(entry));
    if (!out.empty() && (out.back().cpus >= profile.cpus || out.back().memory >= profile.memory)) {
      return fail_at(entry.at, fmt::format("profile '{}' is not larger than '{}'", profile.name,
                                           out.back().name));
    }
    out.push_back(std::move(profile));
  }
  if (out.empty()) {
    return fail_at(rows->at, "no profiles");
  }
  return out;
}

Result<std::vector<Profile>> profiles() {
  return parse_profiles(embedded_file(k_path), std::string(k_path));
}

}  // namespace obsctl::catalog
