// SPDX-License-Identifier: Apache-2.0
// Findings as JUnit XML, which CI services show as tests.
#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/findings/print.hpp"
#include "lib/ui/xml.hpp"

namespace obsctl {
namespace {

std::string body_of(const Finding& finding) {
  std::string out = finding.message;
  if (finding.place) {
    out += "\nin: " + finding.place->str();
  }
  if (!finding.hint.empty()) {
    out += "\nhint: " + finding.hint;
  }
  return xml_escaped(out);
}

std::string test_case(const Finding& finding, const CheckInfo& info) {
  const std::string name =
      finding.subject.empty() ? finding.id : fmt::format("{} ({})", finding.id, finding.subject);
  const std::string body =
      finding.severity == Severity::error
          ? fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", xml_escaped(finding.id),
                        xml_escaped(finding.message), body_of(finding))
          : fmt::format("<system-out>{}: {}</system-out>", name_of(finding.severity),
                        body_of(finding));
  return fmt::format("  <testcase classname=\"{}\" name=\"{}\">\n    {}\n  </testcase>\n",
                     xml_escaped(info.name), xml_escaped(name), body);
}

}  // namespace

std::string findings_junit(const Findings& findings, const CheckInfo& info) {
  std::string cases;
  for (const auto& finding : findings) {
    cases += test_case(finding, info);
  }
  if (findings.empty()) {
    cases = fmt::format("  <testcase classname=\"{0}\" name=\"{0}\"/>\n", xml_escaped(info.name));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}</testsuite>\n",
      xml_escaped(info.name), std::max<std::size_t>(findings.size(), 1), count(findings).errors,
      cases);
}

}  // namespace obsctl
