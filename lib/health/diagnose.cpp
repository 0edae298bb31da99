// SPDX-License-Identifier: Apache-2.0
// Finds the causes among findings, holds hypotheses against checks, and says what follows.
#include "lib/health/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/explain/explain.hpp"

namespace obsctl::health {
namespace {

bool has(const std::vector<std::string>& list, const std::string& id) {
  return std::ranges::find(list, id) != list.end();
}

bool is_failure(const CheckResult& result) {
  return result.status == Status::error || result.status == Status::warning;
}

bool is_open(const CheckResult& result) {
  return result.status == Status::unknown || result.status == Status::skipped;
}

// A fault with what explains it.
struct Item {
  Fault fault;
  std::vector<std::string> explained_by;
  std::optional<std::size_t> cause = {};
  bool certain = true;  // that `cause` is its cause
};

// Each problem that says when it loses data is a fault; the others of a check are one.
std::vector<Item> items_of(const std::vector<CheckResult>& results) {
  std::vector<Item> out;
  for (const CheckResult& result : results) {
    std::optional<std::size_t> shared;
    for (const Problem& problem : result.problems) {
      if (problem.severity == Severity::note) {
        continue;
      }
      if (!problem.seconds_to_loss && shared) {
        out[*shared].fault.more += 1;
        continue;
      }
      if (!problem.seconds_to_loss) {
        shared = out.size();
      }
      out.push_back({.fault = {.id = result.id, .component = result.component, .problem = problem},
                     .explained_by = result.explained_by});
    }
  }
  return out;
}

// A label that names the component: exporter "otlp/tempo" is about tempo.
bool names(const Labels& labels, const std::string& component) {
  return std::ranges::any_of(labels, [&component](const auto& label) {
    return lower(label.second).find(lower(component)) != std::string::npos;
  });
}

bool names_any(const Labels& labels, const std::vector<CheckResult>& results,
               const std::string& besides) {
  return std::ranges::any_of(results, [&](const CheckResult& one) {
    return !one.component.empty() && one.component != besides && names(labels, one.component);
  });
}

// A cause is about the same component, about one that a label names, or about the stack. A failed
// store does not explain what goes to another one; where nothing says what a fault is about, a
// single possible cause is likely, and no more.
void find_cause(Item& item, const std::vector<Item>& items,
                const std::vector<CheckResult>& results) {
  std::vector<std::size_t> possible;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Fault& other = items[i].fault;
    if (&items[i] == &item || !has(item.explained_by, other.id)) {
      continue;
    }
    if (other.component.empty() || other.component == item.fault.component ||
        names(item.fault.problem.labels, other.component)) {
      item.cause = i;
      return;
    }
    possible.push_back(i);
  }
  if (possible.size() == 1 &&
      !names_any(item.fault.problem.labels, results, item.fault.component)) {
    item.cause = possible.front();
    item.certain = false;
  }
}

// The first cause of all; explanations that lead in a circle end after as many steps as there are.
std::pair<std::size_t, bool> root_of(const std::vector<Item>& items, std::size_t at) {
  bool certain = true;
  for (std::size_t steps = 0; items[at].cause && steps < items.size(); ++steps) {
    certain = certain && items[at].certain;
    at = *items[at].cause;
  }
  return {at, certain};
}

void take_loss(Path& path, const Problem& problem) {
  if (problem.seconds_to_loss) {
    path.seconds_to_loss =
        std::min(path.seconds_to_loss.value_or(*problem.seconds_to_loss), *problem.seconds_to_loss);
  }
}

bool comes_before(const Path& a, const Path& b) {
  constexpr double k_never = std::numeric_limits<double>::infinity();
  const double loss_a = a.seconds_to_loss.value_or(k_never);
  const double loss_b = b.seconds_to_loss.value_or(k_never);
  return loss_a != loss_b ? loss_a < loss_b : a.root.problem.severity > b.root.problem.severity;
}

std::vector<Path> paths_of(const std::vector<CheckResult>& results) {
  std::vector<Item> items = items_of(results);
  for (Item& item : items) {
    find_cause(item, items, results);
  }
  std::map<std::size_t, Path> by_root;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto [root, certain] = root_of(items, i);
    Path& path = by_root[root];
    path.root = items[root].fault;
    take_loss(path, items[i].fault.problem);
    if (root != i) {
      path.effects.push_back(items[i].fault);
      path.proof = certain ? path.proof : Proof::consistent;
    }
  }
  std::vector<Path> out;
  for (auto& [root, path] : by_root) {
    out.push_back(std::move(path));
  }
  std::ranges::stable_sort(out, comes_before);
  return out;
}

