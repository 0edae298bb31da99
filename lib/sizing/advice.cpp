// Puts the models side by side and says which one to trust where they differ by more than 2x.
#include "lib/sizing/advice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/sizing/signals.hpp"

namespace obsctl::sizing {
namespace {

constexpr double k_worth_saying = 2;  // models that differ by more are explained

// One model's plan, as far as the comparison needs it.
struct View {
  Model model;
  Load load;
  std::vector<SignalPlan> signals;
};

std::vector<View> make_views(const StackSpec& spec, const catalog::Tier& tier,
                             const catalog::ModelData& data) {
  std::vector<Model> all = {Model::documented, Model::table, Model::published};
  if (!spec.calibration.values.empty()) {
    all.push_back(Model::measured);
  }
  std::vector<View> out;
  for (const Model model : all) {
    View view{model, resolve_load(spec, tier, model), {}};
    view.signals = plan_signals(spec, view.load, tier, data, model);
    out.push_back(std::move(view));
  }
  return out;
}

void finish(ModelRow& row, const std::string& trusted, const std::string& why) {
  double low = 0;
  double high = 0;
  for (const auto& [name, quantity] : row.values) {
    low = low == 0 ? quantity.value : std::min(low, quantity.value);
    high = std::max(high, quantity.value);
  }
  row.spread = low > 0 ? high / low : 1;
  if (row.spread > k_worth_saying) {
    row.trusted = trusted;
    row.why = why;
  }
}

bool measured(const StackSpec& spec, const char* name) {
  return spec.calibration.values.contains(name);
}

ModelRow signal_row(const StackSpec& spec, const std::vector<View>& views, std::size_t signal) {
  ModelRow row;
  row.name = views.front().signals[signal].name + " stored";
  row.unit = "GB/day";
  for (const auto& view : views) {
    row.values.emplace_back(model_name(view.model), view.signals[signal].daily);
  }
  constexpr const char* k_sizes[] = {calibrated::span_size, calibrated::sample_size,
                                     calibrated::line_size};
  if (measured(spec, k_sizes[signal])) {
    finish(row, "measured", "bytes per item of this very stack");
  } else if (signal == 1) {
    finish(
        row, "published",
        "the storage engines state their bytes per sample; the table implies 8.7, which no pinned "
        "version needs");
  } else {
    finish(row, "documented",
           "nobody publishes stored bytes per item, and the table hides a compression it never "
           "states: "
           "raw bytes are the safe side until you measure (--from-prometheus)");
  }
  return row;
}

ModelRow total_row(const StackSpec& spec, const std::vector<View>& views) {
  ModelRow row;
  row.name = "stored, all signals";
  row.unit = "GB";
  for (const auto& view : views) {
    row.values.emplace_back(
        model_name(view.model),
        sum_of("stored", {view.signals[0].stored, view.signals[1].stored, view.signals[2].stored}));
  }
  finish(row, measured(spec, calibrated::span_size) ? "measured" : "documented",
         "it follows from the rows above");
  return row;
}

// Memory or cores of one part of the tier. `names` are its components in any tier.
struct PartRow {
  Part part;
  const char* name;
  const char* ratio;  // key of the ratio table (F12)
  const char* trusted;
  const char* why;
};

double table_memory(const catalog::Tier& tier, const PartRow& part) {
  double gb = 0;
  for (const auto& row : tier.components) {
    const bool matches = part.part == Part::collector ? row.role == "collector"
                         : part.part == Part::metrics
                             ? row.name == "prometheus" || row.name == "mimir"
                         : part.part == Part::traces ? row.name == "jaeger" || row.name == "tempo"
                                                     : row.name == "loki";
    gb += matches ? row.memory.gb() * row.instances : 0;
  }
  return gb;
}

ModelRow memory_row(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                    const std::vector<View>& views, const PartRow& part) {
  ModelRow row;
  row.name = part.name;
  row.unit = "GB";
  for (const auto& view : views) {
    const ComponentInputs in{spec, tier, catalogs.models, view.model, view.load, view.signals};
    if (view.model == Model::table) {
      row.values.emplace_back("table",
                              given(part.name, table_memory(tier, part), "GB", "tier table"));
      row.values.emplace_back(
          "ratio", calc("F12", part.name,
                        {view.load.events.input(),
                         {"GB per 10,000 events/s", catalogs.models.ratios.at(part.ratio), "GB",
                          catalogs.models.ratios_source}}));
    } else if (view.model != Model::measured) {
      if (auto rule = memory_rule(in, part.part)) {
        row.values.emplace_back(model_name(view.model), std::move(*rule));
      }
    }
  }
  const bool has_trusted = std::ranges::any_of(
      row.values, [&](const auto& value) { return value.first == part.trusted; });
  finish(row, has_trusted ? part.trusted : "table",
         has_trusted ? part.why
                     : "no project publishes a rule here, and a formula for the write path "
                       "alone leaves queries without memory");
  return row;
}

ModelRow cores_row(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                   const std::vector<View>& views) {
  ModelRow row;
  row.name = "collector cores";
  row.unit = "cores";
  for (const auto& view : views) {
    const ComponentInputs in{spec, tier, catalogs.models, view.model, view.load, view.signals};
    if (view.model == Model::table) {
      double cores = 0;
      for (const auto& component : tier.components) {
        cores += component.role == "collector" ? component.cpus * component.instances : 0;
      }
      row.values.emplace_back("table", given(row.name, cores, "cores", "tier table"));
    } else if (view.model != Model::measured) {
      if (auto rule = cpu_rule(in, Part::collector)) {
        row.values.emplace_back(model_name(view.model), std::move(*rule));
      }
    }
  }
  finish(row, "published", "it counts samples too, which the documents' events/s leave out");
  return row;
}

constexpr PartRow k_parts[] = {
    {Part::collector, "collector memory", "collector", "published",
     "the documents' 0.001 GB per event/s is ten times its own ratio table: a slipped decimal "
     "(CT-08)"},
    {Part::metrics, "metrics store memory", "mimir", "published",
     "the documents' 2 KB per series counts one copy and no index; the published rules are from "
     "operation"},
    {Part::traces, "trace store memory", "tempo", "published",
     "the ingester that the documents' 100 KB per trace describes no longer exists"},
    {Part::logs, "log store memory", "loki", "published",
     "Loki is sized by volume and queries; nobody publishes a rule per stream"},
};

}  // namespace

std::vector<ModelRow> compare_models(const StackSpec& spec, const catalog::Tier& tier,
                                     const Catalogs& catalogs) {
  const std::vector<View> views = make_views(spec, tier, catalogs.models);
  std::vector<ModelRow> out;
  for (std::size_t signal = 0; signal < 3; ++signal) {
    out.push_back(signal_row(spec, views, signal));
  }
  out.push_back(total_row(spec, views));
  out.push_back(cores_row(spec, tier, catalogs, views));
  for (const auto& part : k_parts) {
    out.push_back(memory_row(spec, tier, catalogs, views, part));
  }
  return out;
}

std::vector<Note> plan_notes(const StackSpec& spec, const catalog::Tier& tier,
                             const catalog::ModelData& data, const SizingReport& report) {
  std::vector<Note> out;
  const auto add = [&](const char* id, bool applies) {
    const auto found = data.contradictions.find(id);
    if (applies && found != data.contradictions.end()) {
      out.push_back({id, found->second});
    }
  };
  const bool small = tier.name == "small";
  const bool formulas = report.model == "documented" || report.model == "measured";
  const bool several_tiers =
      std::ranges::any_of(data.boundaries, [&](const catalog::ScaleTable& table) {
        return table.scale(report.load.events.value) !=
               data.boundaries.front().scale(report.load.events.value);
      });
  add("CT-08", formulas);
  add("CT-10", report.model != "published");
  add("CT-09",
      report.kafka.has_value() && report.kafka->table_disk.value < report.kafka->disk.value);
  add("CT-03", small);
  add("CT-01", several_tiers);
  add("CT-04", !small);
  add("CT-02", small);
  add("CT-07", spec.traces.keep.value < 1);
  add("CT-19", spec.traces.keep.value < 1);
  add("CT-06", formulas);
  add("CT-16", tier.name != "small" && spec.traces.keep.value < 1);
  add("CT-18", report.kafka.has_value());
  add("CT-47", formulas);
  add("CT-43", true);
  return out;
}

}  // namespace obsctl::sizing
