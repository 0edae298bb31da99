// SPDX-License-Identifier: Apache-2.0
// From findings to causes: which findings are the effect of others, which of the causes loses data
// first, what was ruled out and by what, and what cannot be proven from here. Pure, so that incidents
// are tested as evidence.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/catalog/signatures.hpp"
#include "lib/checks/evidence.hpp"
#include "lib/checks/expression.hpp"
#include "lib/checks/judge.hpp"
#include "lib/checks/ledger.hpp"
#include "lib/template/template.hpp"

namespace obsctl::health {

// Something that could be wrong. It is ruled out when all of `ok` are ok and `when` holds; open when
// one of them is unknown; itself found, and said elsewhere, when one of them failed.
struct Hypothesis {
  std::string what;                // "the memory limiter"
  std::vector<std::string> about;  // ids of the root causes that it could be; empty: any
  std::vector<std::string> ok;     // ids of checks
  std::optional<Expression> when;  // over all evidence
  std::vector<std::string> lines;  // ids of signatures that would say so in a log
  std::string why;                 // it is ruled out
  std::string run;                 // the command that decides when it is open
};

// What a root cause means for the whole, by its check: the first row that fits is the verdict.
struct VerdictRule {
  std::vector<std::string> root;     // ids of checks
  std::vector<std::string> ok;       // ids of checks of the same component that are ok
  std::vector<std::string> not_ok;   // that failed, are unknown or skipped
  std::vector<std::string> effects;  // ids, of which one is an effect: {effect}
  std::vector<std::string> lines;    // ids of signatures, of which a log has one: {line}
  std::string says;                  // may name {message}, {component} and labels, too
};

// What stays open beside a root cause until one of the checks is known, ok or failed.
struct OpenRule {
  std::vector<std::string> root;
  std::vector<std::string> needs;
  std::string what;  // may name {component} and labels
  std::string run;
};

// templates/catalog/diagnose.yaml and components/<name>/diagnose.yaml.
struct DiagnosisRules {
  std::vector<Hypothesis> hypotheses;
  std::vector<VerdictRule> verdicts;
  std::vector<OpenRule> open;
};

[[nodiscard]] Result<DiagnosisRules> read_diagnosis_rules(const TemplateStore& store);

// One problem of a check.
struct Fault {
  std::string id;
  std::string component;
  Problem problem;
  std::size_t more = 0;  // further problems of the same check
};

// Whether the root is the cause, or what was seen would look the same with another one.
enum class Proof { proven, consistent };

constexpr auto names_of(Proof) {
  return std::to_array<Named<Proof>>(
      {{Proof::proven, "proven"}, {Proof::consistent, "consistent"}});
}

// A signature that lines of a log match, with what it says.
struct Said {
  std::string id;
  std::string says;
  std::string fix;
};

struct Path {
  Fault root;
  std::vector<Fault> effects = {};
  std::optional<double> seconds_to_loss = {};  // of the root or an effect; 0: losing now
  Proof proof = Proof::proven;
  std::string decides = {};  // the command that would prove it
  std::vector<Said> log = {};
};

struct RuledOut {
  std::string what;
  std::string why;
};

struct Open {
  std::string what;
  std::string run;
};

struct Diagnosis {
  std::string verdict;
  std::vector<Path> paths = {};  // what loses data first comes first
  std::vector<RuledOut> ruled_out = {};
  std::vector<Open> unknown = {};
};

[[nodiscard]] Diagnosis diagnose(const std::vector<CheckResult>& results,
                                 const std::vector<LedgerLine>& ledger, const Evidence& evidence,
                                 const catalog::Signatures& signatures,
                                 const DiagnosisRules& rules);

// At most 25 lines.
[[nodiscard]] std::string diagnosis_text(const Diagnosis& diagnosis);
// Schema obsctl.health.diagnose/v1.
[[nodiscard]] nlohmann::ordered_json diagnosis_json(const Diagnosis& diagnosis);

}  // namespace obsctl::health
