// Turns the settings of findings into flags; decides nothing.
#include "commands/findings.hpp"

#include "commands/init_options.hpp"
#include "commands/size_output.hpp"

namespace obsctl {

const char* severity_name(const sizing::Finding& finding) {
  return finding.severity == sizing::Severity::error ? "error" : "warning";
}

std::string hint_of(const sizing::Finding& finding) {
  std::string out = finding.hint;
  if (!finding.fits_with.empty()) {
    out += ": " + typed(finding.fits_with, k_spec_flags);
  }
  if (!finding.or_with.empty()) {
    out += ", or " + typed(finding.or_with, k_spec_flags);
  }
  return out;
}

nlohmann::ordered_json findings_json(const std::vector<sizing::Finding>& findings) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    out.push_back({{"severity", severity_name(finding)},
                   {"code", finding.code},
                   {"message", finding.message},
                   {"hint", hint_of(finding)},
                   {"source", finding.source},
                   {"fits_with", finding.fits_with},
                   {"or_with", finding.or_with}});
  }
  return out;
}

}  // namespace obsctl
