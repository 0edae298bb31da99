// SPDX-License-Identifier: Apache-2.0
// Takes the names of the collector's own metrics apart.
#include "lib/prom/otelcol.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace obsctl::prom {
namespace {

constexpr std::string_view k_namespace = "otelcol_";

constexpr std::array<std::string_view, 15> k_units = {
    "_ratio", "_1",      "_spans",    "_datapoints", "_points", "_records", "_logs", "_batches",
    "_items", "_traces", "_requests", "_bytes",      "_By",     "_seconds", "_s"};

struct ItemWord {
  std::string_view word;
  std::string_view signal;
};
constexpr std::array<ItemWord, 3> k_item_words = {
    {{"spans", "traces"}, {"metric_points", "metrics"}, {"log_records", "logs"}}};

// What counts items of a signal, before the word for them.
constexpr std::array<std::string_view, 11> k_item_counters = {
    "receiver_accepted_",  "receiver_refused_",     "receiver_failed_",
    "exporter_sent_",      "exporter_send_failed_", "exporter_enqueue_failed_",
    "processor_accepted_", "processor_refused_",    "processor_dropped_",
    "scraper_scraped_",    "scraper_errored_"};

// Metrics whose last word is a name and no unit.
constexpr std::array<std::string_view, 4> k_whole = {
    "processor_incoming_items", "processor_outgoing_items",
    "processor_batch_batch_size_trigger_send", "processor_tail_sampling_new_trace_id_received"};

std::string without_unit(std::string name) {
  if (std::ranges::find(k_whole, name) != k_whole.end()) {
    return name;
  }
  for (const std::string_view unit : k_units) {
    if (name.ends_with(unit) && name.size() > unit.size()) {
      name.resize(name.size() - unit.size());
      break;
    }
  }
  return name;
}

// The one name of a counter of items, and its signal; nothing when it is none.
std::optional<std::pair<std::string, std::string>> as_items(std::string_view plain) {
  for (const std::string_view counter : k_item_counters) {
    if (!plain.starts_with(counter)) {
      continue;
    }
    for (const auto& [word, signal] : k_item_words) {
      if (is_named(plain.substr(counter.size()), word)) {
        return std::pair{std::string(counter) + "items", std::string(signal)};
      }
    }
  }
  return std::nullopt;
}

bool is_of_process(std::string_view label) {
  return label.starts_with("service_") || label.starts_with("otel_scope_") ||
         label == "server_address" || label == "server_port";
}

void rename_label(std::map<std::string, std::string>& labels, const char* from, const char* to) {
  if (auto node = labels.extract(from); !node.empty()) {
    node.key() = to;
    labels.insert(std::move(node));
  }
}

}  // namespace

std::string plain_otelcol_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  if (out.ends_with('_')) {
    out.pop_back();
  }
  if (const auto at = out.find(k_namespace); at != std::string::npos) {
    out.erase(0, at + k_namespace.size());
  }
  return std::string(without_total(out));
}

bool is_named(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) &&
         (name.size() == stem.size() ||
          std::ranges::find(k_units, name.substr(stem.size())) != k_units.end());
}

bool is_otelcols(std::string_view name) {
  return name.find(k_namespace) != std::string_view::npos;
}

Sample in_one_form(Sample sample) {
  const std::string plain = plain_otelcol_name(sample.name);
  const auto items = as_items(plain);
  if (!items && !is_otelcols(sample.name)) {
    sample.name = std::string(without_total(sample.name));
    return sample;
  }
  std::erase_if(sample.labels, [](const auto& label) { return is_of_process(label.first); });
  rename_label(sample.labels, "data_type", "signal");
  rename_label(sample.labels, "otel_signal", "signal");
  rename_label(sample.labels, "otel.signal", "signal");
  if (items) {
    sample.labels["signal"] = items->second;
  }
  sample.name = std::string(k_namespace) + (items ? items->first : without_unit(plain));
  return sample;
}

}  // namespace obsctl::prom
