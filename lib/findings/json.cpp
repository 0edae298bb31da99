// SPDX-License-Identifier: Apache-2.0
// Findings for scripts: obsctl's own JSON.
#include "lib/findings/print.hpp"

namespace obsctl {
namespace {

using Json = nlohmann::ordered_json;

Json place(const SourcePos& at) {
  Json out = {{"file", at.file}};
  if (at.line > 0) {
    out["line"] = at.line;
  }
  if (at.column > 0) {
    out["column"] = at.column;
  }
  return out;
}

Json row(const Finding& finding) {
  Json out = {{"id", finding.id}, {"severity", name_of(finding.severity)}};
  const auto add = [&out](const char* key, const std::string& text) {
    if (!text.empty()) {
      out[key] = text;
    }
  };
  add("subject", finding.subject);
  if (finding.place) {
    out["place"] = place(*finding.place);
  }
  out["message"] = finding.message;
  add("evidence", finding.evidence);
  add("hint", finding.hint);
  if (!finding.settings.empty()) {
    out["settings"] = finding.settings;
  }
  if (!finding.alternatives.empty()) {
    out["alternatives"] = finding.alternatives;
  }
  return out;
}

}  // namespace

Json findings_json(const Findings& findings) {
  Json out = Json::array();
  for (const auto& finding : findings) {
    out.push_back(row(finding));
  }
  return out;
}

std::string findings_document(const Findings& findings, const CheckInfo& info) {
  const FindingCounts counts = count(findings);
  const Json root = {
      {"schema", "obsctl.findings/v1"},
      {"check", info.name},
      {"counts",
       {{"errors", counts.errors}, {"warnings", counts.warnings}, {"notes", counts.notes}}},
      {"findings", findings_json(findings)}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace obsctl
