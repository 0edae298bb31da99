// SPDX-License-Identifier: Apache-2.0
// Evaluates the measures of the catalog over evidence and history.
#include "lib/health/scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lib/base/text.hpp"
#include "lib/health/query_url.hpp"
#include "lib/health/run.hpp"
#include "lib/prom/query.hpp"

namespace obsctl::health {
namespace {

constexpr const char* k_rows = "catalog/scaling.yaml";
constexpr Duration k_query_timeout = {5};

// What rows may name besides the values of all rows.
Result<Values> values_for(const Subject& subject) {
  OBS_TRY_ASSIGN(Values out, row_values(subject));
  const Load& load = subject.stack.topology.load;
  out["own"] = subject.own();
  out["planned"] = {
      {"spans", load.spans.per_second}, {"lines", load.lines.per_second}, {"series", load.series}};
  return out;
}

Result<bool> is_on(const catalog::HealthCheck& row, const Values& values) {
  if (row.when.empty()) {
    return true;
  }
  const auto found = values.find(row.when);
  if (found == values.end() || !found->is_boolean()) {
    return fail_at(row.at,
                   fmt::format("'when' names '{}', which is nothing that is on or off", row.when));
  }
  return found->get<bool>();
}

// The rows about one component: its own, and those that every component has.
Result<catalog::ScalePlan> plan_of(const Subject& subject, const Component& component,
                                   Values values) {
  const TemplateStore& store = subject.stack.templates.store;
  OBS_TRY_ASSIGN(const Template source, store.find(k_rows));
  values["self"] = {{"name", component.name},
                    {"start", subject.stack.words.runbook.start(component.name)}};
  OBS_TRY_ASSIGN(std::string text, render_template(source, values, store));
  OBS_TRY_ASSIGN(catalog::ScalePlan out, catalog::parse_scaling({std::move(text), source.file()}));
  std::vector<catalog::ScaleMeasure> kept;
  for (catalog::ScaleMeasure& measure : out.measures) {
    const std::string& owner = measure.check.component;
    OBS_TRY_ASSIGN(const bool on, is_on(measure.check, values));
    if (on && (owner.empty() || owner == component.name)) {
      measure.check.component = component.name;
      kept.push_back(std::move(measure));
    }
  }
  out.measures = std::move(kept);
  return out;
}

Result<catalog::ScalePlan> whole_plan(const Subject& subject) {
  OBS_TRY_ASSIGN(const Values values, values_for(subject));
  catalog::ScalePlan out;
  for (const Component& component : subject.stack.topology.components) {
    OBS_TRY_ASSIGN(catalog::ScalePlan one, plan_of(subject, component, values));
    one.measures.insert(one.measures.begin(), std::make_move_iterator(out.measures.begin()),
                        std::make_move_iterator(out.measures.end()));
    out = std::move(one);
  }
  return out;
}

std::string named(const catalog::HealthCheck& check) {
  return fmt::format("{} {}", check.component, check.title);
}

ScaleLine line_of(const catalog::ScaleMeasure& measure, Labels labels, double use) {
  return {.part = measure.check.component,
          .title = measure.check.title,
          .labels = std::move(labels),
          .use = use,
          .high = measure.high,
          .unit = measure.unit};
}

// A judge's problem has the values and texts of its row filled in.
void add_judged(const catalog::ScaleMeasure& measure, const CheckResult& result,
                ScaleAdvice& into) {
  for (const Problem& problem : result.problems) {
    const auto use = problem.values.find("use");
    if (use != problem.values.end()) {
      ScaleLine line = line_of(measure, problem.labels, use->second);
      line.says = problem.message;
      line.fix = problem.fix;
      into.lines.push_back(std::move(line));
    }
  }
  if (result.status == Status::unknown) {
    into.unknown.push_back(fmt::format("{}: {}", named(measure.check), result.why));
  }
}

void add_answer(const catalog::ScaleMeasure& measure,
                const Result<std::vector<prom::Sample>>& answer, ScaleAdvice& into) {
  if (!answer) {
    into.unknown.push_back(fmt::format("{}: {}", named(measure.check), answer.error().message));
    return;
  }
  for (const prom::Sample& sample : *answer) {
    ScaleLine line = line_of(measure, sample.labels, sample.value);
    line.says = fill_in(measure.check.says, sample.labels, {{"use", sample.value}});
    line.fix = fill_in(measure.check.fix, sample.labels, {{"use", sample.value}});
    into.lines.push_back(std::move(line));
  }
}

void ask_history(const Services& services, const Subject& subject,
                 const std::vector<catalog::ScaleMeasure>& measures, ScaleAdvice& into) {
  const auto url = query_url(subject);
  for (const catalog::ScaleMeasure& measure : measures) {
    if (measure.query.empty()) {
      continue;
    }
    if (!url) {
      into.unknown.push_back(fmt::format("{}: {}", named(measure.check), url.error().message));
      continue;
    }
    const prom::QueryClient client(services.http, *url);
    add_answer(measure, client.query(measure.query, k_query_timeout), into);
  }
}

// The results of the three checks about the load.
ScaleLoads loads_of(const std::vector<CheckResult>& results) {
  ScaleLoads out;
  const auto value = [&results](std::string_view id) {
    const auto result = std::ranges::find(results, id, &CheckResult::id);
    return result == results.end() || result->problems.empty()
               ? std::nullopt
               : std::optional(result->problems.front().values.at("use"));
  };
  const auto rate = [](const std::optional<double>& number) {
    return number ? std::optional(Rate{*number}) : std::nullopt;
  };
  out.spans = rate(value("load.spans"));
  out.lines = rate(value("load.lines"));
  out.series = value("load.series");
  return out;
}

bool is_known(const ScaleLoads& load) {
  return load.spans && load.lines && load.series;
}

ScaleTier tier_of(const Subject& subject, const ScaleLoads& load) {
  const auto& tiers = subject.stack.templates.catalogs.tiers;
  const auto own = std::ranges::find(tiers, subject.stack.topology.tier, &catalog::Tier::name);
  if (!subject.own() || own == tiers.end()) {
    return {};
  }
  ScaleTier out{.name = own->name, .events_max = own->events_max, .series_max = own->series_max};
  if (const auto next = std::next(own); next != tiers.end()) {
    out.next = next->name;
  }
  if (is_known(load)) {
    out.wanted =
        catalog::tier_for(tiers, load.spans->per_second + load.lines->per_second, *load.series)
            .name;
  }
  return out;
}

std::string size_command(const Subject& subject, const ScaleLoads& load) {
  if (!is_known(load)) {
    return "";
  }
  const std::string spec =
      subject.own() ? fmt::format(" --spec {} --check",
                                  shell_quoted((subject.stack.directory / "obsctl.yaml").string()))
                    : "";
  return fmt::format("obsctl size --spans {} --lines {} --series {}{}", human_rate(*load.spans),
                     human_rate(*load.lines), human_count(*load.series), spec);
}

}  // namespace

std::optional<double> ScaleLine::room() const {
  return use > 0 ? std::optional(high / use) : std::nullopt;
}

std::size_t ScaleAdvice::to_scale() const {
  return static_cast<std::size_t>(std::ranges::count_if(lines, &ScaleLine::must_scale));
}

int exit_code_of(const ScaleAdvice& advice) {
  return advice.to_scale() > 0     ? exit_code::findings
         : !advice.unknown.empty() ? exit_code::unavailable
                                   : exit_code::ok;
}

Result<ScaleAdvice> scale(const Services& services, const Subject& subject,
                          const GatherOptions& options) {
  OBS_TRY_ASSIGN(const catalog::ScalePlan plan, whole_plan(subject));
  std::vector<catalog::ScaleMeasure> measures;  // those that are judged, as the checks are
  std::vector<catalog::HealthCheck> rows;
  for (const catalog::ScaleMeasure& measure : plan.measures) {
    if (measure.query.empty()) {
      measures.push_back(measure);
      rows.push_back(measure.check);
    }
  }
  rows.insert(rows.end(), {plan.spans, plan.lines, plan.series});
  Subject asked = subject;
  OBS_TRY_ASSIGN(asked.checks, compile(std::move(rows)));
  OBS_TRY_ASSIGN(const Report report, check(services, asked, options));
  ScaleAdvice out{.subject = subject.name(), .at = report.at};
  for (std::size_t i = 0; i < measures.size(); ++i) {
    add_judged(measures[i], report.results[i], out);
  }
  ask_history(services, subject, plan.measures, out);
  std::ranges::stable_sort(out.lines, std::greater(),
                           [](const ScaleLine& line) { return line.use / line.high; });
  out.load = loads_of(report.results);
  out.tier = tier_of(subject, out.load);
  out.size_command = size_command(subject, out.load);
  return out;
}

}  // namespace obsctl::health
