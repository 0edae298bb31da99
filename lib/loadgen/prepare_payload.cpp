// SPDX-License-Identifier: Apache-2.0
// Encodes the payload of a planned run and says what the run will send.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/loadgen/prepare.hpp"
#include "lib/loadgen/report_parts.hpp"

namespace obsctl::loadgen {
namespace {

std::array<const std::optional<Ring>*, 3> rings_of(const Payload& payload) {
  return {&payload.traces, &payload.metrics, &payload.logs};
}

// Whole numbers of items per signal that add up to the count, by the largest remainder.
std::array<std::int64_t, 3> split_count(double count, const std::array<double, 3>& share) {
  std::array<std::int64_t, 3> out{};
  std::int64_t left = static_cast<std::int64_t>(count);
  std::array<double, 3> rest{};
  for (std::size_t i = 0; i < 3; ++i) {
    out[i] = static_cast<std::int64_t>(std::floor(count * share[i]));
    rest[i] = count * share[i] - static_cast<double>(out[i]);
    left -= out[i];
  }
  for (; left > 0; --left) {
    const auto at = static_cast<std::size_t>(std::ranges::max_element(rest) - rest.begin());
    ++out[at];
    rest[at] = -1;
  }
  return out;
}

void count_items(double count, const Plan& plan, CompileOptions& compile) {
  const auto split = split_count(count, plan.share);
  compile.spans = split[0];
  compile.points = split[1];
  compile.records = split[2];
}

// What ends the run besides time: a count, or a rate over a time, which is a count too (the last
// request is shortened to make it exact). False when nothing does.
Result<bool> limit_items(const std::optional<Count>& count, PreparedRun& run) {
  const Plan& plan = run.plan;
  const bool timed = !plan.max && !run.find_max && plan.unit == Unit::items;
  const double due = std::round(plan.profile.due_by(plan.duration));
  if (!count) {
    if (timed) {
      count_items(due, plan, run.compile);
    }
    return timed;
  }
  if (count->of == Count::Of::items) {
    // A time may end the run first.
    const auto number = static_cast<double>(count->number);
    count_items(timed && plan.duration > 0 ? std::min(number, due) : number, plan, run.compile);
  } else if (count->of == Count::Of::traces) {
    if (plan.share[0] < 1) {
      return fail(Code::usage, "a count of whole traces needs a run that sends nothing but traces",
                  "restrict the signals to traces");
    }
    run.compile.whole_traces = count->number;
    run.compile.spans = timed && plan.duration > 0 ? static_cast<std::int64_t>(due) : 0;
  }
  return true;
}

void limit_requests(const Payload& payload, const CompileOptions& compile, Plan& plan) {
  const std::array<std::int64_t, 3> items = {payload.total_spans, compile.points, compile.records};
  const auto rings = rings_of(payload);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (*rings[i]) {
      plan.requests[i] = requests_for(**rings[i], items[i]);
    }
  }
}

// Units of one ring in so many requests.
double units_in(const Ring& ring, std::int64_t requests, Unit unit) {
  if (unit == Unit::requests) {
    return static_cast<double>(requests);
  }
  if (ring.tail_request >= 0 && ring.tail_request == requests - 1) {
    return static_cast<double>(ring.items_before(ring.tail_request) +
                               ring.requests[ring.size].items);
  }
  return static_cast<double>(ring.items_before(requests));
}

// Units that the schedule of this shard holds within the time and the counts; 0 without a schedule.
double expected_units(const PreparedRun& run) {
  const Plan& plan = run.plan;
  if (plan.max) {
    return 0;
  }
  double sum = 0;
  const auto rings = rings_of(*run.payload);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (!*rings[i]) {
      continue;
    }
    double due = plan.duration > 0 ? plan.profile.due_by(plan.duration) * plan.share[i] : INFINITY;
    if (plan.requests[i] >= 0) {
      const double counted = units_in(**rings[i], plan.requests[i], plan.unit);
      // Counts were rounded to whole items, so they may lie above the schedule by less than one.
      due = counted < due + 1 ? counted : due;
    }
    sum += due;
  }
  return sum / static_cast<double>(plan.shards);
}

