// SPDX-License-Identifier: Apache-2.0
// Adds up the collector's counters between two readings, signal by signal.
#include "lib/checks/ledger.hpp"

#include <algorithm>
#include <optional>

#include "lib/checks/ledger_stores.hpp"

namespace obsctl::health {
namespace {

constexpr const char* k_signals[] = {"traces", "metrics", "logs"};

std::string label_of(const Sample& sample, const char* label) {
  const auto found = sample.labels.find(label);
  return found == sample.labels.end() ? "" : found->second;
}

// Why an exporter dropped items: collectors tell it with `level: detailed` of their metrics. The
// type is that of gRPC, to which statuses of HTTP are translated; not all have one.
std::string reason_of(const Sample& failed) {
  const std::string permanent = label_of(failed, "error_permanent");
  if (permanent.empty()) {
    return "refused or given up";
  }
  const std::string type = label_of(failed, "error_type");
  const std::string what = permanent == "true" ? "refused for good" : "given up";
  return type.empty() || type == "Unknown" || type == "_OTHER" ? what : what + ": " + type;
}

// What every counter of items of one reading grew by per second.
class Rates {
 public:
  explicit Rates(const Reading& reading) : reading_(reading) {}

  // Grouped by a function of each sample.
  template <class Key>
  [[nodiscard]] std::map<std::string, double> grouped(const std::string& metric,
                                                      const std::string& signal,
                                                      const Key& key) const {
    std::map<std::string, double> out;
    for (const Sample& sample : reading_.samples) {
      if (sample.name == metric && label_of(sample, "signal") == signal) {
        out[key(sample)] += growth(sample);
      }
    }
    return out;
  }

  // Grouped by a label.
  [[nodiscard]] std::map<std::string, double> by(const std::string& metric,
                                                 const std::string& signal,
                                                 const char* label) const {
    return grouped(metric, signal, [label](const Sample& one) { return label_of(one, label); });
  }

  [[nodiscard]] double sum(const std::string& metric, const std::string& signal) const {
    double out = 0;
    for (const auto& [key, value] : by(metric, signal, "")) {
      out += value;
    }
    return out;
  }

 private:
  [[nodiscard]] double growth(const Sample& sample) const {
    const auto was = std::ranges::find_if(reading_.before, [&sample](const Sample& one) {
      return one.name == sample.name && one.labels == sample.labels;
    });
    const double before = was == reading_.before.end() ? 0 : was->value;
    return (sample.value < before ? sample.value : sample.value - before) / reading_.seconds;
  }

  const Reading& reading_;
};

bool samples_traces(const Reading& reading) {
  return std::ranges::any_of(reading.samples, [](const Sample& sample) {
    return sample.name.starts_with("otelcol_processor_tail_sampling_");
  });
}

std::optional<LedgerLine> line_of(const Reading& reading, const std::string& signal) {
  const Rates rates(reading);
  LedgerLine out;
  out.component = reading.component;
  out.signal = signal;
  out.seconds = reading.seconds;
  out.accepted = rates.sum("otelcol_receiver_accepted_items", signal);
  out.refused = rates.sum("otelcol_receiver_refused_items", signal) +
                rates.sum("otelcol_receiver_failed_items", signal);
  // Several exporters may each get a copy; the ledger follows the one that gets most.
  for (const auto& [exporter, sent] : rates.by("otelcol_exporter_sent_items", signal, "exporter")) {
    out.stored = std::max(out.stored, sent);
  }
  // The error of a full queue goes back to the sender, unless a processor has said yes before: only
  // what nobody was told of is lost.
  const double full = rates.sum("otelcol_exporter_enqueue_failed_items", signal);
  if (const double told = std::min(full, out.refused); told > 0) {
    out.refusals["queue full"] = told;
  }
  if (full > out.refused) {
    out.lost["queue full"] = full - out.refused;
  }
  for (const auto& [reason, rate] :
       rates.grouped("otelcol_exporter_send_failed_items", signal, reason_of)) {
    if (rate > 0) {
      out.lost[reason] = rate;
    }
  }
  const auto incoming = rates.by("otelcol_processor_incoming_items", signal, "processor");
  const auto outgoing = rates.by("otelcol_processor_outgoing_items", signal, "processor");
  for (const auto& [processor, in] : incoming) {
    const auto left = outgoing.find(processor);
    const double removed = in - (left == outgoing.end() ? 0 : left->second);
    if (left != outgoing.end() && removed > 0) {
      out.filters[processor] = removed;
      out.filtered += removed;
    }
  }
  if (out.accepted == 0 && out.refused == 0 && out.stored == 0 && out.lost.empty()) {
    return std::nullopt;
  }
  const double left = out.accepted - out.stored - out.filtered - out.lost_per_second();
  // Queues count requests, not items, so what is not yet sent can only be told from sampling by
  // whether there is a sampler.
  const double held = std::max(0.0, left);
  if (signal == "traces" && samples_traces(reading)) {
    out.sampled = held;
  } else if (rates.sum("otelcol_exporter_queue_size", signal) > 0) {
    out.waiting = held;
  } else {
    out.unknown = held;
  }
  return out;
}

// What the collector's log says about the exporters that lost something of this signal now: a log
// also tells of losses that are over.
std::map<std::string, std::string> said_about(const LedgerLine& line, const Evidence& evidence,
                                              const Reading& metrics) {
  std::map<std::string, std::string> out;
  const Reading* log = evidence.find(Source::logs, line.component);
  if (log == nullptr || line.lost.empty()) {
    return out;
  }
  const auto failed =
      Rates(metrics).by("otelcol_exporter_send_failed_items", line.signal, "exporter");
  for (const Sample& sample : log->samples) {
    const std::string signal = label_of(sample, "signal");
    const auto found = failed.find(label_of(sample, "exporter"));
    if (sample.name == "exporter_refusal" && found != failed.end() && found->second > 0 &&
        (signal.empty() || signal == line.signal)) {
      out[found->first] = label_of(sample, "reason");
    }
  }
  return out;
}

}  // namespace

double LedgerLine::lost_per_second() const {
  double out = 0;
  for (const auto& [reason, rate] : lost) {
    out += rate;
  }
  return out;
}

std::vector<LedgerLine> ledger(const Evidence& evidence,
                               const std::vector<catalog::Discard>& discards) {
  std::vector<LedgerLine> out;
  for (const Reading& reading : evidence.readings) {
    if (reading.source != Source::metrics || reading.before.empty() || reading.seconds <= 0) {
      continue;
    }
    for (const char* signal : k_signals) {
      if (auto line = line_of(reading, signal)) {
        line->said = said_about(*line, evidence, reading);
        out.push_back(std::move(*line));
      }
    }
  }
  add_discards(out, evidence, discards);
  return out;
}

}  // namespace obsctl::health
