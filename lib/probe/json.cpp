// SPDX-License-Identifier: Apache-2.0
// The report of the probe for scripts.
#include "lib/probe/probe.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::ordered_json;

Json store_json(const ProbeSighting& store) {
  Json out = {{"component", store.component},
              {"url", store.url},
              {"state", name_of(store.state)},
              {"after_seconds", store.after.seconds},
              {"documented_seconds", store.budget.seconds}};
  if (!store.why.empty()) {
    out["why"] = store.why;
  }
  return out;
}

Json result_json(const ProbeResult& result) {
  Json out = {{"signal", catalog::signal_name(result.signal)},
              {"protocol", result.protocol == otlp::Protocol::grpc ? "grpc" : "http"},
              {"endpoint", result.endpoint},
              {"trace_id", result.trace_id},
              {"state", name_of(result.state)},
              {"acknowledged_seconds",
               result.acknowledged ? Json(result.acknowledged->seconds) : Json(nullptr)},
              {"status", result.status >= 0 ? Json(result.status) : Json(nullptr)},
              {"words", result.words},
              {"stores", Json::array()}};
  for (const ProbeSighting& store : result.stores) {
    out["stores"].push_back(store_json(store));
  }
  if (!result.stopped.empty()) {
    out["stopped"] = result.stopped;
    out["next"] = result.next;
  }
  return out;
}

}  // namespace

nlohmann::ordered_json probe_json(const ProbeReport& report) {
  Json out = {{"schema", "obsctl.health.probe/v1"},
              {"subject", report.subject},
              {"at", print_time(report.at)},
              {"took_seconds", report.took.seconds},
              {"sent", report.results.size()},
              {"found", report.found()},
              {"sampling", report.sampling},
              {"results", Json::array()},
              {"delays", Json::array()}};
  for (const ProbeResult& result : report.results) {
    out["results"].push_back(result_json(result));
  }
  for (const catalog::FindDelay& delay : report.delays) {
    out["delays"].push_back({{"signal", catalog::signal_name(delay.signal)},
                             {"what", delay.what},
                             {"seconds", delay.time.seconds}});
  }
  return out;
}

}  // namespace obsctl::health