void describe(PreparedRun& run) {
  const Plan& plan = run.plan;
  Report& report = run.report;
  report.scenario = run.scenario.name;
  report.fingerprint = run.payload->fingerprint;
  report.seed = plan.seed;
  for (const otlp::Endpoint& endpoint : plan.client.endpoints) {
    report.endpoints.push_back(endpoint.url());
  }
  report.protocol = name_of(run.target.transport.value_or(Transport::grpc));
  report.compression = name_of(plan.client.compression);
  report.profile = plan.max ? "max" : plan.profile.text();
  report.unit = plan.unit;
  report.asked_rate = plan.max ? 0 : run.rate / static_cast<double>(plan.shards);
  report.expected = expected_units(run);
  report.duration = plan.duration;
  report.warmup = plan.warmup;
  report.shard = plan.shard;
  report.shards = plan.shards;
  if (report.tier) {
    // Only what is sent is judged.
    report.tier->spans = run.payload->traces ? report.tier->spans : 0;
    report.tier->points = run.payload->metrics ? report.tier->points : 0;
    report.tier->records = run.payload->logs ? report.tier->records : 0;
  }
}

}  // namespace

Result<void> compile_payload(const RunOptions& options, PreparedRun& run) {
  OBS_TRY_ASSIGN(const bool limited, limit_items(options.load.count, run));
  OBS_TRY_ASSIGN(Payload payload, compile(run.scenario, run.compile));
  run.payload = std::make_unique<Payload>(std::move(payload));
  run.plan.payload = run.payload.get();
  if (options.load.count && options.load.count->of == Count::Of::requests) {
    run.plan.requests =
        split_count(static_cast<double>(options.load.count->number), run.plan.share);
  } else if (limited) {
    limit_requests(*run.payload, run.compile, run.plan);
  }
  describe(run);
  return {};
}

Result<Payload> compile_trial(const PreparedRun& run, double rate, Plan& plan) {
  CompileOptions options = run.compile;
  const bool timed = plan.unit == Unit::items && plan.duration > 0;
  if (timed) {
    constexpr std::int64_t k_requests =
        10;  // of every signal at least, to spread them over the time
    count_items(std::round(rate * plan.duration), plan, options);
    options.traces_rate = rate * plan.share[0];
    options.metrics_rate = rate * plan.share[1];
    options.logs_rate = rate * plan.share[2];
    for (const std::int64_t items : {options.spans, options.points, options.records}) {
      if (items > 0) {
        options.batch = std::clamp<std::int64_t>(items / k_requests, 1, options.batch);
      }
    }
  }
  OBS_TRY_ASSIGN(Payload payload, compile(run.scenario, options));
  if (timed) {
    limit_requests(payload, options, plan);
  }
  return payload;
}

std::string plan_text(const PreparedRun& run) {
  const Payload& payload = *run.payload;
  const Report& report = run.report;
  std::string out =
      fmt::format("Scenario        {}: {}\n", run.scenario.name, run.scenario.description);
  if (!run.scenario.source.empty()) {
    out += fmt::format("Source          {}\n", run.scenario.source);
  }
  const std::string_view unit = name_of(report.unit);
  out += fmt::format("Target          {} over {}\n", join(report.endpoints, ", "), report.protocol);
  out += environment_line(report);
  out +=
      fmt::format("Rate            {} {}, profile {}\n",
                  report.asked_rate > 0 ? human_rate({report.asked_rate}) : "as fast as possible",
                  unit, report.profile);
  if (report.expected > 0) {
    out += fmt::format("Total           {:.0f} {}\n", report.expected, unit);
  }
  const auto rings = rings_of(payload);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (*rings[i]) {
      const Ring& ring = **rings[i];
      out += fmt::format("{:<16}{:.1f} % of the items, {:.1f} bytes each, {:.1f} per request\n",
                         otlp::item_name(ring.signal), run.plan.share[i] * 100,
                         static_cast<double>(ring.body_bytes) / static_cast<double>(ring.items),
                         static_cast<double>(ring.items) / static_cast<double>(ring.size));
    }
  }
  if (payload.traces) {
    out += fmt::format("Traces          {:.2f} spans each\n", payload.spans_per_trace);
  }
  if (payload.metrics) {
    out += fmt::format("Series          {:.0f}\n", payload.series);
  }
  return out + fmt::format("Fingerprint     {}\n", payload.fingerprint);
}

}  // namespace obsctl::loadgen