// Whether a line belongs to a fault: to its check, in a log of its component.
bool is_about(const Sample& line, const Reading& log, const Fault& fault) {
  const auto check = line.labels.find("check");
  const auto exporter = line.labels.find("exporter");
  const auto faulty = fault.problem.labels.find("exporter");
  const bool other_exporter = exporter != line.labels.end() &&
                              faulty != fault.problem.labels.end() &&
                              exporter->second != faulty->second;
  return check != line.labels.end() && check->second == fault.id && !other_exporter &&
         (fault.component.empty() || log.component == fault.component);
}

// Adds what logs say about the root and its effects.
void read_logs(Path& path, const Evidence& evidence, const catalog::Signatures& signatures) {
  for (const Reading& log : evidence.readings) {
    for (const Sample& line : log.samples) {
      const auto id = line.labels.find("signature");
      if (log.source != Source::logs || line.name != "log_signature" || id == line.labels.end()) {
        continue;
      }
      const bool about = is_about(line, log, path.root) ||
                         std::ranges::any_of(path.effects, [&](const Fault& effect) {
                           return is_about(line, log, effect);
                         });
      const catalog::Signature* row = signatures.find(id->second);
      if (!about || row == nullptr) {
        continue;
      }
      const Explanation said = explain_kept(*row, line.labels);
      const bool again =
          std::ranges::any_of(path.log, [&said](const Said& one) { return one.says == said.says; });
      if (!again) {
        path.log.push_back({said.id, said.says, said.fix});
      }
      // A line that has two possible causes proves neither.
      if (row->open) {
        path.proof = Proof::consistent;
        path.decides = said.decides;
      }
    }
  }
}

// Whether a check of another component that the root is about gave an answer.
bool is_known(const std::vector<CheckResult>& results, const std::vector<std::string>& ids,
              const Fault& root) {
  return std::ranges::any_of(results, [&](const CheckResult& one) {
    return has(ids, one.id) && !is_open(one) && one.component != root.component &&
           (one.component.empty() || names(root.problem.labels, one.component));
  });
}

Labels labels_of(const Fault& fault) {
  Labels out = fault.problem.labels;
  out["message"] = fault.problem.message;
  out["component"] = fault.component;
  return out;
}

void add_open(Diagnosis& out, const Path& path, const std::vector<CheckResult>& results,
              const DiagnosisRules& rules) {
  for (const OpenRule& rule : rules.open) {
    if (has(rule.root, path.root.id) && path.log.empty() &&
        !is_known(results, rule.needs, path.root)) {
      out.unknown.push_back({fill_in(rule.what, labels_of(path.root), {}), rule.run});
    }
  }
}

// What texts of hypotheses and verdicts may name of the ledger.
std::map<std::string, double> amounts_of(const std::vector<LedgerLine>& ledger) {
  std::map<std::string, double> out = {{"accepted", 0}, {"stored", 0}, {"lost", 0}, {"refused", 0}};
  for (const LedgerLine& line : ledger) {
    out["accepted"] += line.accepted;
    out["stored"] += line.stored;
    out["refused"] += line.refused;
    for (const auto& [reason, rate] : line.lost) {
      out["lost"] += rate;
    }
  }
  return out;
}

enum class Answer { yes, no, open };

Answer checks_ok(const std::vector<std::string>& ids, const std::vector<CheckResult>& results) {
  bool open = false;
  for (const auto& id : ids) {
    const auto judged =
        std::ranges::count_if(results, [&id](const CheckResult& one) { return one.id == id; });
    for (const CheckResult& one : results) {
      if (one.id == id && is_failure(one)) {
        return Answer::no;
      }
      open = open || (one.id == id && is_open(one));
    }
    if (judged == 0) {
      return Answer::no;  // nobody looked, so that nothing can be said about it
    }
  }
  return open ? Answer::open : Answer::yes;
}

Answer no_lines(const std::vector<std::string>& ids, const Evidence& evidence) {
  if (ids.empty()) {
    return Answer::yes;
  }
  bool asked = false;
  bool open = false;
  for (const Reading& log : evidence.readings) {
    if (log.source != Source::logs) {
      continue;
    }
    asked = true;
    open = open || log.error.has_value();
    for (const Sample& line : log.samples) {
      const auto id = line.labels.find("signature");
      if (id != line.labels.end() && has(ids, id->second)) {
        return Answer::no;
      }
    }
  }
  return asked && !open ? Answer::yes : Answer::open;
}

