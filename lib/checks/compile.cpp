// SPDX-License-Identifier: Apache-2.0
// Makes checks of rows: parses their expressions, and refuses what could never be judged.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "lib/base/problems.hpp"
#include "lib/checks/judge.hpp"

namespace obsctl::health {
namespace {

Result<Check> compile_one(catalog::HealthCheck row) {
  Check out;
  Problems problems;
  for (const auto& name : row.reads) {
    const auto source = choice_named<Source>(name);
    if (source) {
      out.reads.push_back(*source);
    } else {
      problems.add(row.at, fmt::format("check '{}' reads '{}', which is no source", row.id, name),
                   fmt::format("sources are {}", fmt::join(choices_of<Source>(), ", ")));
    }
  }
  const auto add = [&](auto& list, const auto& key, const std::string& text) {
    if (text.empty()) {
      return;
    }
    auto expression = Expression::parse(text, row.at);
    if (expression) {
      list.emplace_back(key, std::move(*expression));
    } else {
      problems.add(std::move(expression).error());
    }
  };
  add(out.conditions, Severity::error, row.error);
  add(out.conditions, Severity::warning, row.warning);
  add(out.conditions, Severity::note, row.note);
  for (const auto& [name, text] : row.values) {
    add(out.values, name, text);
  }
  out.row = std::move(row);
  OBS_TRY(problems.done());
  return out;
}

bool is_about(const Check& check, const std::string& id, const std::string& component) {
  return check.row.id == id &&
         (check.row.component == component || check.row.component.empty() || component.empty());
}

// A check that needs itself, by way of others.
bool in_circle(const std::vector<Check>& checks, const Check& start) {
  std::vector<const Check*> seen;
  const std::function<bool(const Check&)> reaches = [&](const Check& check) {
    for (const Check& other : checks) {
      const bool needed = std::ranges::any_of(check.row.needs, [&](const std::string& id) {
        return is_about(other, id, check.row.component);
      });
      if (!needed) {
        continue;
      }
      if (&other == &start) {
        return true;
      }
      if (std::ranges::find(seen, &other) == seen.end()) {
        seen.push_back(&other);
        if (reaches(other)) {
          return true;
        }
      }
    }
    return false;
  };
  return reaches(start);
}

void check_names(const std::vector<Check>& checks, const std::set<std::string>& left_out,
                 Problems& problems) {
  for (const Check& check : checks) {
    const auto known = [&](const std::string& id) {
      return left_out.contains(id) ||
             std::ranges::any_of(checks, [&id](const Check& one) { return one.row.id == id; });
    };
    for (const auto* list : {&check.row.needs, &check.row.explained_by}) {
      for (const auto& id : *list) {
        if (!known(id)) {
          problems.add(check.row.at,
                       fmt::format("check '{}' names '{}', which is no check", check.row.id, id));
        }
      }
    }
    if (in_circle(checks, check)) {
      problems.add(check.row.at, fmt::format("check '{}' needs itself", check.row.id));
    }
    const auto twice = std::ranges::count_if(checks, [&check](const Check& one) {
      return one.row.id == check.row.id && one.row.component == check.row.component;
    });
    if (twice > 1) {
      problems.add(check.row.at, fmt::format("there are two checks '{}'", check.row.id));
    }
  }
}

}  // namespace

Result<std::vector<Check>> compile(std::vector<catalog::HealthCheck> rows,
                                   const std::set<std::string>& left_out) {
  Problems problems;
  std::vector<Check> out;
  for (auto& row : rows) {
    problems.take(out.emplace_back(), compile_one(std::move(row)));
  }
  OBS_TRY(problems.done());
  check_names(out, left_out, problems);
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::health
