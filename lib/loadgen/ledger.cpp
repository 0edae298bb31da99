// SPDX-License-Identifier: Apache-2.0
// Reading the collector's exposition and balancing two of them against a run.
#include "lib/loadgen/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl::loadgen {
namespace {

constexpr const char* k_metrics_hint =
    "use the URL of the collector's own metrics, for example http://localhost:8888/metrics";

std::string label(const prom::Sample& sample, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const auto found = sample.labels.find(std::string(name)); found != sample.labels.end()) {
      return found->second;
    }
  }
  return "";
}

// Index of the signal in a metric's suffix ("spans") or a label ("traces"); -1 when it is none.
int signal_of(std::string_view word) {
  if (word == "spans" || word == "traces") {
    return 0;
  }
  if (word == "metric_points" || word == "metrics") {
    return 1;
  }
  return word == "log_records" || word == "logs" ? 2 : -1;
}

// `name` is the sample's without `_total`.
void read_items(Snapshot& out, std::string_view name, const prom::Sample& sample) {
  struct Row {
    std::string_view prefix;
    double Snapshot::Items::*into;
  };
  static constexpr Row k_rows[] = {
      {"otelcol_receiver_accepted_", &Snapshot::Items::accepted},
      {"otelcol_receiver_refused_", &Snapshot::Items::refused},
      {"otelcol_receiver_failed_", &Snapshot::Items::failed},
      {"otelcol_exporter_send_failed_", &Snapshot::Items::send_failed},
      {"otelcol_exporter_enqueue_failed_", &Snapshot::Items::enqueue_failed},
      {"otelcol_exporter_sent_", &Snapshot::Items::sent},
  };
  for (const Row& row : k_rows) {
    if (!name.starts_with(row.prefix)) {
      continue;
    }
    const int signal = signal_of(name.substr(row.prefix.size()));
    if (signal >= 0) {
      out.signals[static_cast<std::size_t>(signal)].*row.into += sample.value;
      if (row.into == &Snapshot::Items::sent) {
        out.exporters[fmt::format("{} {}", otlp::signal_name(static_cast<otlp::Signal>(signal)),
                                  label(sample, {"exporter"}))] += sample.value;
      }
    }
    return;
  }
}

std::uint64_t rounded(double value) {
  return static_cast<std::uint64_t>(std::llround(value));
}

double growth(const std::map<std::string, double>& before, const std::string& key, double after) {
  const auto found = before.find(key);
  return after - (found == before.end() ? 0 : found->second);
}

void read_sample(Snapshot& out, const prom::Sample& sample) {
  constexpr std::string_view k_collector = "otelcol_";
  const std::string_view full = prom::without_total(sample.name);
  if (!full.starts_with(k_collector) || !std::isfinite(sample.value)) {
    return;
  }
  read_items(out, full, sample);
  const std::string_view name = full.substr(k_collector.size());
  if (name == "exporter_queue_size") {
    out.queued += sample.value;
  } else if (name == "processor_incoming_items" || name == "processor_outgoing_items") {
    const double sign = name == "processor_incoming_items" ? 1 : -1;
    out.removed[fmt::format("{} {}", label(sample, {"otel_signal", "otel.signal"}),
                            label(sample, {"processor"}))] += sign * sample.value;
  } else if (name == "processor_tail_sampling_global_count_traces_sampled" &&
             label(sample, {"decision"}) != "dropped") {  // health checks, not sampled
    out.samples = true;
    (label(sample, {"sampled"}) == "true" ? out.sampled_traces : out.dropped_traces) +=
        sample.value;
  } else if (name == "processor_tail_sampling_count_traces_sampled" &&
             label(sample, {"sampled"}) == "true") {
    out.policies[label(sample, {"policy"})] += sample.value;
  } else if (name == "process_cpu_seconds") {
    out.cpu_seconds = sample.value;
  } else if (name == "process_memory_rss" || name == "process_memory_rss_bytes") {
    out.rss_bytes = sample.value;
  }
}

Failure no_collector(std::string message) {
  return fail(Code::failed, std::move(message), k_metrics_hint);
}

}  // namespace

Snapshot read_snapshot(const std::vector<prom::Family>& families) {
  Snapshot out;
  for (const prom::Family& family : families) {
    for (const prom::Sample& sample : family.samples) {
      read_sample(out, sample);
    }
  }
  return out;
}

