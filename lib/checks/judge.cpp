// SPDX-License-Identifier: Apache-2.0
// Turns evidence into results: which checks can be judged, what they find, and which finding is the
// effect of another.
#include "lib/checks/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

// What was read for one check.
struct Given {
  std::vector<const Reading*> readings;  // without an error
  std::vector<const Reading*> failed;
  std::vector<Source> unasked;
};

// A check of a component reads what is about it; one of the stack reads everything of its sources.
Given given_for(const Check& check, const Evidence& evidence) {
  Given out;
  for (const Source source : check.reads) {
    bool asked = false;
    for (const Reading& reading : evidence.readings) {
      const bool about = check.row.component.empty() || reading.component == check.row.component;
      if (reading.source == source && about) {
        asked = true;
        (reading.error ? out.failed : out.readings).push_back(&reading);
      }
    }
    if (!asked) {
      out.unasked.push_back(source);
    }
  }
  return out;
}

std::string why_failed(const std::vector<const Reading*>& failed) {
  const Reading& first = *failed.front();
  return fmt::format("{} could not be read: {}", first.from, first.error->message);
}

// Whether a sample is about a subject: no label of that name says otherwise.
bool fits(const Sample& sample, const Labels& subject) {
  return std::ranges::all_of(subject, [&sample](const auto& label) {
    const auto found = sample.labels.find(label.first);
    return found == sample.labels.end() || found->second == label.second;
  });
}

// The texts that a component's log has for a subject. They are no condition, so a log that nobody
// can read takes nothing from a finding.
Labels quotes_of(const catalog::HealthCheck& row, const Evidence& evidence, const Labels& subject) {
  Labels out;
  for (const auto& [name, sample_name] : row.quotes) {
    for (const Reading& reading : evidence.readings) {
      if (reading.source != Source::logs || reading.component != row.component) {
        continue;
      }
      for (const Sample& sample : reading.samples) {
        if (sample.name == sample_name && sample.labels.contains(name) && fits(sample, subject)) {
          out[name] = sample.labels.at(name);
        }
      }
    }
  }
  return out;
}

class Judge {
 public:
  Judge(const std::vector<Check>& checks, const Evidence& evidence)
      : checks_(checks),
        evidence_(evidence),
        results_(checks.size()),
        done_(checks.size(), false),
        unmet_(checks.size(), false) {}

  std::vector<CheckResult> all() {
    for (std::size_t i = 0; i < checks_.size(); ++i) {
      result(i);
    }
    explain();
    return std::move(results_);
  }

 private:
  // Needs form no circle, so this ends.
  const CheckResult& result(std::size_t i) {
    if (!done_[i]) {
      results_[i] = judged(i);
      done_[i] = true;
    }
    return results_[i];
  }

  template <class Visit>
  void for_each_named(const std::string& id, const std::string& component, const Visit& visit) {
    for (std::size_t i = 0; i < checks_.size(); ++i) {
      const catalog::HealthCheck& row = checks_[i].row;
      if (row.id == id &&
          (row.component == component || row.component.empty() || component.empty())) {
        visit(i);
      }
    }
  }

  struct Unmet {
    std::string why;        // empty: nothing that was found makes the check meaningless
    bool of_stack = false;  // the stack's trouble, not the component's
  };

  // A check that nobody could judge says nothing against those that need it: they have evidence of
  // their own.
  Unmet unmet_need(const Check& check) {
    Unmet out;
    for (const auto& id : check.row.needs) {
      for_each_named(id, check.row.component, [&](std::size_t i) {
        const CheckResult& needed = result(i);
        if (!out.why.empty()) {
          return;
        }
        if (needed.status == Status::error) {
          out = {fmt::format("not so: {} ({})", needed.title, id), needed.component.empty()};
        } else if (unmet_[i]) {
          out = {needed.why, false};
        }
      });
    }
    return out;
  }

