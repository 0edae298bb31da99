// SPDX-License-Identifier: Apache-2.0
// Reports as JSON and back; the schema is obsctl.loadgen/v1.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view k_schema = "obsctl.loadgen/v1";

struct Field {
  const char* name;
  std::uint64_t SignalTally::*member;
};
constexpr Field k_fields[] = {
    {"sent", &SignalTally::sent},
    {"accepted", &SignalTally::accepted},
    {"rejected", &SignalTally::rejected},
    {"refused", &SignalTally::refused},
    {"failed", &SignalTally::failed},
    {"unknown", &SignalTally::unknown},
    {"unsent", &SignalTally::unsent},
    {"retried", &SignalTally::retried},
    {"maybe_twice", &SignalTally::maybe_twice},
    {"requests", &SignalTally::requests},
    {"requests_unsent", &SignalTally::requests_unsent},
    {"body_bytes", &SignalTally::body_bytes},
    {"wire_out_bytes", &SignalTally::wire_out},
    {"wire_in_bytes", &SignalTally::wire_in},
};

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

Histogram histogram_from(const Json& json) {
  return Histogram::from_buckets(
      json.at("buckets").get<std::vector<std::pair<std::uint32_t, std::uint64_t>>>(),
      json.at("min_ns").get<std::int64_t>(), json.at("max_ns").get<std::int64_t>(),
      json.at("sum_ns").get<double>());
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
    for (const Field& field : k_fields) {
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

Json search_json(const Search& search) {
  Json out;
  out["highest_rate"] = search.highest;
  out["generator_bound"] = search.generator_bound;
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

void add_result(Json& out, const Report& report) {
  const RunResult& result = report.result;
  out["started_at"] = result.started_at;
  out["seconds"] = result.seconds;
  out["total_seconds"] = result.total_seconds;
  out["interrupted"] = result.interrupted;
  out["generator_bound"] = result.generator_bound();
  out["sent_rate"] = report.sent_rate();
  out["accepted_rate"] = report.accepted_rate();
  out["rate_error"] = report.rate_error();
  out["error_share"] = report.error_share();
  out["late_by_target"] = result.late_by_target;
  out["late_by_generator"] = result.late_by_generator;
  out["generator_cpu_seconds"] = result.cpu_seconds;
  out["generator_rss_bytes"] = result.rss_bytes;
  const auto sent = static_cast<double>(result.total().sent);
  out["items_per_cpu_second"] = result.cpu_seconds > 0 ? sent / result.cpu_seconds : 0;
  out["signals"] = signals_json(result);
  out["latency"] = histogram_json(result.latency);
  out["service_time"] = histogram_json(result.service);
  out["schedule_lateness"] = histogram_json(result.lateness);
  out["causes"] = result.causes;
  out["unauthorized_requests"] = result.unauthorized;
  const auto& c = result.connections;
  out["connections"] = {
      {"connects", c.connects},           {"connect_failures", c.connect_failures},
      {"disconnects", c.disconnects},     {"goaways", c.goaways},
      {"socket_out_bytes", c.socket_out}, {"socket_in_bytes", c.socket_in}};
}

RunResult result_from(const Json& json) {
  RunResult out;
  out.started_at = json.at("started_at").get<double>();
  out.seconds = json.at("seconds").get<double>();
  out.total_seconds = json.at("total_seconds").get<double>();
  out.interrupted = json.at("interrupted").get<bool>();
  out.late_by_target = json.at("late_by_target").get<std::uint64_t>();
  out.late_by_generator = json.at("late_by_generator").get<std::uint64_t>();
  out.cpu_seconds = json.at("generator_cpu_seconds").get<double>();
  out.rss_bytes = json.at("generator_rss_bytes").get<double>();
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const std::string name(otlp::signal_name(static_cast<otlp::Signal>(i)));
    if (json.at("signals").contains(name)) {
      for (const Field& field : k_fields) {
        out.signals[i].*field.member =
            json.at("signals").at(name).at(field.name).get<std::uint64_t>();
      }
    }
  }
  out.latency = histogram_from(json.at("latency"));
  out.service = histogram_from(json.at("service_time"));
  out.lateness = histogram_from(json.at("schedule_lateness"));
  out.causes = json.at("causes").get<std::map<std::string, std::uint64_t>>();
  out.unauthorized = json.value("unauthorized_requests", std::uint64_t{0});  // not in older reports
  const Json& c = json.at("connections");
  out.connections = {c.at("connects"), c.at("connect_failures"), c.at("disconnects"),
                     c.at("goaways"),  c.at("socket_out_bytes"), c.at("socket_in_bytes")};
  return out;
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

TierVerdict tier_from(const Json& json) {
  TierVerdict out;
  out.tier = json.at("tier").get<std::string>();
  out.spans = json.at("spans_per_second").get<double>();
  out.series = json.at("series").get<double>();
  out.interval = json.at("interval_seconds").get<double>();
  out.points = json.at("points_per_second").get<double>();
  out.records = json.at("records_per_second").get<double>();
  out.held = json.at("held").get<bool>();
  out.reason = json.at("reason").get<std::string>();
  return out;
}

Report report_from(const Json& json) {
  Report out;
  out.scenario = json.at("scenario").get<std::string>();
  out.fingerprint = json.at("fingerprint").get<std::string>();
  out.seed = json.at("seed").get<std::uint64_t>();
  out.endpoints = json.at("endpoints").get<std::vector<std::string>>();
  out.protocol = json.at("protocol").get<std::string>();
  out.compression = json.at("compression").get<std::string>();
  out.profile = json.at("profile").get<std::string>();
  out.asked_rate = json.at("asked_rate").get<double>();
  out.expected = json.at("expected_units").get<double>();
  out.duration = json.at("duration_seconds").get<double>();
  out.warmup = json.at("warmup_seconds").get<double>();
  out.shard = json.at("shard").get<std::int64_t>();
  out.shards = json.at("shards").get<std::int64_t>();
  out.result = result_from(json);
  if (json.contains("failure")) {
    out.failure = Error{.message = json.at("failure").get<std::string>()};
  }
  for (const Json& verdict : json.at("thresholds")) {
    out.verdicts.push_back({verdict.at("threshold").get<std::string>(),
                            verdict.at("actual").get<std::string>(),
                            verdict.at("met").get<bool>()});
  }
  if (json.contains("certificate")) {
    out.tier = tier_from(json.at("certificate"));
  }
  return out;
}

}  // namespace

std::string report_json(const Report& report) {
  Json out;
  out["schema"] = k_schema;
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
    Json& sink = out["sink"];
    sink["url"] = report.sink->url;
    for (std::size_t i = 0; i < otlp::k_signals; ++i) {
      const auto& seen = report.sink->seen.signals[i];
      sink["signals"][std::string(otlp::signal_name(static_cast<otlp::Signal>(i)))] = {
          {"items", seen.items}, {"distinct", seen.distinct}, {"duplicates", seen.duplicates}};
    }
    sink["distinct_traces"] = report.sink->seen.traces;
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

Result<Report> read_report(std::string_view json, const std::string& name) {
  try {
    const Json parsed = Json::parse(json);
    if (parsed.value("schema", "") != k_schema) {
      return fail(Code::config, fmt::format("'{}' is not a report of obsctl loadgen", name),
                  "'obsctl loadgen run -o json' writes such reports");
    }
    Report out = report_from(parsed);
    OBS_TRY_ASSIGN(out.unit, parse_choice<Unit>(parsed.at("unit").get<std::string>(), "unit"));
    out.name = name;
    return out;
  } catch (const nlohmann::json::exception& error) {
    return fail(Code::config, fmt::format("'{}' is not a readable report: {}", name, error.what()),
                "'obsctl loadgen run -o json' writes such reports");
  }
}

}  // namespace obsctl::loadgen
