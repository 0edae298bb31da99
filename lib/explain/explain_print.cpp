// SPDX-License-Identifier: Apache-2.0
// Prints explanations, for people and for scripts.
#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/explain/explain.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_width = 100;
constexpr std::size_t k_indent = 10;

// "  cause   text", wrapped under itself; nothing for an empty text.
std::string row(std::string_view name, const std::string& text) {
  if (text.empty()) {
    return {};
  }
  std::string lines = wrap(printable(text), k_width, k_indent);
  lines.replace(0, k_indent, fmt::format("  {:<{}}", name, k_indent - 2));
  return lines + "\n";
}

std::string_view sentence_of(catalog::SignatureClass kind) {
  using enum catalog::SignatureClass;
  switch (kind) {
    case loss: return "data is lost";
    case transient: return "data waits and is tried again";
    case crash: return "a program does not run, or not after its next start";
    case noise: break;
  }
  return "says nothing about data";
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  if (!explanation.matched) {
    return "unknown: no signature knows this text\n";
  }
  const bool line = explanation.id.starts_with("SIG-");
  std::string head = fmt::format("{} {}", explanation.id, name_of(explanation.severity));
  if (explanation.repeated && *explanation.repeated != explanation.severity) {
    head += fmt::format(" ({} when it repeats)", name_of(*explanation.repeated));
  }
  if (line) {
    head += fmt::format(": {}", sentence_of(explanation.kind));
  }
  if (!explanation.check.empty() && explanation.check != explanation.id) {
    head += fmt::format(" (check {})", explanation.check);
  }
  std::string out = head + "\n";
  out += row("says", explanation.says);
  out += row("cause", explanation.cause);
  out += row("fix", explanation.fix);
  out += row("not", join(explanation.mistaken, "; "));
  out += row("decide", explanation.decides);
  return out;
}

nlohmann::ordered_json explanation_json(const Explanation& explanation) {
  nlohmann::ordered_json out = {{"schema", "obsctl.health.explain/v1"},
                                {"matched", explanation.matched}};
  if (!explanation.matched) {
    return out;
  }
  out["id"] = explanation.id;
  out["fate"] = explanation.fate;
  out["component"] = explanation.component;
  out["class"] = name_of(explanation.kind);
  out["severity"] = name_of(explanation.severity);
  out["severity_repeated"] = name_of(explanation.repeated.value_or(explanation.severity));
  out["check"] = explanation.check;
  out["says"] = explanation.says;
  out["cause"] = explanation.cause;
  out["fix"] = explanation.fix;
  out["not"] = explanation.mistaken;
  out["decides"] = explanation.decides;
  out["captures"] = explanation.captures;
  return out;
}

}  // namespace obsctl::health
