// SPDX-License-Identifier: Apache-2.0
// A sizing as JSON under the schema obsctl.size/v1. Numbers are exact; an absent or infinite one is
// null.
#include <cmath>

#include "lib/findings/print.hpp"
#include "lib/size/output.hpp"

namespace obsctl::size {
namespace {

using Json = nlohmann::ordered_json;
using sizing::Quantity;
using sizing::SizingReport;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json quantity(const Quantity& from, bool explain) {
  Json out = {{"value", number(from.value)}, {"unit", from.unit}, {"formula", from.formula}};
  if (explain) {
    out["name"] = from.key.empty() ? Json(nullptr) : Json(from.key);
    out["inputs"] = Json::array();
    for (const auto& input : from.inputs) {
      out["inputs"].push_back({{"name", input.name},
                               {"value", number(input.value)},
                               {"unit", input.unit},
                               {"source", sizing::source_of(input)}});
    }
    out["source"] = from.source;
    out["why"] = from.why;
    out["url"] = from.url;
    out["in"] = from.place;
  }
  return out;
}

Json quantity(const std::optional<Quantity>& from, bool explain) {
  return from ? quantity(*from, explain) : Json(nullptr);
}

Json choice(const sizing::Choice& from, bool explain) {
  return {{"chosen", number(from.chosen.value)},
          {"unit", from.table.unit},
          {"formula", quantity(from.formula, explain)},
          {"table", quantity(from.table, explain)},
          {"documented", quantity(from.documented, explain)},
          {"reason", from.reason}};
}

Json signals(const SizingReport& report, bool explain) {
  Json out = Json::array();
  for (const auto& signal : report.signals) {
    out.push_back({{"name", signal.name},
                   {"rate", quantity(signal.rate, explain)},
                   {"received_per_day", quantity(signal.raw, explain)},
                   {"kept", quantity(signal.kept, explain)},
                   {"stored_per_day", quantity(signal.daily, explain)},
                   {"retention_days", number(signal.retention.value)},
                   {"retention_source", sizing::source_of(signal.retention)},
                   {"stored", quantity(signal.stored, explain)},
                   {"stored_documented", quantity(signal.documented, explain)}});
  }
  return out;
}

Json settings(const sizing::ComponentPlan& plan, bool explain) {
  Json out = Json::object();
  for (const auto& setting : plan.settings) {
    out[setting.key.substr(plan.name.size() + 1)] = quantity(setting, explain);
  }
  return out;
}

Json host(const std::optional<sizing::HostPlan>& plan, bool explain) {
  if (!plan) {
    return nullptr;
  }
  return {{"profile", plan->profile},
          {"cores", quantity(plan->cpus, explain)},
          {"memory", quantity(plan->memory, explain)},
          {"disk", quantity(plan->disk, explain)},
          {"need_cores", quantity(plan->need_cpus, explain)},
          {"need_memory", quantity(plan->need_memory, explain)},
          {"need_disk", quantity(plan->need_disk, explain)},
          {"fits", plan->holds()},
          {"smallest_profile", plan->smallest.empty() ? Json(nullptr) : Json(plan->smallest)}};
}

Json components(const SizingReport& report, bool explain) {
  Json out = Json::array();
  for (const auto& row : report.components) {
    Json stores = Json::array();
    for (const auto signal : row.stores) {
      stores.push_back(catalog::signal_name(signal));
    }
    out.push_back({{"name", row.name},
                   {"instances", row.instances},
                   {"instances_table", row.table_instances},
                   {"instances_reason", row.instances_reason},
                   {"cores", choice(row.cpus, explain)},
                   {"memory", choice(row.memory, explain)},
                   {"disk", choice(row.disk, explain)},
                   {"stores", std::move(stores)},
                   {"settings", settings(row, explain)}});
  }
  return out;
}

Json disks(const SizingReport& report, bool explain) {
  Json out = Json::array();
  for (const auto& row : report.disks) {
    out.push_back({{"component", row.component},
                   {"disk", quantity(row.disk, explain)},
                   {"needed", quantity(row.needed, explain)},
                   {"full_after", quantity(row.full_days, explain)}});
  }
  return out;
}

Json kafka(const std::optional<sizing::KafkaPlan>& plan, bool explain) {
  if (!plan) {
    return nullptr;
  }
  return {{"brokers", quantity(plan->brokers, explain)},
          {"partitions", quantity(plan->partitions, explain)},
          {"per_day", quantity(plan->daily, explain)},
          {"memory_per_broker", quantity(plan->memory, explain)},
          {"disk_per_broker", quantity(plan->disk, explain)},
          {"table_disk_per_broker", quantity(plan->table_disk, explain)},
          {"other_tables", plan->other_tables}};
}

Json availability(const SizingReport& report) {
  Json out = Json::array();
  for (const auto& row : report.availability) {
    out.push_back({{"component", row.component},
                   {"instances", row.instances},
                   {"minimum", row.minimum},
                   {"recommended", row.recommended},
                   {"needs", row.needs},
                   {"source", row.source}});
  }
  return out;
}

Json cost(const sizing::CostPlan& plan, bool explain) {
  Json providers = Json::array();
  for (const auto& row : plan.providers) {
    providers.push_back({{"provider", name_of(row.provider)},
                         {"configuration", row.configuration},
                         {"hosts", quantity(row.hosts, explain)},
                         {"hosts_table", row.table_hosts},
                         {"hosts_low", quantity(row.hosts_low, explain)},
                         {"hosts_high", quantity(row.hosts_high, explain)},
                         {"storage_low", quantity(row.storage_low, explain)},
                         {"storage_high", quantity(row.storage_high, explain)},
                         {"low", quantity(row.low, explain)},
                         {"high", quantity(row.high, explain)},
                         {"instance_types", row.instance_types},
                         {"note", row.note},
                         {"price_date", row.price_date},
                         {"price_source", row.price_source},
                         {"price_url", row.price_url}});
  }
  Json recovery = Json::array();
  for (const auto& row : plan.dr) {
    recovery.push_back({{"rpo", row.rpo},
                        {"rto", row.rto},
                        {"strategy", row.strategy},
                        {"overhead", row.overhead},
                        {"low", quantity(row.low, explain)},
                        {"high", quantity(row.high, explain)}});
  }
  return {{"currency", "USD"},
          {"per", "month"},
          {"providers", std::move(providers)},
          {"unpriced", plan.unpriced},
          {"tco_low", quantity(plan.tco_low, explain)},
          {"tco_high", quantity(plan.tco_high, explain)},
          {"managed_low", quantity(plan.managed_low, explain)},
          {"managed_high", quantity(plan.managed_high, explain)},
          {"saving_low", quantity(plan.saving_low, explain)},
          {"saving_high", quantity(plan.saving_high, explain)},
          {"recovery_base", plan.dr_base},
          {"recovery", std::move(recovery)}};
}

Json models(const SizingReport& report, bool explain) {
  Json out = Json::array();
  for (const auto& row : report.models) {
    Json values = Json::object();
    for (const auto& [name, value] : row.values) {
      values[name] = quantity(value, explain);
    }
    out.push_back({{"name", row.name},
                   {"unit", row.unit},
                   {"values", std::move(values)},
                   {"spread", number(row.spread)},
                   {"trusted", row.trusted.empty() ? Json(nullptr) : Json(row.trusted)},
                   {"why", row.why}});
  }
  return out;
}

Json report_json(const SizingReport& report, bool explain) {
  Json notes = Json::array();
  for (const auto& note : report.notes) {
    notes.push_back(note.text);
  }
  const auto& network = report.network;
  return {{"model", name_of(report.model)},
          {"tier", report.tier},
          {"tier_source", report.tier_source},
          {"tier_by_load", report.tier_by_load},
          {"other_tables", report.other_tiers},
          {"events", quantity(report.load.events, explain)},
          {"signals", signals(report, explain)},
          {"received_per_day", quantity(report.raw_daily, explain)},
          {"stored_per_day", quantity(report.daily, explain)},
          {"stored", quantity(report.stored, explain)},
          {"stored_30_days", quantity(report.month, explain)},
          {"components", components(report, explain)},
          {"host", host(report.host, explain)},
          {"total",
           {{"instances", quantity(report.instances, explain)},
            {"cores", quantity(report.cpus, explain)},
            {"memory", quantity(report.memory, explain)},
            {"disk", quantity(report.disk, explain)},
            {"table_cores", quantity(report.table_cpus, explain)},
            {"table_memory", quantity(report.table_memory, explain)},
            {"table_disk", quantity(report.table_disk, explain)}}},
          {"disks", disks(report, explain)},
          {"tail_sampling_traces", quantity(report.tail_traces, explain)},
          {"kafka", kafka(report.kafka, explain)},
          {"loki_mode", report.loki_mode},
          {"network",
           {{"ingress", quantity(network.ingress, explain)},
            {"table", quantity(network.table, explain)},
            {"internal_mbps", network.internal_mbps},
            {"topology", network.topology},
            {"fits", network.fits}}},
          {"availability", availability(report)},
          {"cost", cost(report.cost, explain)},
          {"models", models(report, explain)},
          {"notes", std::move(notes)},
          {"assumptions", report.assumptions},
          {"unstated", report.load.unstated}};
}

Json measured_json(const Measured& measured) {
  Json rows = Json::array();
  for (const auto& row : measured.rows) {
    rows.push_back({{"formula", row.formula},
                    {"name", row.name},
                    {"unit", row.unit},
                    {"documented", row.documented > 0 ? Json(row.documented) : Json(nullptr)},
                    {"measured", number(row.measured)},
                    {"factor", row.documented > 0 ? number(row.factor()) : Json(nullptr)},
                    {"query", row.how}});
  }
  return {{"url", measured.url},
          {"values", std::move(rows)},
          {"missing", measured.missing},
          {"written_to", measured.written_to.empty() ? Json(nullptr) : Json(measured.written_to)}};
}

}  // namespace

Json size_json(const SizeResult& result) {
  Json out = {{"schema", "obsctl.size/v1"},
              {"spec", result.spec_file.empty() ? Json(nullptr) : Json(result.spec_file)}};
  out.update(report_json(result.report, result.explain));
  if (result.findings) {
    out["findings"] = findings_json(*result.findings);
  }
  if (result.measured) {
    out["measured"] = measured_json(*result.measured);
  }
  if (!result.compared.empty()) {
    out["compared"] = Json::array();
    for (const auto& report : result.compared) {
      out["compared"].push_back(report_json(report, result.explain));
    }
  }
  return out;
}

}  // namespace obsctl::size
