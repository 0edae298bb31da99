// SPDX-License-Identifier: Apache-2.0
// One colour per meaning on every dashboard: signals, severities, classes of status codes, losses
// and limits. Without it Grafana colours by order, and the same green is logs here and errors there.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <regex>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"

namespace obsctl::observe {
namespace {

using Json = nlohmann::ordered_json;

// What a label of a series, or a word of a legend, stands for.
enum class Topic { signal, severity, status, state, outcome };

struct Meaning {
  Topic topic;
  const char* words;  // alternatives of a regular expression, matched as whole words
  const char* colour;
};

// A later one wins where several match: what is lost is red, whatever its signal.
constexpr std::array k_meanings = {
    Meaning{Topic::signal, "traces|spans", "blue"},
    Meaning{Topic::signal, "metrics|metric points", "yellow"},
    Meaning{Topic::signal, "logs|log records", "purple"},
    Meaning{Topic::severity, "debug|trace|none|unknown", "#8e8e8e"},
    Meaning{Topic::severity, "info", "green"},
    Meaning{Topic::severity, "warn|warning", "orange"},
    Meaning{Topic::severity, "critical|fatal|error|panic", "red"},
    Meaning{Topic::status, "2\\d\\d", "green"},
    Meaning{Topic::status, "3\\d\\d", "blue"},
    Meaning{Topic::status, "4\\d\\d", "orange"},
    Meaning{Topic::status, "5\\d\\d", "red"},
    Meaning{Topic::state, "up", "green"},
    Meaning{Topic::state, "down", "red"},
    Meaning{Topic::outcome, "refused|retried", "yellow"},
    Meaning{Topic::outcome,
            "lost|queue full|not delivered|failed|failures|errors?|dropped|discarded|unreadable",
            "red"},
};

// A legend's word that is drawn as a dashed line.
constexpr const char* k_limit = "limit";

// Labels whose values are such words.
constexpr std::array<std::pair<std::string_view, Topic>, 10> k_labels = {{
    {"signal", Topic::signal},
    {"data_type", Topic::signal},
    {"severity", Topic::severity},
    {"level", Topic::severity},
    {"detected_level", Topic::severity},
    {"status_code", Topic::status},
    {"http_response_status_code", Topic::status},
    {"code", Topic::status},
    {"result", Topic::outcome},
    {"status", Topic::outcome},
}};

std::string whole_word(std::string_view words) {
  return "(^|\\s)(" + std::string(words) + ")(\\s|$)";
}

// A legend without its labels: "{{signal}} to {{exporter}}" is " to ".
std::string fixed_part(const std::string& legend) {
  static const std::regex k_label(R"(\{\{[^}]*\}\})");
  return std::regex_replace(legend, k_label, "");
}

bool can_show(const std::string& legend, const Meaning& meaning) {
  const bool by_label = std::ranges::any_of(k_labels, [&](const auto& label) {
    return label.second == meaning.topic &&
           legend.find("{{" + std::string(label.first) + "}}") != std::string::npos;
  });
  return by_label || std::regex_search(fixed_part(legend),
                                       std::regex(whole_word(meaning.words), std::regex::icase));
}

Json override_of(std::string_view words, const Json& properties) {
  return {{"matcher", {{"id", "byRegexp"}, {"options", "/" + whole_word(words) + "/i"}}},
          {"properties", properties}};
}

Json fixed_colour(const char* colour) {
  return {{"id", "color"}, {"value", {{"mode", "fixed"}, {"fixedColor", colour}}}};
}

Json dashed_line() {
  return Json::array(
      {fixed_colour("red"),
       {{"id", "custom.lineStyle"}, {"value", {{"fill", "dash"}, {"dash", {10, 10}}}}},
       {{"id", "custom.fillOpacity"}, {"value", 0}},
       {{"id", "custom.stacking"}, {"value", {{"mode", "none"}, {"group", "A"}}}}});
}

}  // namespace

Json colour_overrides(const catalog::Panel& panel) {
  Json out = Json::array();
  const auto any_legend = [&panel](const auto& matches) {
    return std::ranges::any_of(panel.queries,
                               [&](const auto& query) { return matches(query.legend); });
  };
  for (const auto& meaning : k_meanings) {
    if (any_legend([&](const std::string& legend) { return can_show(legend, meaning); })) {
      out.push_back(override_of(meaning.words, Json::array({fixed_colour(meaning.colour)})));
    }
  }
  if (panel.kind == catalog::PanelKind::timeseries &&
      any_legend([](const std::string& legend) { return legend == k_limit; })) {
    out.push_back(override_of(k_limit, dashed_line()));
  }
  return out;
}

Json severity_mappings() {
  Json options = Json::object();
  int index = 0;
  for (const auto& meaning : k_meanings) {
    if (meaning.topic == Topic::severity) {
      for (const auto& word : split(meaning.words, '|')) {
        options[word] = {{"color", meaning.colour}, {"index", index++}};
      }
    }
  }
  return Json::array({{{"type", "value"}, {"options", options}}});
}

}  // namespace obsctl::observe
