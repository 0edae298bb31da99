// SPDX-License-Identifier: Apache-2.0
// Evidence ↔ JSON.
#include "lib/checks/evidence_json.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/checks/samples.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::ordered_json;

Json value_json(double value) {
  if (std::isfinite(value)) {
    return value;
  }
  return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

Json samples_json(const Samples& samples) {
  Json out = Json::array();
  for (const Sample& sample : samples) {
    Json row = {{"name", sample.name}};
    if (!sample.labels.empty()) {
      row["labels"] = sample.labels;
    }
    row["value"] = value_json(sample.value);
    out.push_back(std::move(row));
  }
  return out;
}

Json reading_json(const Reading& reading) {
  Json out = {{"component", reading.component},
              {"source", name_of(reading.source)},
              {"from", reading.from}};
  if (reading.error) {
    out["error"] = {{"message", reading.error->message}, {"hint", reading.error->hint}};
    return out;
  }
  if (reading.seconds > 0) {
    out["seconds"] = reading.seconds;
    out["before"] = samples_json(reading.before);
  }
  out["samples"] = samples_json(reading.samples);
  return out;
}

double value_from(const JsonFields& from) {
  const nlohmann::json& value = from.at("value");
  if (value.is_number()) {
    return value.get<double>();
  }
  const auto named = value.is_string() ? prom::parse_value(value.get<std::string>()) : std::nullopt;
  if (!named || std::isfinite(*named)) {
    from.note("value", "is neither a number nor NaN, +Inf or -Inf");
    return 0;
  }
  return *named;
}

SampleLabels labels_from(const JsonFields& from) {
  SampleLabels out;
  for (const auto& [name, value] : from.all().items()) {
    out[shown_label(name)] = from.raw_text(name);
  }
  return out;
}

Samples samples_from(const JsonFields& from, const char* key) {
  Samples out;
  from.for_each(key, [&out](const JsonFields& row) {
    out.push_back({.name = row.text("name"),
                   .labels = row.has("labels") ? labels_from(row.object("labels")) : SampleLabels(),
                   .value = value_from(row)});
  });
  return with_shown_labels(std::move(out));
}

Source source_from(const JsonFields& from) {
  const std::string name = from.text("source");
  const auto source = choice_named<Source>(name);
  if (!source) {
    from.note("source", fmt::format("is '{}', which is no source", name));
  }
  return source.value_or(Source::metrics);
}

Reading reading_from(const JsonFields& from) {
  Reading out{.component = from.text("component"),
              .source = source_from(from),
              .from = from.text("from"),
              .samples = {}};
  if (from.has("error")) {
    const JsonFields error = from.object("error");
    out.error = Error{.message = error.text("message"), .hint = error.text("hint")};
    return out;
  }
  if (from.has("seconds")) {
    out.seconds = from.seconds("seconds");
    out.before = samples_from(from, "before");
  }
  out.samples = samples_from(from, "samples");
  return out;
}

}  // namespace

void add_evidence(Json& into, const Evidence& evidence) {
  Json readings = Json::array();
  for (const Reading& reading : evidence.readings) {
    readings.push_back(reading_json(reading));
  }
  into["at"] = print_time(evidence.at);
  into["readings"] = std::move(readings);
}

Evidence evidence_from(const JsonFields& from) {
  Evidence out;
  const auto at = parse_time(from.text("at"));
  if (!at) {
    from.note("at", "is not a time like 2026-11-26T02:54:04Z");
  }
  out.at = at.value_or(Time{});
  from.for_each("readings", [&out](const JsonFields& reading) {
    out.readings.push_back(reading_from(reading));
  });
  return out;
}

}  // namespace obsctl::health
