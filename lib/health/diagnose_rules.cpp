// SPDX-License-Identifier: Apache-2.0
// Reads the rules of diagnoses.
#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/catalog/strict_reader.hpp"
#include "lib/health/diagnose.hpp"

namespace obsctl::health {
namespace {

class Reader : catalog::StrictReader {
 public:
  Result<DiagnosisRules> read(const yaml::Node& root) {
    known(root, {"hypotheses", "verdicts", "open"});
    DiagnosisRules out;
    each_item(root, "hypotheses",
              [&](const yaml::Node& row) { out.hypotheses.push_back(hypothesis(row)); });
    each_item(root, "verdicts", [&](const yaml::Node& row) {
      known(row, {"root", "ok", "not_ok", "effects", "lines", "says"});
      out.verdicts.push_back({.root = texts(row, "root"),
                              .ok = texts(row, "ok"),
                              .not_ok = texts(row, "not_ok"),
                              .effects = texts(row, "effects"),
                              .lines = texts(row, "lines"),
                              .says = required(row, "says")});
    });
    each_item(root, "open", [&](const yaml::Node& row) {
      known(row, {"root", "needs", "what", "run"});
      out.open.push_back({.root = texts(row, "root"),
                          .needs = texts(row, "needs"),
                          .what = required(row, "what"),
                          .run = required(row, "run")});
    });
    OBS_TRY(problems_.done());
    return out;
  }

 private:
  Hypothesis hypothesis(const yaml::Node& row) {
    known(row, {"what", "about", "ok", "when", "lines", "why", "run"});
    Hypothesis out{.what = required(row, "what"),
                   .about = texts(row, "about"),
                   .ok = texts(row, "ok"),
                   .when = {},
                   .lines = texts(row, "lines"),
                   .why = required(row, "why"),
                   .run = required(row, "run")};
    if (const std::string when = optional(row, "when"); !when.empty()) {
      auto condition = Expression::parse(when, row.at);
      if (condition) {
        out.when = std::move(*condition);
      } else {
        problems_.add(std::move(condition).error());
      }
    }
    if (out.ok.empty() && out.lines.empty() && !out.when) {
      problems_.add(row.at, "nothing rules '" + out.what + "' out", "'ok', 'when' or 'lines'");
    }
    return out;
  }
};

}  // namespace

Result<DiagnosisRules> read_diagnosis_rules(const TemplateStore& store) {
  OBS_TRY_ASSIGN(auto paths, store.list("components/", "/diagnose.yaml"));
  paths.insert(paths.begin(), "catalog/diagnose.yaml");
  Problems problems;
  DiagnosisRules out;
  for (const auto& path : paths) {
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file()));
    DiagnosisRules one;
    if (problems.take(one, Reader().read(root))) {
      std::ranges::move(one.hypotheses, std::back_inserter(out.hypotheses));
      std::ranges::move(one.verdicts, std::back_inserter(out.verdicts));
      std::ranges::move(one.open, std::back_inserter(out.open));
    }
  }
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::health