bool holds(const Expression& condition, const Evidence& evidence) {
  std::vector<const Reading*> readings;
  for (const Reading& reading : evidence.readings) {
    if (!reading.error) {
      readings.push_back(&reading);
    }
  }
  std::set<std::string> missing;
  const Value value = condition.evaluate(readings, {}, missing);
  return missing.empty() && value.of({}).value_or(0) != 0;
}

bool is_worth_saying(const Hypothesis& hypothesis, const std::vector<Path>& paths) {
  return hypothesis.about.empty() || std::ranges::any_of(paths, [&hypothesis](const Path& path) {
           return has(hypothesis.about, path.root.id) ||
                  std::ranges::any_of(path.effects, [&hypothesis](const Fault& effect) {
                    return has(hypothesis.about, effect.id);
                  });
         });
}

void judge_hypotheses(Diagnosis& out, const std::vector<CheckResult>& results,
                      const std::vector<LedgerLine>& ledger, const Evidence& evidence,
                      const DiagnosisRules& rules) {
  for (const Hypothesis& one : rules.hypotheses) {
    const Answer checks = checks_ok(one.ok, results);
    const Answer lines = no_lines(one.lines, evidence);
    if (!is_worth_saying(one, out.paths) || checks == Answer::no || lines == Answer::no) {
      continue;
    }
    if (checks == Answer::open || lines == Answer::open) {
      out.unknown.push_back({one.what, one.run});
    } else if (!one.when || holds(*one.when, evidence)) {
      out.ruled_out.push_back({one.what, fill_in(one.why, {}, amounts_of(ledger))});
    }
  }
}

std::string loss_clause(const Path& path) {
  if (!path.seconds_to_loss) {
    return {};
  }
  return *path.seconds_to_loss <= 0 ? "; data is being lost now"
                                    : fmt::format("; data waits, and loss begins in {}",
                                                  human_duration({*path.seconds_to_loss}));
}

const Fault* effect_of(const Path& path, const std::vector<std::string>& ids) {
  const auto found = std::ranges::find_if(
      path.effects, [&ids](const Fault& effect) { return has(ids, effect.id); });
  return found == path.effects.end() ? nullptr : &*found;
}

const Said* line_of(const Path& path, const std::vector<std::string>& ids) {
  const auto found =
      std::ranges::find_if(path.log, [&ids](const Said& said) { return has(ids, said.id); });
  return found == path.log.end() ? nullptr : &*found;
}

bool fits(const VerdictRule& rule, const Path& path, const std::vector<CheckResult>& results) {
  const auto all = [&](const std::vector<std::string>& ids, const auto& is) {
    return std::ranges::all_of(ids, [&](const std::string& id) {
      return std::ranges::any_of(results, [&](const CheckResult& one) {
        return one.id == id && one.component == path.root.component && is(one);
      });
    });
  };
  return has(rule.root, path.root.id) &&
         (rule.effects.empty() || effect_of(path, rule.effects) != nullptr) &&
         (rule.lines.empty() || line_of(path, rule.lines) != nullptr) &&
         all(rule.ok, [](const CheckResult& one) { return !is_failure(one) && !is_open(one); }) &&
         all(rule.not_ok, [](const CheckResult& one) { return is_failure(one) || is_open(one); });
}

std::string verdict_on(const Path& path, const std::vector<CheckResult>& results,
                       const DiagnosisRules& rules) {
  const Problem& problem = path.root.problem;
  std::string out = problem.message;
  for (const VerdictRule& rule : rules.verdicts) {
    if (fits(rule, path, results)) {
      Labels labels = labels_of(path.root);
      if (const Fault* effect = effect_of(path, rule.effects)) {
        labels["effect"] = effect->problem.message;
      }
      if (const Said* line = line_of(path, rule.lines)) {
        labels["line"] = line->says;
      }
      out = fill_in(rule.says, labels, problem.values);
      break;
    }
  }
  out += loss_clause(path);
  return path.proof == Proof::proven
             ? out
             : fmt::format("cannot be proven from here; what was seen is consistent with: {}", out);
}

std::string verdict_on_faults(const std::vector<Path>& paths,
                              const std::vector<CheckResult>& results,
                              const DiagnosisRules& rules) {
  std::string first = verdict_on(paths.front(), results, rules);
  if (paths.size() == 1) {
    return first;
  }
  const bool loses = paths.front().seconds_to_loss.has_value();
  return fmt::format("{} independent faults, {}: {}", paths.size(),
                     loses ? "the first to lose data first" : "the most serious first", first);
}

