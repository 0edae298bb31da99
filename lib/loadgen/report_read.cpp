// SPDX-License-Identifier: Apache-2.0
// Reads reports that other machines wrote: nothing in them is believed before it was looked at,
// because merging adds them up and a report that contradicts itself would make the sum wrong.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/json_fields.hpp"
#include "lib/base/text.hpp"
#include "lib/loadgen/report_fields.hpp"

namespace obsctl::loadgen {
namespace {

using Json = nlohmann::json;
using Fields = JsonFields;

constexpr double k_most = 1e15;  // of any number but a count or a time

Histogram histogram_from(const Fields& from) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets;
  for (const Json& entry : from.list("buckets")) {
    const bool pair = entry.is_array() && entry.size() == 2 && entry[0].is_number_unsigned() &&
                      entry[1].is_number_unsigned() &&
                      entry[0].get<std::uint64_t>() <= UINT32_MAX &&
                      entry[1].get<std::uint64_t>() <= Fields::k_most_count;
    if (!pair) {
      from.note("buckets", "is not a list of pairs of an index and a count");
      return {};
    }
    buckets.emplace_back(entry[0].get<std::uint32_t>(), entry[1].get<std::uint64_t>());
  }
  const auto edge = [&from](const char* name) {
    return static_cast<std::int64_t>(from.count(name));
  };
  auto out =
      Histogram::from_buckets(buckets, edge("min_ns"), edge("max_ns"), from.number("sum_ns", 1e30));
  if (!out) {
    from.note(out.error().field, out.error().what);
    return {};
  }
  if (out->count() != from.count("count")) {
    from.note("count", "is not the sum of the buckets");
  }
  return *std::move(out);
}

SignalTally tally_from(const Fields& from) {
  SignalTally out;
  for (const TallyField& field : k_tally_fields) {
    out.*field.member = from.count(field.name);
  }
  if (!out.balanced()) {
    from.note("sent", "is not the sum of accepted, rejected, refused, failed and unknown");
  }
  return out;
}

std::map<std::string, std::uint64_t> texts_from(const Fields& from) {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [text, count] : from.all().items()) {
    out[printable(text)] += from.count(text);
  }
  return out;
}

otlp::ClientStats connections_from(const Fields& from) {
  otlp::ClientStats out;
  out.connects = from.count("connects");
  out.connect_failures = from.count("connect_failures");
  out.disconnects = from.count("disconnects");
  out.goaways = from.count("goaways");
  out.socket_out = from.count("socket_out_bytes");
  out.socket_in = from.count("socket_in_bytes");
  return out;
}

// What reports had from the beginning, and what older ones lack.
RunResult result_from(const Fields& from) {
  RunResult out;
  out.started_at = from.number("started_at", k_most);
  out.seconds = from.seconds("seconds");
  out.total_seconds = from.seconds("total_seconds");
  out.interrupted = from.flag("interrupted");
  out.late_by_target = from.count("late_by_target");
  out.late_by_generator = from.count("late_by_generator");
  out.cpu_seconds = from.seconds("generator_cpu_seconds");
  out.rss_bytes = from.number("generator_rss_bytes", k_most);
  const Fields signals = from.object("signals");
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const std::string name(otlp::signal_name(static_cast<otlp::Signal>(i)));
    if (signals.has(name)) {
      out.signals[i] = tally_from(signals.object(name));
    }
  }
  out.latency = histogram_from(from.object("latency"));
  out.service = histogram_from(from.object("service_time"));
  out.lateness = histogram_from(from.object("schedule_lateness"));
  out.causes = texts_from(from.object("causes"));
  out.connections = connections_from(from.object("connections"));
  if (from.has("unauthorized_requests")) {
    out.unauthorized = from.count("unauthorized_requests");
  }
  if (from.has("load_seconds")) {
    out.load_seconds = from.seconds("load_seconds");
    out.stalled_seconds = from.seconds("stalled_seconds");
    out.stalled_requests = from.count("stalled_requests");
    out.warnings = texts_from(from.object("warnings"));
  }
  return out;
}

TierVerdict tier_from(const Fields& from) {
  TierVerdict out;
  out.tier = from.text("tier");
  out.spans = from.number("spans_per_second", k_most);
  out.series = from.number("series", k_most);
  out.interval = from.seconds("interval_seconds");
  out.points = from.number("points_per_second", k_most);
  out.records = from.number("records_per_second", k_most);
  out.held = from.flag("held");
  out.reason = from.text("reason");
  return out;
}

void plan_from(const Fields& from, Report& out) {
  out.scenario = from.text("scenario");
  out.fingerprint = from.text("fingerprint");
  out.seed = from.count("seed", UINT64_MAX);
  std::size_t number = 0;
  for (const Json& endpoint : from.list("endpoints")) {
    if (endpoint.is_string()) {
      out.endpoints.push_back(printable(endpoint.get<std::string>()));
    } else {
      from.note(fmt::format("endpoints[{}]", number), "is not a text");
    }
    ++number;
  }
  out.protocol = from.text("protocol");
  out.compression = from.text("compression");
  out.profile = from.text("profile");
  const auto unit = parse_choice<Unit>(from.text("unit"), "unit");
  out.unit = unit.value_or(Unit::items);
  if (!unit) {
    from.note("unit", "is neither items nor requests");
  }
  out.asked_rate = from.number("asked_rate", k_most);
  out.expected = from.number("expected_units", k_most);
  out.duration = from.seconds("duration_seconds");
  out.warmup = from.seconds("warmup_seconds");
  constexpr std::uint64_t k_most_shards = 1'000'000;
  out.shards = static_cast<std::int64_t>(from.count("shards", k_most_shards));
  out.shard = static_cast<std::int64_t>(from.count("shard", k_most_shards));
  if (out.shards < 1 || out.shard >= out.shards) {
    from.note("shard", "is not one of the shards");
  }
}

Report report_from(const Fields& from) {
  Report out;
  plan_from(from, out);
  out.result = result_from(from);
  if (from.has("failure")) {
    out.failure = Error{.message = from.text("failure")};
  }
  from.for_each("thresholds", [&out](const Fields& verdict) {
    out.verdicts.push_back(
        {verdict.text("threshold"), verdict.text("actual"), verdict.flag("met")});
  });
  if (from.has("certificate")) {
    out.tier = tier_from(from.object("certificate"));
  }
  return out;
}

constexpr const char* k_hint = "'obsctl loadgen run -o json' writes such reports";

}  // namespace

Result<Report> read_report(std::string_view json, const std::string& name) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded()) {
    return fail(Code::config, fmt::format("'{}' is not JSON", name), k_hint);
  }
  const auto schema = parsed.is_object() ? parsed.find("schema") : parsed.end();
  if (schema == parsed.end() || *schema != k_report_schema) {
    return fail(Code::config, fmt::format("'{}' is not a report of obsctl loadgen", name), k_hint);
  }
  std::string wrong;
  Report out = report_from(Fields(parsed, "", wrong));
  if (!wrong.empty()) {
    return fail(Code::config, fmt::format("'{}' is not a readable report: {}", name, wrong),
                k_hint);
  }
  out.name = name;
  return out;
}

}  // namespace obsctl::loadgen
