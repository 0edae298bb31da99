// SPDX-License-Identifier: Apache-2.0
// Reading the collector's exposition and balancing two of them against a run.
#include "lib/loadgen/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/prom/otelcol.hpp"

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

constexpr std::string_view k_item_words[] = {"spans", "metric_points", "log_records"};

// `name` is plain.
void read_items(Snapshot& out, std::string_view name, const prom::Sample& sample) {
  struct Row {
    std::string_view prefix;
    double Snapshot::Items::*into;
  };
  static constexpr Row k_rows[] = {
      {"receiver_accepted_", &Snapshot::Items::accepted},
      {"receiver_refused_", &Snapshot::Items::refused},
      {"receiver_failed_", &Snapshot::Items::failed},
      {"exporter_send_failed_", &Snapshot::Items::send_failed},
      {"exporter_enqueue_failed_", &Snapshot::Items::enqueue_failed},
      {"exporter_sent_", &Snapshot::Items::sent},
  };
  for (const Row& row : k_rows) {
    if (!name.starts_with(row.prefix)) {
      continue;
    }
    for (std::size_t i = 0; i < otlp::k_signals; ++i) {
      if (!prom::is_named(name.substr(row.prefix.size()), k_item_words[i])) {
        continue;
      }
      out.signals[i].*row.into += sample.value;
      out.signals[i].counted |= row.into == &Snapshot::Items::accepted;
      if (row.into == &Snapshot::Items::sent) {
        out.exporters[fmt::format("{} {}", otlp::signal_name(static_cast<otlp::Signal>(i)),
                                  label(sample, {"exporter", "component_id"}))] += sample.value;
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

// Of the process itself. Alloy has the names that every Go process has.
void read_process(Snapshot& out, std::string_view name, double value, bool of_collector) {
  const auto take = [&](double& into) { into = of_collector || into == 0 ? value : into; };
  if (prom::is_named(name, "process_cpu") || prom::is_named(name, "process_cpu_seconds")) {
    take(out.cpu_seconds);
  } else if (prom::is_named(name, "process_memory_rss") ||
             prom::is_named(name, "process_resident_memory")) {
    take(out.rss_bytes);
  }
}

void read_sample(Snapshot& out, const prom::Sample& sample) {
  if (!std::isfinite(sample.value)) {
    return;
  }
  const std::string name = prom::plain_otelcol_name(sample.name);
  read_items(out, name, sample);
  read_process(out, name, sample.value, prom::is_otelcols(sample.name));
  if (prom::is_named(name, "exporter_queue_size")) {
    out.queued += sample.value;
  } else if (const bool in = prom::is_named(name, "processor_incoming_items");
             in || prom::is_named(name, "processor_outgoing_items")) {
    out.removed[fmt::format("{} {}", label(sample, {"otel_signal", "otel.signal"}),
                            label(sample, {"processor"}))] += (in ? 1 : -1) * sample.value;
  } else if (prom::is_named(name, "processor_tail_sampling_global_count_traces_sampled") &&
             label(sample, {"decision"}) != "dropped") {  // health checks, not sampled
    out.samples = true;
    (label(sample, {"sampled"}) == "true" ? out.sampled_traces : out.dropped_traces) +=
        sample.value;
  } else if (prom::is_named(name, "processor_tail_sampling_count_traces_sampled") &&
             label(sample, {"sampled"}) == "true") {
    out.policies[label(sample, {"policy"})] += sample.value;
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
  Snapshot out = read_snapshot(*families);
  const bool any =
      std::ranges::any_of(*families,
                          [](const prom::Family& f) {
                            return prom::is_otelcols(f.name) || f.name.starts_with("alloy_");
                          }) ||
      std::ranges::any_of(out.signals, &Snapshot::Items::counted);
  return any ? Result<Snapshot>(std::move(out))
             : no_collector(fmt::format("'{}' has no metrics of a collector", shown_url(url)));
}

namespace {

// Why the collector's counters say nothing about a signal; empty when they do.
std::string untold(std::size_t signal, const Snapshot& before, const Snapshot& after) {
  const Snapshot::Items& items = after.signals[signal];
  if (!items.counted && items.accepted == 0) {
    return fmt::format(
        "no item counter found: looked for otelcol_receiver_accepted_{}, also with _total or a "
        "unit behind it and without otelcol_",
        k_item_words[signal]);
  }
  const bool restarted =
      items.accepted < before.signals[signal].accepted || after.cpu_seconds < before.cpu_seconds;
  return restarted ? "the counters fell: the collector was started again during the run" : "";
}

}  // namespace

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
    line.untold = untold(i, before, after);
    line.received = b.accepted - a.accepted;
    line.refused = b.refused - a.refused + b.failed - a.failed;
    line.export_failed = b.send_failed - a.send_failed + b.enqueue_failed - a.enqueue_failed;
    const std::string prefix = line.signal + " ";
    // A queue that does not empty belongs to an exporter that has not counted yet.
    line.exports_told = after.queued > 0 || b.send_failed + b.enqueue_failed > 0;
    for (const auto& [key, value] : after.exporters) {
      if (key.starts_with(prefix)) {
        line.exports_told = true;
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
    const double left = line.received - line.exported - line.export_failed - line.filtered;
    line.held_back = line.exports_told ? std::max(0.0, left) : 0;
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
  return std::ranges::all_of(
      lines, [](const LedgerLine& line) { return !line.untold.empty() || line.accounted; });
}

bool LedgerReport::stood_still() const {
  const auto told = [](const LedgerLine& line) { return line.untold.empty(); };
  return std::ranges::any_of(
             lines, [&](const LedgerLine& line) { return told(line) && line.acknowledged > 0; }) &&
         std::ranges::all_of(
             lines, [&](const LedgerLine& line) { return !told(line) || line.received == 0; });
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