  CheckResult judged(std::size_t i) {
    const Check& check = checks_[i];
    CheckResult out;
    out.id = check.row.id;
    out.category = check.row.category;
    out.component = check.row.component;
    out.title = check.row.title;
    if (Unmet unmet = unmet_need(check); !unmet.why.empty()) {
      out.status = Status::skipped;
      out.why = std::move(unmet.why);
      // An engine that does not answer leaves open whether the component does.
      unmet_[i] = !unmet.of_stack;
      return out;
    }
    const Given given = given_for(check, evidence_);
    for (const Reading* reading : given.readings) {
      out.from.push_back(reading->from);
    }
    std::set<std::string> missing;
    out.problems = problems_of(check, given.readings, missing);
    if (!out.problems.empty()) {
      out.status = status_of(out.problems.front().severity);
    } else if (!given.failed.empty()) {
      out.status = Status::unknown;
      out.why = why_failed(given.failed);
    } else if (!given.unasked.empty()) {
      out.status = Status::skipped;
      out.why = fmt::format("nobody was asked about: {}", name_of(given.unasked.front()));
    } else if (!missing.empty()) {
      out.status = Status::unknown;
      out.why = fmt::format("{} does not say: {}", join(out.from, ", "),
                            join({missing.begin(), missing.end()}, ", "));
    }
    return out;
  }

  std::vector<Problem> problems_of(const Check& check, const std::vector<const Reading*>& readings,
                                   std::set<std::string>& missing) const {
    std::vector<Problem> out;
    if (readings.empty()) {
      return out;
    }
    const auto seen = [&out](const Labels& labels) {
      return std::ranges::any_of(out,
                                 [&labels](const Problem& one) { return one.labels == labels; });
    };
    std::vector<std::pair<std::string, Value>> values;
    for (const auto& [name, expression] : check.values) {
      std::set<std::string> ignored;
      values.emplace_back(name, expression.evaluate(readings, check.row.by, ignored));
    }
    for (const auto& [severity, condition] : check.conditions) {
      const Value found = condition.evaluate(readings, check.row.by, missing);
      for (const Point& point : found.points) {
        if (point.value != 0 && !seen(point.labels)) {
          out.push_back(problem(check.row, severity, point.labels, values));
        }
      }
      if (found.points.empty() && found.otherwise.value_or(0) != 0 && !seen({})) {
        out.push_back(problem(check.row, severity, {}, values));
      }
    }
    return out;
  }

  Problem problem(const catalog::HealthCheck& row, Severity severity, const Labels& labels,
                  const std::vector<std::pair<std::string, Value>>& values) const {
    Problem out;
    out.severity = severity;
    out.labels = labels;
    for (const auto& [name, value] : values) {
      if (const auto number = value.of(labels)) {
        out.values[name] = *number;
      }
    }
    Labels texts = quotes_of(row, evidence_, labels);
    texts.insert(labels.begin(), labels.end());
    out.message = fill_in(row.says, texts, out.values);
    out.cause = fill_in(row.cause, texts, out.values);
    out.fix = fill_in(row.fix, texts, out.values);
    if (const auto loss = out.values.find("seconds_to_loss"); loss != out.values.end()) {
      out.seconds_to_loss = loss->second;
    }
    return out;
  }

  void explain() {
    for (std::size_t i = 0; i < checks_.size(); ++i) {
      if (results_[i].problems.empty()) {
        continue;
      }
      for (const auto& id : checks_[i].row.explained_by) {
        const bool failed = std::ranges::any_of(results_, [&id](const CheckResult& other) {
          return other.id == id && !other.problems.empty();
        });
        if (failed) {
          results_[i].explained_by.push_back(id);
        }
      }
    }
  }

  const std::vector<Check>& checks_;
  const Evidence& evidence_;
  std::vector<CheckResult> results_;
  std::vector<bool> done_;
  std::vector<bool> unmet_;  // skipped because its component is in trouble
};

}  // namespace

Status status_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Status::error;
    case Severity::warning: return Status::warning;
    case Severity::note: break;
  }
  return Status::note;
}

const Reading* Evidence::find(Source source, const std::string& component) const {
  const auto found = std::ranges::find_if(readings, [&](const Reading& one) {
    return one.source == source && one.component == component;
  });
  return found == readings.end() ? nullptr : &*found;
}

std::vector<CheckResult> judge(const std::vector<Check>& checks, const Evidence& evidence) {
  return Judge(checks, evidence).all();
}

}  // namespace obsctl::health
