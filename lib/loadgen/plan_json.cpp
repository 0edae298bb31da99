// SPDX-License-Identifier: Apache-2.0
// A plan as JSON (obsctl.loadgen-plan/v1), for programs that look before they send.
#include <nlohmann/json.hpp>

#include "lib/loadgen/prepare.hpp"
#include "lib/loadgen/report_fields.hpp"

namespace obsctl::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json signals_json(const PreparedRun& run) {
  Json out = Json::object();
  const Payload& payload = *run.payload;
  for (const auto* ring : {&payload.traces, &payload.metrics, &payload.logs}) {
    if (*ring) {
      const auto items = static_cast<double>((*ring)->items);
      out[std::string(name_of((*ring)->signal))] = {
          {"share", run.plan.share[static_cast<std::size_t>((*ring)->signal)]},
          {"bytes_per_item", static_cast<double>((*ring)->body_bytes) / items},
          {"items_per_request", items / static_cast<double>((*ring)->size)}};
    }
  }
  return out;
}

}  // namespace

std::string plan_json(const PreparedRun& run) {
  const Report& report = run.report;
  Json out;
  out["schema"] = "obsctl.loadgen-plan/v1";
  out["description"] = run.scenario.description;
  out["source"] = run.scenario.source;
  add_plan(out, report);
  out["signals"] = signals_json(run);
  out["spans_per_trace"] = run.payload->spans_per_trace;
  out["series"] = run.payload->series;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace obsctl::loadgen
