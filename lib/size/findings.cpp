// Findings as JSON.
#include "lib/size/findings.hpp"

namespace obsctl::size {

const char* severity_name(const sizing::Finding& finding) {
  return finding.severity == sizing::Severity::error ? "error" : "warning";
}

nlohmann::ordered_json findings_json(const std::vector<sizing::Finding>& findings) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    out.push_back({{"severity", severity_name(finding)},
                   {"code", finding.code},
                   {"message", finding.message},
                   {"hint", finding.hint},
                   {"source", finding.source},
                   {"fits_with", finding.fits_with},
                   {"or_with", finding.or_with}});
  }
  return out;
}

}  // namespace obsctl::size
