// SPDX-License-Identifier: Apache-2.0
// Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the line.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "lib/findings/print.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* k_schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

// Besides letters and digits: what a path may carry (RFC 3986), without the ':' of a scheme.
constexpr std::string_view k_unescaped = "-._~/@!$&'()*+,;=";

// A file's name as a URI reference (RFC 3986): absolute ones get the scheme.
std::string uri_of(const std::string& file) {
  std::string out = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool plain = letter || k_unescaped.find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

Json location(const Finding& finding) {
  Json out = Json::object();
  if (finding.place) {
    out["physicalLocation"]["artifactLocation"]["uri"] = uri_of(finding.place->file);
    if (finding.place->line > 0) {
      Json& region = out["physicalLocation"]["region"];
      region["startLine"] = finding.place->line;
      if (finding.place->column > 0) {
        region["startColumn"] = finding.place->column;
      }
    }
  }
  if (!finding.subject.empty()) {
    out["logicalLocations"] = Json::array({{{"fullyQualifiedName", finding.subject}}});
  }
  return out;
}

std::vector<std::string> rule_ids(const Findings& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) {
    if (std::ranges::find(out, finding.id) == out.end()) {
      out.push_back(finding.id);
    }
  }
  return out;
}

Json result(const Finding& finding, const std::vector<std::string>& rules) {
  std::string text = finding.message + ".";
  if (!finding.hint.empty()) {
    text += " Hint: " + finding.hint + ".";
  }
  const auto index = std::ranges::find(rules, finding.id) - rules.begin();
  Json out = {{"ruleId", finding.id},
              {"ruleIndex", index},
              {"level", name_of(finding.severity)},
              {"message", {{"text", std::move(text)}}}};
  if (Json at = location(finding); !at.empty()) {
    out["locations"] = Json::array({std::move(at)});
  }
  if (!finding.evidence.empty()) {
    out["properties"]["evidence"] = finding.evidence;
  }
  return out;
}

}  // namespace

std::string findings_sarif(const Findings& findings, const CheckInfo& info) {
  const auto ids = rule_ids(findings);
  Json rules = Json::array();
  for (const auto& id : ids) {
    rules.push_back({{"id", id}});
  }
  Json results = Json::array();
  for (const auto& finding : findings) {
    results.push_back(result(finding, ids));
  }
  const Json driver = {{"name", "obsctl"}, {"version", info.version}, {"rules", std::move(rules)}};
  const Json run = {{"tool", {{"driver", driver}}},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", std::move(results)}};
  const Json root = {{"$schema", k_schema}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace obsctl