// "10 % of traces are kept and 40 % of logs filtered, as configured"; empty when all is stored.
std::string by_configuration(const std::vector<LedgerLine>& ledger) {
  std::vector<std::string> out;
  for (const LedgerLine& line : ledger) {
    const double decided = line.stored + line.sampled;
    if (line.sampled > 0 && decided > 0) {
      out.push_back(fmt::format("{:.0f} % of {} are kept by sampling", 100 * line.stored / decided,
                                line.signal));
    }
    if (line.filtered > 0 && line.accepted > 0) {
      out.push_back(fmt::format("{:.0f} % of {} are filtered out",
                                100 * line.filtered / line.accepted, line.signal));
    }
  }
  return out.empty() ? "" : join(out, ", ") + ", as configured";
}

// What a probe through the whole pipeline found, as its samples say.
std::optional<bool> probe_found(const Evidence& evidence) {
  std::optional<bool> out;
  for (const Reading& reading : evidence.readings) {
    for (const Sample& sample : reading.samples) {
      if (sample.name == "pipeline_probe_found") {
        out = out.value_or(true) && sample.value != 0;
      }
    }
  }
  return out;
}

std::string verdict_without_traffic(Diagnosis& out, const Evidence& evidence) {
  if (probe_found(evidence).value_or(false)) {
    out.unknown.push_back(
        {"why no application sends", "env | grep OTEL_, in the environment of each service"});
    return "the pipeline is proven from end to end by a probe, and no application sends: check the "
           "OTEL_* variables of the services";
  }
  out.unknown.push_back({"whether the pipeline works", "obsctl health --probe"});
  return "nothing is wrong and nothing arrives: the pipeline is not proven by traffic, "
         "`obsctl health --probe` decides";
}

std::string verdict_on_health(Diagnosis& out, const std::vector<CheckResult>& results,
                              const std::vector<LedgerLine>& ledger, const Evidence& evidence) {
  auto amounts = amounts_of(ledger);
  if (amounts["lost"] > 0) {
    return fill_in("{lost:/s} are lost, and no check names the cause", {}, amounts);
  }
  const auto open = std::ranges::count_if(
      results, [](const CheckResult& one) { return one.status == Status::unknown; });
  if (open > 0) {
    return fmt::format("nothing is wrong as far as it could be checked; {} {} unknown", open,
                       open == 1 ? "check is" : "checks are");
  }
  if (amounts["accepted"] <= 0) {
    return verdict_without_traffic(out, evidence);
  }
  std::string verdict = "healthy";
  if (const std::string kept = by_configuration(ledger); !kept.empty()) {
    verdict += ": " + kept;
  }
  for (const CheckResult& one : results) {
    if (one.status == Status::note && !one.problems.empty()) {
      verdict += "; note: " + one.problems.front().message;
      break;
    }
  }
  return verdict;
}

// Checks that nobody could judge, and where items go that the ledger does not know.
void add_unknown(Diagnosis& out, const std::vector<CheckResult>& results,
                 const std::vector<LedgerLine>& ledger) {
  for (const LedgerLine& line : ledger) {
    if (line.unknown > 0) {
      out.unknown.push_back({fmt::format("where {:.4g}/s of {} go", line.unknown, line.signal),
                             "obsctl health -o json"});
    }
  }
  for (const CheckResult& one : results) {
    if (one.status == Status::unknown) {
      out.unknown.push_back({fmt::format("{} ({})", one.title, one.why),
                             fmt::format("obsctl health --only {}", one.id)});
    }
  }
}

}  // namespace

Diagnosis diagnose(const std::vector<CheckResult>& results, const std::vector<LedgerLine>& ledger,
                   const Evidence& evidence, const catalog::Signatures& signatures,
                   const DiagnosisRules& rules) {
  Diagnosis out;
  out.paths = paths_of(results);
  for (Path& path : out.paths) {
    read_logs(path, evidence, signatures);
    if (path.proof == Proof::consistent && path.decides.empty()) {
      path.decides = fmt::format("`obsctl health --only {}`", path.root.id);
    }
    add_open(out, path, results, rules);
  }
  judge_hypotheses(out, results, ledger, evidence, rules);
  add_unknown(out, results, ledger);
  out.verdict = out.paths.empty() ? verdict_on_health(out, results, ledger, evidence)
                                  : verdict_on_faults(out.paths, results, rules);
  return out;
}

}  // namespace obsctl::health
