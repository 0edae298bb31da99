// SPDX-License-Identifier: Apache-2.0
// One run: which checks, which questions they need, and what comes of the answers.
#include "lib/health/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

bool names(const std::string& word, const std::string& id, catalog::HealthCategory category,
           const std::string& component) {
  return lower(word) == lower(id) || lower(word) == name_of(category) || word == component;
}

bool selected(const Selection& selection, const std::string& id, catalog::HealthCategory category,
              const std::string& component) {
  const auto in = [&](const std::vector<std::string>& words) {
    return std::ranges::any_of(words, [&](const std::string& word) {
      return !word.empty() && names(word, id, category, component);
    });
  };
  return (selection.only.empty() || in(selection.only)) && !in(selection.skip);
}

bool selected(const Selection& selection, const catalog::HealthCheck& row) {
  return selected(selection, row.id, row.category, row.component);
}

// Every name that selects something, each once.
std::vector<std::string> known_names(const std::vector<Check>& checks) {
  std::vector<std::string> out;
  const auto add = [&out](std::string name) {
    if (!name.empty() && std::ranges::find(out, name) == out.end()) {
      out.push_back(std::move(name));
    }
  };
  for (const Check& check : checks) {
    add(std::string(name_of(check.row.category)));
  }
  for (const Check& check : checks) {
    add(check.row.component);
  }
  for (const Check& check : checks) {
    add(check.row.id);
  }
  return out;
}

Result<void> check_words(const std::vector<Check>& checks, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const bool known = std::ranges::any_of(checks, [&word](const Check& check) {
      return !word.empty() && names(word, check.row.id, check.row.category, check.row.component);
    });
    if (!known) {
      const std::string meant = did_you_mean(word, known_names(checks));
      return fail(Code::usage, fmt::format("no check has the name '{}'", printable(word)),
                  meant.empty()
                      ? "a name is an id, a category or a component; 'obsctl health check "
                        "--list' shows them"
                      : meant);
    }
  }
  return {};
}

// As the judge follows needs: the checks of the same component, and those of the stack.
bool needs(const Check& check, const Check& other) {
  const auto& a = check.row.component;
  const auto& b = other.row.component;
  return std::ranges::find(check.row.needs, other.row.id) != check.row.needs.end() &&
         (a == b || a.empty() || b.empty());
}

// Marks what the marked checks need, and what that needs.
void mark_needed(const std::vector<Check>& checks, std::vector<bool>& kept) {
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t i = 0; i < checks.size(); ++i) {
      for (std::size_t j = 0; j < checks.size() && kept[i]; ++j) {
        if (!kept[j] && needs(checks[i], checks[j])) {
          kept[j] = true;
          grown = true;
        }
      }
    }
  }
}

bool is_read(const std::vector<Check>& checks, const Inquiry& question) {
  return std::ranges::any_of(checks, [&question](const Check& check) {
    return (check.row.component.empty() || check.row.component == question.component) &&
           std::ranges::find(check.reads, question.source) != check.reads.end();
  });
}

// How long each reading has to be looked at for what the checks find in it: what predicts wants more
// than one burst of what arrives.
std::vector<Duration> wanted_samples(const std::vector<Check>& checks, const Evidence& evidence) {
  std::vector<Duration> out(evidence.readings.size());
  const std::vector<CheckResult> results = judge(checks, evidence);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const catalog::HealthCheck& row = checks[i].row;
    for (std::size_t j = 0; j < out.size() && !results[i].problems.empty(); ++j) {
      const Reading& reading = evidence.readings[j];
      if (reading.component == row.component &&
          std::ranges::find(checks[i].reads, reading.source) != checks[i].reads.end()) {
        out[j].seconds = std::max(out[j].seconds, row.sample.seconds);
      }
    }
  }
  return out;
}

}  // namespace

Result<void> select(Subject& subject, const Selection& selection) {
  OBS_TRY(check_words(subject.checks, selection.only));
  OBS_TRY(check_words(subject.checks, selection.skip));
  std::vector<bool> kept;
  for (const Check& check : subject.checks) {
    kept.push_back(selected(selection, check.row));
  }
  if (std::ranges::find(kept, true) == kept.end()) {
    return fail(Code::usage, "no check is left", "'obsctl health check --list' shows all of them");
  }
  mark_needed(subject.checks, kept);
  std::vector<Check> left;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) {
      left.push_back(std::move(subject.checks[i]));
    }
  }
  subject.checks = std::move(left);
  return {};
}

void keep_selected(Report& report, const Selection& selection) {
  std::erase_if(report.results, [&selection](const CheckResult& result) {
    return result.problems.empty() && result.status != Status::unknown &&
           !selected(selection, result.id, result.category, result.component);
  });
}

Report judged(const Subject& subject, Evidence evidence, Duration took) {
  Report out{.subject = subject.name(),
             .at = evidence.at,
             .took = took,
             .results = judge(subject.checks, evidence),
             .ledger = ledger(evidence, subject.discards)};
  out.evidence = std::move(evidence);
  return out;
}

Result<Report> check(const Services& services, const Subject& subject,
                     const GatherOptions& options) {
  const auto start = services.clock.monotonic();
  std::vector<Inquiry> questions = inquiries(services, subject, options);
  std::erase_if(questions,
                [&](const Inquiry& question) { return !is_read(subject.checks, question); });
  OBS_TRY_ASSIGN(Evidence evidence,
                 gather(services, questions, options.sample, [&subject](const Evidence& so_far) {
                   return wanted_samples(subject.checks, so_far);
                 }));
  Report out = judged(subject, std::move(evidence), {});
  out.took = services.clock.since(start);
  return out;
}

}  // namespace obsctl::health
