// SPDX-License-Identifier: Apache-2.0
// Evidence as JSON, so that what was seen on one machine is judged on another one, by another version
// or by a test.
//
//   "at": "2026-11-26T02:54:04Z",
//   "readings": [
//     {"component": "loki", "source": "metrics", "from": "http://…", "seconds": 3.0,
//      "samples": [{"name": "up", "labels": {"job": "loki"}, "value": 1}], "before": […]},
//     {"component": "loki", "source": "volume", "from": "…", "error": {"message": "…", "hint": "…"}}]
//
// `component` is empty for the stack, `before` and `seconds` are there where it was read twice. A value
// is a number, or "NaN", "+Inf" or "-Inf", for which JSON has none. Nobody judges by fractions of the
// second of `at`, by times of samples or by codes of errors: they are left out.
#pragma once

#include <nlohmann/json.hpp>

#include "lib/base/json_fields.hpp"
#include "lib/checks/evidence.hpp"

namespace obsctl::health {

// Adds `at` and `readings`.
void add_evidence(nlohmann::ordered_json& into, const Evidence& evidence);

// The evidence of a document that may come from anybody. What is wrong is noted in `from`. Labels are
// made fit to be shown, as those of every answer.
[[nodiscard]] Evidence evidence_from(const JsonFields& from);

}  // namespace obsctl::health
