// SPDX-License-Identifier: Apache-2.0
// Reports as JSON; the schema is obsctl.loadgen/v1, which report_read.cpp reads back.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/loadgen/report_fields.hpp"

namespace obsctl::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json histogram_json(const Histogram& histogram) {
  Json out;
  out["count"] = histogram.count();
  out["min_ns"] = histogram.min();
  out["max_ns"] = histogram.max();
  out["mean_ns"] = histogram.mean();
  out["sum_ns"] = histogram.sum();
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5},
                                    {"p90_ns", 0.9},
                                    {"p95_ns", 0.95},
                                    {"p99_ns", 0.99},
                                    {"p99_9_ns", 0.999},
                                    {"p99_99_ns", 0.9999}}) {
    out[name] = histogram.percentile(share);
  }
  // [index, count]: below 128 the value itself, then 128 steps per power of two.
  out["buckets"] = histogram.buckets();
  return out;
}

Json signals_json(const RunResult& result) {
  Json out = Json::object();
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const SignalTally& tally = result.signals[i];
    if (tally.sent == 0 && tally.unsent == 0) {
      continue;
    }
    const auto signal = static_cast<otlp::Signal>(i);
    Json entry;
    entry["item"] = otlp::item_name(signal);
    for (const TallyField& field : k_tally_fields) {
      entry[field.name] = tally.*field.member;
    }
    entry["body_bytes_per_item"] =
        tally.sent == 0 ? 0
                        : static_cast<double>(tally.body_bytes) / static_cast<double>(tally.sent);
    out[std::string(otlp::signal_name(signal))] = std::move(entry);
  }
  return out;
}

Json ledger_json(const LedgerReport& ledger) {
  Json out;
  out["url"] = ledger.url;
  out["balanced"] = ledger.balanced();
  out["waited_seconds"] = ledger.waited;
  out["queue_size"] = ledger.queued;
  out["collector_cpu_seconds"] = ledger.cpu_seconds;
  out["collector_cpu_ms_per_1k_items"] = ledger.cpu_ms_per_1k;
  out["collector_rss_bytes"] = ledger.rss_bytes;
  out["collector_rss_bytes_per_1k_items_per_second"] = ledger.rss_per_1k;
  out["signals"] = Json::object();
  for (const LedgerLine& line : ledger.lines) {
    Json& entry = out["signals"][line.signal];
    entry = {{"acknowledged", line.acknowledged},   {"unknown", line.unknown},
             {"received", line.received},           {"refused", line.refused},
             {"filtered", line.filtered},           {"filters", line.filters},
             {"held_back", line.held_back},         {"exported", line.exported},
             {"export_failed", line.export_failed}, {"missing", line.missing},
             {"accounted", line.accounted}};
    if (!line.exports_told) {
      entry["exported"] = entry["held_back"] = Json();
    }
    if (!line.untold.empty()) {
      entry = {{"acknowledged", line.acknowledged},
               {"unknown", line.unknown},
               {"accounted", nullptr},
               {"reason", line.untold}};
    }
  }
  return out;
}

Json sampling_json(const SamplingReport& sampling) {
  Json policies = Json::array();
  for (const PolicyCount& row : sampling.policies) {
    policies.push_back({{"name", row.name},
                        {"expected", row.expected},
                        {"standard_deviation", row.deviation},
                        {"checked", row.checked},
                        {"kept", row.kept},
                        {"holds", row.holds}});
  }
  return {{"slow_threshold_seconds", sampling.policy.slow_threshold},
          {"keep", sampling.policy.keep},
          {"traces", sampling.traces},
          {"noise", sampling.noise},
          {"errors", sampling.errors},
          {"slow", sampling.slow},
          {"vip", sampling.vip},
          {"unsure", sampling.unsure},
          {"policies", policies},
          {"rest", sampling.rest},
          {"expected_kept", sampling.expected},
          {"standard_deviation", sampling.deviation},
          {"expected_kept_spans", sampling.expected_spans},
          {"reduction", sampling.reduction()},
          {"checked", sampling.checked},
          {"checked_at_collector", sampling.collector},
          {"checked_at_sink", sampling.at_sink},
          {"decided", sampling.decided},
          {"kept", sampling.kept},
          {"holds", sampling.holds}};
}

Json sink_json(const SinkReport& sink) {
  Json out;
  out["url"] = sink.url;
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const auto& seen = sink.seen.signals[i];
    // null: the items have no identity, so that nobody can tell.
    const bool told = seen.untold() == 0;
    out["signals"][std::string(otlp::signal_name(static_cast<otlp::Signal>(i)))] = {
        {"items", seen.items},
        {"distinct", told ? Json(seen.distinct) : Json()},
        {"duplicates", told ? Json(seen.duplicates) : Json()}};
  }
  out["distinct_traces"] = sink.tells_traces() ? Json(sink.seen.traces) : Json();
  out["findings"] = sink.findings;
  return out;
}