Result<Snapshot> fetch_snapshot(HttpClient& http, const std::string& url) {
  HttpRequest request;
  request.url = url;
  auto answer = http.send(request);
  if (!answer) {
    return Failure(std::move(answer).error().in(
        fmt::format("reading the collector's metrics from '{}'", shown_url(url))));
  }
  if (answer->status != 200) {
    return fail(Code::unreachable, fmt::format("'{}' answers {}", shown_url(url), answer->status),
                k_metrics_hint);
  }
  const auto families = prom::parse_exposition(answer->body, shown_url(url));
  if (!families) {
    return no_collector(
        fmt::format("{}: {}", families.error().at->str(), families.error().message));
  }
  const bool any = std::ranges::any_of(
      *families, [](const prom::Family& f) { return f.name.starts_with("otelcol_process"); });
  return any ? Result<Snapshot>(read_snapshot(*families))
             : no_collector(fmt::format("'{}' has no metrics of a collector", shown_url(url)));
}

LedgerReport balance(const Snapshot& before, const Snapshot& after, const RunResult& result,
                     double seconds) {
  LedgerReport out;
  out.before = before;
  out.after = after;
  out.queued = after.queued;
  double received = 0;
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const SignalTally& tally = result.signals[i];
    if (tally.sent == 0) {
      continue;
    }
    const auto& a = before.signals[i];
    const auto& b = after.signals[i];
    LedgerLine line;
    line.signal = otlp::signal_name(static_cast<otlp::Signal>(i));
    line.acknowledged = tally.accepted;
    line.unknown = tally.unknown;
    line.received = b.accepted - a.accepted;
    line.refused = b.refused - a.refused + b.failed - a.failed;
    line.export_failed = b.send_failed - a.send_failed + b.enqueue_failed - a.enqueue_failed;
    const std::string prefix = line.signal + " ";
    for (const auto& [key, value] : after.exporters) {
      if (key.starts_with(prefix)) {
        line.exported = std::max(line.exported, growth(before.exporters, key, value));
      }
    }
    for (const auto& [key, value] : after.removed) {
      const double removed = growth(before.removed, key, value);
      if (key.starts_with(prefix) && removed > 0) {
        line.filters[key.substr(prefix.size())] = removed;
        line.filtered += removed;
      }
    }
    line.held_back =
        std::max(0.0, line.received - line.exported - line.export_failed - line.filtered);
    line.missing = static_cast<double>(line.acknowledged) - line.received;
    // Items without an answer may have been received; acknowledged ones must have been.
    const bool arrived = line.missing <= 0 && rounded(-line.missing) <=
                                                  line.unknown + tally.maybe_twice + tally.rejected;
    const bool sampler = i == 0 && after.samples;
    line.accounted = arrived && line.export_failed == 0 && (line.held_back == 0 || sampler);
    received += line.received;
    out.lines.push_back(std::move(line));
  }
  out.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
  out.rss_bytes = after.rss_bytes;
  if (received > 0) {
    out.cpu_ms_per_1k = out.cpu_seconds * 1e6 / received;
    out.rss_per_1k = seconds > 0 ? after.rss_bytes / (received / seconds / 1000) : 0;
  }
  return out;
}

bool LedgerReport::balanced() const {
  return std::ranges::all_of(lines, [](const LedgerLine& line) { return line.accounted; });
}

Result<Settled> wait_settled(HttpClient& http, Clock& clock, const std::string& url, double silence,
                             double limit, const StopFlag& stop) {
  const auto start = clock.monotonic();
  OBS_TRY_ASSIGN(Snapshot last, fetch_snapshot(http, url));
  auto changed = clock.monotonic();
  while (clock.since(start).seconds < limit && clock.sleep({0.25}, stop, StopLevel::now)) {
    OBS_TRY_ASSIGN(Snapshot now, fetch_snapshot(http, url));
    bool same = now.exporters == last.exporters && now.removed == last.removed &&
                now.sampled_traces == last.sampled_traces &&
                now.dropped_traces == last.dropped_traces;
    for (std::size_t i = 0; i < otlp::k_signals; ++i) {
      same = same && now.signals[i].accepted == last.signals[i].accepted;
    }
    if (!same) {
      changed = clock.monotonic();
    }
    last = std::move(now);
    if (clock.since(changed).seconds >= silence && last.queued == 0) {
      break;
    }
  }
  return Settled{std::move(last), clock.since(start).seconds};
}

}  // namespace obsctl::loadgen
