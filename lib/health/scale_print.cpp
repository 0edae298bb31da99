// SPDX-License-Identifier: Apache-2.0
// The advice for people, on one screen, and for scripts.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/health/scale.hpp"
#include "lib/health/wrapped.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_indent = 4;
constexpr std::size_t k_unknown_shown = 3;

std::string shown(double value, const std::string& unit) {
  return fill_in("{n:" + unit + "}", {}, {{"n", value}});
}

std::string room_text(const ScaleLine& line) {
  const auto room = line.room();
  return !room ? "not used" : *room < 1 ? "-" : fmt::format("{} times", human_count(*room));
}

// The tightest measure of each part; the lines are sorted.
std::vector<const ScaleLine*> tightest(const ScaleAdvice& advice) {
  std::vector<const ScaleLine*> out;
  for (const ScaleLine& line : advice.lines) {
    const bool seen = std::ranges::any_of(
        out, [&line](const ScaleLine* other) { return other->part == line.part; });
    if (!seen) {
      out.push_back(&line);
    }
  }
  return out;
}

std::string parts_text(const ScaleAdvice& advice, bool color) {
  Table table;
  table.columns = {{"PART"},
                   {"TIGHTEST"},
                   {"USED", Align::right},
                   {"SCALE FROM", Align::right},
                   {"MAY GROW", Align::right}};
  for (const ScaleLine* line : tightest(advice)) {
    table.add({printable(line->part), printable(line->title), shown(line->use, line->unit),
               shown(line->high, line->unit), room_text(*line)});
  }
  return table.rows.empty() ? "" : render_text(table, color);
}

std::string verdict(const ScaleAdvice& advice, bool color) {
  const std::size_t number = advice.to_scale();
  if (number > 0) {
    return style(Style::red,
                 fmt::format("{} of {} measures {} to be scaled", number, advice.lines.size(),
                             number == 1 ? "has" : "have"),
                 color);
  }
  if (advice.lines.empty()) {
    return style(Style::yellow, "nothing is known", color);
  }
  const ScaleLine& first = advice.lines.front();
  return style(advice.unknown.empty() ? Style::green : Style::yellow, "nothing needs to be scaled",
               color) +
         fmt::format(": nearest to it is {} {}, which may grow {}", printable(first.part),
                     printable(first.title), room_text(first));
}

std::string load_text(const ScaleAdvice& advice) {
  if (advice.size_command.empty()) {
    return "";
  }
  const ScaleLoads& load = advice.load;
  std::string out =
      fmt::format("\nLoad: spans {}, log records {}, series {}\n  what it needs: `{}`\n",
                  human_rate(*load.spans), human_rate(*load.lines), human_count(*load.series),
                  advice.size_command);
  const ScaleTier& tier = advice.tier;
  if (!tier.name.empty()) {
    out += fmt::format("  tier {}: for up to {} of spans and log records and {} series{}\n",
                       tier.name, human_rate({tier.events_max}), human_count(tier.series_max),
                       tier.wanted == tier.name || tier.wanted.empty()
                           ? ""
                           : fmt::format("; this load is one for tier {}", tier.wanted));
  }
  if (!tier.next.empty()) {
    out +=
        fmt::format("  the next one: `obsctl size --tier {} --compare {}`\n", tier.next, tier.name);
  }
  return out;
}

std::string unknown_text(const ScaleAdvice& advice, std::size_t width) {
  std::string out;
  for (std::size_t i = 0; i < std::min(advice.unknown.size(), k_unknown_shown); ++i) {
    out += wrapped(advice.unknown[i], width, k_indent) + "\n";
  }
  if (advice.unknown.size() > k_unknown_shown) {
    out += fmt::format("    and {} more\n", advice.unknown.size() - k_unknown_shown);
  }
  return out.empty() ? "" : "\nNot known:\n" + out;
}

nlohmann::ordered_json line_json(const ScaleLine& line) {
  const auto room = line.room();
  return {{"part", line.part},
          {"measure", line.title},
          {"labels", line.labels},
          {"use", line.use},
          {"scale_from", line.high},
          {"unit", line.unit},
          {"must_scale", line.must_scale()},
          {"may_grow", room ? nlohmann::ordered_json(*room) : nlohmann::ordered_json(nullptr)},
          {"says", line.says},
          {"fix", line.fix}};
}

}  // namespace

std::string scale_text(const ScaleAdvice& advice, bool color, std::size_t width) {
  std::string out = verdict(advice, color) + "\n";
  for (const ScaleLine& line : advice.lines) {
    if (line.must_scale()) {
      out += fmt::format("\n  {}: {}\n", style(Style::bold, printable(line.part), color),
                         printable(line.says));
      out += wrapped("fix: " + line.fix, width, k_indent) + "\n";
    }
  }
  const std::string parts = parts_text(advice, color);
  out += parts.empty() ? "" : "\n" + parts;
  return out + unknown_text(advice, width) + load_text(advice);
}

nlohmann::ordered_json scale_json(const ScaleAdvice& advice) {
  using Json = nlohmann::ordered_json;
  const auto rate = [](const std::optional<Rate>& value) {
    return value ? Json(value->per_second) : Json(nullptr);
  };
  Json out = {
      {"schema", "obsctl.health.scale/v1"},
      {"subject", advice.subject},
      {"at", print_time(advice.at)},
      {"to_scale", advice.to_scale()},
      {"measures", Json::array()},
      {"unknown", advice.unknown},
      {"load",
       {{"spans_per_second", rate(advice.load.spans)},
        {"lines_per_second", rate(advice.load.lines)},
        {"series", advice.load.series ? Json(*advice.load.series) : Json(nullptr)}}},
      {"tier",
       {{"name", advice.tier.name}, {"next", advice.tier.next}, {"wanted", advice.tier.wanted}}},
      {"size_command", advice.size_command}};
  for (const ScaleLine& line : advice.lines) {
    out["measures"].push_back(line_json(line));
  }
  return out;
}

}  // namespace obsctl::health
