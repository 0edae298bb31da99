// SPDX-License-Identifier: Apache-2.0
// Findings as workflow commands of GitHub Actions, which annotates the changed lines with them.
#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/findings/print.hpp"

namespace obsctl {
namespace {

std::string data(std::string text) {
  text = replace_all(std::move(text), "%", "%25");
  text = replace_all(std::move(text), "\r", "%0D");
  return replace_all(std::move(text), "\n", "%0A");
}

std::string property(std::string text) {
  return replace_all(replace_all(data(std::move(text)), ":", "%3A"), ",", "%2C");
}

std::string_view command_of(Severity severity) {
  return severity == Severity::note ? "notice" : name_of(severity);
}

}  // namespace

std::string findings_github(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings) {
    out += fmt::format("::{} title={}", command_of(finding.severity), property(finding.id));
    if (finding.place) {
      out += ",file=" + property(finding.place->file);
      if (finding.place->line > 0) {
        out += fmt::format(",line={}", finding.place->line);
      }
      if (finding.place->column > 0) {
        out += fmt::format(",col={}", finding.place->column);
      }
    }
    out += "::" + data(finding.message + (finding.hint.empty() ? "" : "\nhint: " + finding.hint)) +
           "\n";
  }
  return out;
}

}  // namespace obsctl