Json search_json(const Search& search) {
  Json out;
  out["highest_rate"] = search.highest;
  out["confirmed"] = search.confirmed();
  out["trials_at_highest"] = search.tried;
  out["trials_met_at_highest"] = search.met;
  out["generator_bound"] = search.generator_bound;
  if (!search.ended_by.empty()) {
    out["ended_by"] = search.ended_by;
  }
  out["trials"] = Json::array();
  for (const Trial& trial : search.trials) {
    out["trials"].push_back({{"asked", trial.asked},
                             {"accepted", trial.achieved},
                             {"p99_seconds", trial.p99},
                             {"errors", trial.errors},
                             {"held", trial.held},
                             {"note", trial.note}});
  }
  return out;
}

void add_result(Json& out, const Report& report) {
  const RunResult& result = report.result;
  out["started_at"] = result.started_at;
  out["seconds"] = result.seconds;
  out["total_seconds"] = result.total_seconds;
  out["interrupted"] = result.interrupted;
  out["generator_bound"] = result.generator_bound();
  out["load_seconds"] = report.run_seconds();
  out["sent_rate"] = optional_json(report.sent_rate());  // null: too short to tell
  out["accepted_rate"] = optional_json(report.accepted_rate());
  out["rate_error"] = report.rate_error();
  out["error_share"] = report.error_share();
  out["late_by_target"] = result.late_by_target;
  out["late_by_generator"] = result.late_by_generator;
  out["stalled_seconds"] = result.stalled_seconds;
  out["stalled_requests"] = result.stalled_requests;
  out["generator_cpu_seconds"] = result.cpu_seconds;
  out["generator_rss_bytes"] = result.rss_bytes;
  const auto sent = static_cast<double>(result.total().sent);
  out["items_per_cpu_second"] = result.cpu_seconds > 0 ? sent / result.cpu_seconds : 0;
  out["signals"] = signals_json(result);
  out["latency"] = histogram_json(result.latency);
  out["service_time"] = histogram_json(result.service);
  out["schedule_lateness"] = histogram_json(result.lateness);
  out["causes"] = result.causes;
  out["warnings"] = result.warnings;
  out["unauthorized_requests"] = result.unauthorized;
  const auto& c = result.connections;
  out["connections"] = {
      {"connects", c.connects},           {"connect_failures", c.connect_failures},
      {"disconnects", c.disconnects},     {"goaways", c.goaways},
      {"socket_out_bytes", c.socket_out}, {"socket_in_bytes", c.socket_in}};
}

Json tier_json(const TierVerdict& tier) {
  return {{"tier", tier.tier},
          {"spans_per_second", tier.spans},
          {"series", tier.series},
          {"interval_seconds", tier.interval},
          {"points_per_second", tier.points},
          {"records_per_second", tier.records},
          {"held", tier.held},
          {"reason", tier.reason}};
}

}  // namespace

void add_plan(Json& out, const Report& report) {
  out["scenario"] = report.scenario;
  out["fingerprint"] = report.fingerprint;
  out["seed"] = report.seed;
  out["endpoints"] = report.endpoints;
  out["environment"] = report.environment;
  out["protocol"] = report.protocol;
  out["compression"] = report.compression;
  out["profile"] = report.profile;
  out["unit"] = name_of(report.unit);
  out["asked_rate"] = report.asked_rate;
  out["expected_units"] = report.expected;
  out["duration_seconds"] = report.duration;
  out["warmup_seconds"] = report.warmup;
  out["shard"] = report.shard;
  out["shards"] = report.shards;
}

std::string report_json(const Report& report) {
  Json out;
  out["schema"] = k_report_schema;
  out["passed"] = report.passed();
  if (report.failure) {
    out["failure"] = report.failure->message;
  }
  add_plan(out, report);
  add_result(out, report);
  out["thresholds"] = Json::array();
  for (const Verdict& verdict : report.verdicts) {
    out["thresholds"].push_back(
        {{"threshold", verdict.text}, {"actual", verdict.actual}, {"met", verdict.met}});
  }
  if (report.ledger) {
    out["ledger"] = ledger_json(*report.ledger);
  }
  if (report.sampling) {
    out["sampling"] = sampling_json(*report.sampling);
  }
  if (report.sink) {
    out["sink"] = sink_json(*report.sink);
  }
  if (report.search) {
    out["search"] = search_json(*report.search);
  }
  if (!report.measured.empty()) {
    out["measured"] = report.measured;
  }
  if (report.tier) {
    out["certificate"] = tier_json(*report.tier);
  }
  return out.dump(2) + "\n";
}

}  // namespace obsctl::loadgen
