// SPDX-License-Identifier: Apache-2.0
// What to scale: how much of what each part has is used, which of them need more, and what the load
// that arrives would need, from the same evidence as the checks.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/scaling.hpp"
#include "lib/sources/gather.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

// One measure of one part.
struct ScaleLine {
  std::string part;    // component
  std::string title;   // what is used: "CPU"
  Labels labels = {};  // that tell it apart: exporter, mountpoint
  double use = 0;
  double high = 0;  // from here on it has to be scaled
  std::string unit = {};
  std::string says = {};
  std::string fix = {};

  [[nodiscard]] bool must_scale() const { return use >= high; }
  // By which the use may grow before it has to be scaled: 4 is fourfold; nothing where it is not used.
  [[nodiscard]] std::optional<double> room() const;
};

// What the stack takes in; what nobody says is absent.
struct ScaleLoads {
  std::optional<Rate> spans;
  std::optional<Rate> lines;
  std::optional<double> series;
};

// The tier of the stack, and what comes after it.
struct ScaleTier {
  std::string name = {};
  double events_max = 0;  // per second, spans and log records
  double series_max = 0;
  std::string next = {};    // empty: there is none
  std::string wanted = {};  // that the load asks for
};

struct ScaleAdvice {
  std::string subject;
  Time at;
  std::vector<ScaleLine> lines = {};      // what is nearest to its end first
  std::vector<std::string> unknown = {};  // "loki CPU: why nothing is known"
  ScaleLoads load = {};
  ScaleTier tier = {};
  std::string size_command = {};  // `obsctl size` for this load; empty: the load is not known

  [[nodiscard]] std::size_t to_scale() const;
};

// Asks all parts, and the stack's Prometheus for what only history knows. Errors: stopped; a row of
// the catalog that is not valid.
[[nodiscard]] Result<ScaleAdvice> scale(const Services& services, const Subject& subject,
                                        const GatherOptions& options);

// 3 when something has to be scaled, else 4 when something could not be read, else 0.
[[nodiscard]] int exit_code_of(const ScaleAdvice& advice);

// What has to be scaled and why, then the tightest measure of each part, then the load: one screen.
[[nodiscard]] std::string scale_text(const ScaleAdvice& advice, bool color, std::size_t width);
// Schema obsctl.health.scale/v1.
[[nodiscard]] nlohmann::ordered_json scale_json(const ScaleAdvice& advice);

}  // namespace obsctl::health
