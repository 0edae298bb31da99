// The queries behind each measurement, tried from the best to the least that still is a
// measurement.
#include "lib/prom/measure.hpp"

#include <fmt/format.h>

#include <array>

#include "lib/base/text.hpp"

namespace obsctl::prom {
namespace {

constexpr std::array k_windows = {"1d", "1h", "15m", "5m", "2m"};

struct Probe {
  const char* name;
  const char* unit;
  // PromQL; WINDOW is replaced by each window in turn. `… and on() count(x offset WINDOW)` holds
  // only when the data reach that far back; without it rate() over more than there are data would
  // be too low.
  std::vector<const char*> queries;
  const char* missing;
};

// Both names of a counter of the collector. Jaeger reports the same names about itself.
#define COLLECTOR(name) "{__name__=~\"" name "(_total)?\",job!~\".*jaeger.*\"}"
#define SINCE(selector, window) " and on() count(" selector " offset " window ")"
#define RATE(selector) "sum(rate(" selector "[WINDOW]))" SINCE(selector, "WINDOW")
#define INCREASE(selector, window) "sum(increase(" selector "[" window "]))"
#define ACCEPTED_SPANS COLLECTOR("otelcol_receiver_accepted_spans")
#define SENT_SPANS COLLECTOR("otelcol_exporter_sent_spans")
#define LSM_BYTES "jaeger_storage_badger_size_bytes_lsm"

const std::vector<Probe>& probes() {
  static const std::vector<Probe> k_probes = {
      {"spans_per_second",
       "spans/s",
       {RATE(ACCEPTED_SPANS)},
       "no collector with otelcol_receiver_accepted_spans is scraped, or no span arrived in 2 "
       "minutes"},
      {"traces_per_second",
       "traces/s",
       {RATE(COLLECTOR("otelcol_processor_tail_sampling_new_trace_id_received"))},
       "the collector's tail sampling reports no new traces"},
      {"lines_per_second",
       "lines/s",
       {RATE(COLLECTOR("otelcol_receiver_accepted_log_records")),
        RATE("loki_distributor_lines_received_total")},
       "neither collector nor Loki reports received log records"},
      {"samples_per_second",
       "samples/s",
       {RATE("prometheus_tsdb_head_samples_appended_total"), RATE("vm_rows_inserted_total")},
       "Prometheus does not scrape itself, or for less than 2 minutes"},
      {"series",
       "series",
       {"sum(prometheus_tsdb_head_series)",
        "sum(vm_cache_entries{type=\"storage/hour_metric_ids\"})"},
       "Prometheus does not scrape itself"},
      {"streams", "streams", {"sum(loki_ingester_memory_streams)"}, "Loki is not scraped"},
      {"kept_share",
       "",
       {"(" INCREASE(SENT_SPANS, "WINDOW") " / " INCREASE(ACCEPTED_SPANS, "WINDOW") ") <= 1" SINCE(
           ACCEPTED_SPANS, "WINDOW")},
       "the collector exported more spans than it received, or none"},
      // Badger's value log is allocated in 2 GiB steps; spans lie in the LSM tree, whose size
      // is true after its tables are flushed, so short windows say nothing.
      {"span_size_bytes",
       "B",
       {"sum(delta(" LSM_BYTES "[1d])) / " INCREASE(SENT_SPANS, "1d") SINCE(LSM_BYTES, "1d"),
        "sum(delta(" LSM_BYTES "[1h])) / " INCREASE(SENT_SPANS, "1h") SINCE(LSM_BYTES, "1h")},
       "Badger's size has not grown measurably; it takes more than an hour of traces, and other "
       "trace stores do not report bytes per span"},
      {"sample_size_bytes",
       "B",
       {"sum(prometheus_tsdb_compaction_chunk_size_bytes_sum) / "
        "sum(prometheus_tsdb_compaction_chunk_samples_sum)",
        "sum(vm_data_size_bytes{type=~\"storage/.*\"}) / sum(vm_rows{type=~\"storage/.*\"})"},
       "Prometheus has not compacted a block yet; the first one comes after about 3 hours"},
      {"line_size_bytes",
       "B",
       {"sum(loki_ingester_chunk_size_bytes_sum) / sum(loki_ingester_chunk_entries_sum)",
        "sum(loki_distributor_bytes_received_total) / "
        "sum(loki_distributor_lines_received_total)"},
       "Loki is not scraped, or received no line"},
      {"received_line_bytes",
       "B",
       {"sum(loki_distributor_bytes_received_total) / "
        "sum(loki_distributor_lines_received_total)"},
       "Loki is not scraped, or received no line"},
      {"collector_memory_bytes",
       "B",
       {"sum({__name__=~\"otelcol_process_memory_rss(_bytes)?\",job!~\".*jaeger.*\"})"},
       "no collector is scraped"},
      {"collector_cores",
       "cores",
       {RATE(COLLECTOR("otelcol_process_cpu_seconds"))},
       "no collector is scraped, or for less than 2 minutes"},
      {"prometheus_memory_bytes",
       "B",
       {"sum(process_resident_memory_bytes{job=~\".*prometheus.*\"})"},
       "Prometheus does not scrape itself"},
      {"loki_memory_bytes",
       "B",
       {"sum(process_resident_memory_bytes{job=~\".*loki.*\"})"},
       "Loki is not scraped"},
  };
  return k_probes;
}

#undef LSM_BYTES
#undef SENT_SPANS
#undef ACCEPTED_SPANS
#undef INCREASE
#undef RATE
#undef SINCE
#undef COLLECTOR

Result<Measurement> run(const QueryClient& client, const Probe& probe) {
  Measurement out{probe.name, probe.unit, {}, "", probe.missing};
  for (const char* pattern : probe.queries) {
    const bool windowed = std::string_view(pattern).find("WINDOW") != std::string_view::npos;
    for (std::size_t i = 0; i < (windowed ? k_windows.size() : 1); ++i) {
      out.query = replace_all(pattern, "WINDOW", k_windows.at(i));
      OBS_TRY_ASSIGN(const auto value, client.value(out.query));
      if (value && *value > 0) {
        out.value = value;
        out.missing.clear();
        return out;
      }
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Measurement>> measure(const QueryClient& client) {
  std::vector<Measurement> out;
  for (const auto& probe : probes()) {
    OBS_TRY_ASSIGN(auto measurement, run(client, probe));
    out.push_back(std::move(measurement));
  }
  return out;
}

}  // namespace obsctl::prom
