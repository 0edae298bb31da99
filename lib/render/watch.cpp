// SPDX-License-Identifier: Apache-2.0
// Finds the files of rows, computes the values they insert, and reads them side by side.
#include "lib/render/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "lib/base/parallel.hpp"
#include "lib/base/text.hpp"
#include "lib/render/values.hpp"
#include "lib/render/words.hpp"
#include "lib/topology/settings.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_components = "components/";
constexpr std::string_view k_catalog = "catalog/";
constexpr std::string_view k_yaml = ".yaml";
constexpr std::string_view k_cases = ".test.yaml";

enum class Kind { alerts, recording, dashboard, data_source, health };

// A file of rows.
struct Source {
  Kind kind = Kind::alerts;
  std::string component;  // whose folder it is in; empty: of the stack
  std::string name;       // of the component, or of the file
  Template text = {};
  Template cases = {};  // of alerts; no text when there is no such file
};

std::optional<Kind> kind_of(std::string_view file) {
  static const std::map<std::string_view, Kind> k_files = {
      {"alerts.yaml", Kind::alerts},       {"recording.yaml", Kind::recording},
      {"dashboard.yaml", Kind::dashboard}, {"datasource.yaml", Kind::data_source},
      {"health.yaml", Kind::health},
  };
  const auto found = k_files.find(file);
  return found == k_files.end() ? std::nullopt : std::optional<Kind>(found->second);
}

std::optional<Kind> kind_of_folder(std::string_view folder) {
  static const std::map<std::string_view, Kind> k_folders = {{"alerts", Kind::alerts},
                                                             {"recording", Kind::recording},
                                                             {"dashboards", Kind::dashboard},
                                                             {"health", Kind::health}};
  const auto found = k_folders.find(folder);
  return found == k_folders.end() ? std::nullopt : std::optional<Kind>(found->second);
}

// The source at "components/<component>/<file>" or "catalog/<folder>/<name>.yaml"; nothing for
// other files.
std::optional<Source> source_at(const std::string& path) {
  const auto parts = split(path, '/');
  if (parts.size() != 3 || path.ends_with(k_cases)) {
    return {};
  }
  const bool own = path.starts_with(k_components);
  const std::string& file = parts[2];
  const auto kind = own ? kind_of(file) : kind_of_folder(parts[1]);
  if (!kind) {
    return {};
  }
  const std::string name = own ? parts[1] : file.substr(0, file.size() - k_yaml.size());
  return Source{.kind = *kind, .component = own ? name : "", .name = name};
}

// What there is to read, and the names of all components that have a folder.
struct Found {
  std::vector<Source> sources;
  std::vector<std::string> folders;
};

Result<Template> cases_of(const TemplateStore& store, const std::string& path,
                          const std::vector<std::string>& paths) {
  const std::string cases = path.substr(0, path.size() - k_yaml.size()) + std::string(k_cases);
  if (std::ranges::find(paths, cases) == paths.end()) {
    return Template{cases, "embedded", ""};
  }
  return store.find(cases);
}

Result<Found> find_sources(const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(auto paths, store.list(k_components, k_yaml));
  OBS_TRY_ASSIGN(auto of_stack, store.list(k_catalog, k_yaml));
  std::ranges::move(of_stack, std::back_inserter(paths));
  Found out;
  for (const auto& path : paths) {
    if (path.starts_with(k_components)) {
      const std::string folder = split(path, '/')[1];
      if (out.folders.empty() || out.folders.back() != folder) {
        out.folders.push_back(folder);
      }
    }
    auto source = source_at(path);
    if (!source || (!source->component.empty() && topology.find(source->component) == nullptr)) {
      continue;
    }
    OBS_TRY_ASSIGN(source->text, store.find(path));
    if (source->kind == Kind::alerts) {
      OBS_TRY_ASSIGN(source->cases, cases_of(store, path, paths));
    }
    out.sources.push_back(std::move(*source));
  }
  return out;
}

bool watches_itself(const Source& source) {
  return source.kind == Kind::alerts && !source.component.empty() &&
         source.text.text.find(fmt::format("up{{[% sel.{} %]}}", source.component)) !=
             std::string::npos;
}

// The components of the stack that belong to each list: those that it names, and others.
Result<JobLists> job_lists(const Topology& topology, const TemplateStore& store,
                           const std::vector<Source>& sources) {
  OBS_TRY_ASSIGN(const Template source, store.find("catalog/jobs.yaml"));
  OBS_TRY_ASSIGN(auto lists, catalog::parse_job_lists({source.text, source.file()}));
  std::vector<std::string> named;
  for (const auto& list : lists) {
    named.insert(named.end(), list.components.begin(), list.components.end());
  }
  const auto belongs = [&](const catalog::JobList& list, const Component& component) {
    using Others = catalog::JobList::Others;
    const bool watched = std::ranges::any_of(sources, [&component](const Source& one) {
      return one.component == component.name && watches_itself(one);
    });
    const bool scraped =
        !component.metrics_path.empty() && std::ranges::find(named, component.name) == named.end();
    return (list.others == Others::watched && watched) ||
           (list.others == Others::scraped && scraped);
  };
  JobLists out;
  for (auto& list : lists) {
    std::erase_if(list.components,
                  [&topology](const std::string& name) { return topology.find(name) == nullptr; });
    for (const auto& component : topology.components) {
      const bool known =
          std::ranges::find(list.components, component.name) != list.components.end();
      if (!known && belongs(list, component)) {
        list.components.push_back(component.name);
      }
    }
    out.emplace_back(std::move(list.name), std::move(list.components));
  }
  return out;
}

// What rows name besides components and verbs: load, policy, and where data is sent to.
void add_stack_values(Values& out, const Topology& topology, const Words& words) {
  const Values stack = stack_values(topology, words);
  const Policy& policy = topology.policy;
  const bool sampled = stack.at("sampling").is_object();
  out["sampled"] = sampled;
  // A cluster's API does not say what a pod takes of memory and processors, nor how full a disk is.
  out["use_is_read"] = words.cluster_api.empty();
  out["sampling"] = stack.at("sampling");
  out["certificate"] = stack.at("certificate");
  out["certificate_ends"] = stack.at("certificate_ends");
  out["forward"] = !policy.forward.url.empty();
  out["forward_url"] = policy.forward.url;
  out["forward_header"] = !policy.forward.header.empty();
  out["ports"] = stack.at("ports");
  out["providers"] = stack.at("providers");
  for (const char* name : {"otlp_endpoint", "send_endpoint", "send_prefix", "curl_options",
                           "queue_traces_for", "queue_logs_for"}) {
    out[name] = stack.at(name);
  }
  out["planned_series"] = human_count(topology.load.series);
  double max_series = 0;
  for (const auto& component : topology.components) {
    max_series = std::max(max_series, component.setting("max_series"));
  }
  out["max_series"] = whole(max_series);
  // A service whose slow answers take ten times what tail sampling already calls slow needs a
  // person.
  out["slow_seconds"] = 10 * policy.slow_threshold.seconds;
  out["slow_threshold"] = policy.slow_threshold.seconds;
  out["scrape_seconds"] = policy.scrape_interval.seconds;
  out["scrape_interval"] = config_duration(policy.scrape_interval);
  out["retention"] = retention_values(topology.retention);
}

Result<Values> row_values(const Topology& topology, const TemplateStore& store, const Words& words,
                          const Found& found) {
  OBS_TRY_ASSIGN(const JobLists lists, job_lists(topology, store, found.sources));
  std::vector<std::string> names = found.folders;
  for (const auto& component : topology.components) {
    if (std::ranges::find(names, component.name) == names.end()) {
      names.push_back(component.name);
    }
  }
  Values out = word_values(words, topology, names, lists);
  add_stack_values(out, topology, words);
  OBS_TRY(add_component_values(out, topology));
  return out;
}

// Whether a row's `when` is on. A name without a value is a mistake, not an "off".
Result<bool> is_on(const Values& values, const std::string& when, const SourcePos& at) {
  if (when.empty()) {
    return true;
  }
  const auto found = values.find(when);
  if (found == values.end() || !found->is_boolean()) {
    return fail_at(at, fmt::format("'when' names '{}', which is nothing that is on or off", when),
                   "for example 'sampled'");
  }
  return found->get<bool>();
}

// Keeps the rows that this stack needs.
template <class Row>
Result<void> keep(std::vector<Row>& rows, const Values& values) {
  std::vector<Row> out;
  for (auto& row : rows) {
    OBS_TRY_ASSIGN(const bool on, is_on(values, row.when, row.at));
    if (on) {
      out.push_back(std::move(row));
    }
  }
  rows = std::move(out);
  return {};
}

// Gives a dashboard what every dashboard has. The values of that file are about the component whose
// dashboard it is, or about all that are watched.
Result<void> add_shared(catalog::Dashboard& out, const std::string& component, const Values& values,
                        const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Template source, store.find("catalog/every_dashboard.yaml"));
  const Values self = {
      {"series",
       component.empty() ? values.at("any_of").at("watched") : values.at("sel").at(component)},
      {"alerts", component.empty() ? "" : fmt::format(R"(, component="{}")", component)}};
  const Values about = {{"self", self}, {"scrape_seconds", values.at("scrape_seconds")}};
  OBS_TRY_ASSIGN(const std::string text, render_template(source, about, store));
  OBS_TRY_ASSIGN(auto every, catalog::parse_every_dashboard(text, source.file()));
  out.annotations = std::move(every.annotations);
  if (!component.empty()) {
    out.panels.insert(out.panels.begin(), every.first.begin(), every.first.end());
  }
  return {};
}

// One file, read.
struct Read {
  catalog::RowFile<catalog::AlertRule> alerts;
  catalog::RowFile<catalog::RecordingRule> records;
  std::optional<catalog::Dashboard> dashboard;
  std::vector<catalog::HealthCheck> checks;
  std::set<std::string> ids;  // also of checks that are left out
};

Result<Read> read(const Source& source, const Values& values, const TemplateStore& store) {
  Read out;
  const std::string file = source.text.file();
  OBS_TRY_ASSIGN(std::string text, render_template(source.text, values, store));
  if (source.kind == Kind::dashboard) {
    OBS_TRY_ASSIGN(out.dashboard, catalog::parse_dashboard(text, file, source.component));
    OBS_TRY(add_shared(*out.dashboard, source.component, values, store));
    OBS_TRY(keep(out.dashboard->panels, values));
    return out;
  }
  if (source.kind == Kind::health) {
    OBS_TRY_ASSIGN(out.checks,
                   catalog::parse_health_checks({std::move(text), file}, source.component));
    for (const auto& check : out.checks) {
      out.ids.insert(check.id);
    }
    OBS_TRY(keep(out.checks, values));
    return out;
  }
  const catalog::RowOwner owner = {source.name, source.component};
  if (source.kind == Kind::recording) {
    OBS_TRY_ASSIGN(out.records, catalog::parse_recording_rules({std::move(text), file}, owner));
    OBS_TRY(keep(out.records.rows, values));
    return out;
  }
  OBS_TRY_ASSIGN(std::string cases, render_template(source.cases, values, store));
  OBS_TRY_ASSIGN(out.alerts, catalog::parse_alerts({std::move(text), file},
                                                   {std::move(cases), source.cases.file()}, owner));
  OBS_TRY(keep(out.alerts.rows, values));
  return out;
}

// The checks that every component has, about this one.
Result<std::vector<catalog::HealthCheck>> common_checks(const Template& source,
                                                        const Component& component,
                                                        const Values& values,
                                                        const TemplateStore& store) {
  const auto verb = [&](const char* name) {
    const Values& of_verb = values.at("cmd").at(name);
    return of_verb.contains(component.name) ? of_verb.at(component.name) : Values("");
  };
  Values about = values;
  about["self"] = {{"name", component.name},  {"title", component.title},
                   {"logs", verb("logs_50")}, {"state", verb("state")},
                   {"start", verb("start")},  {"restart", verb("restart")}};
  about["probed"] = component.probes.has_value();
  OBS_TRY_ASSIGN(const std::string text, render_template(source, about, store));
  OBS_TRY_ASSIGN(auto out, catalog::parse_health_checks({text, source.file()}, component.name));
  OBS_TRY(keep(out, about));
  return out;
}

Result<void> add_common_checks(Watch& out, const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Template source, store.find("catalog/every_health.yaml"));
  std::vector<catalog::HealthCheck> all;
  for (const auto& component : topology.components) {
    OBS_TRY_ASSIGN(auto checks, common_checks(source, component, out.values, store));
    std::ranges::move(checks, std::back_inserter(all));
  }
  out.checks.insert(out.checks.begin(), std::make_move_iterator(all.begin()),
                    std::make_move_iterator(all.end()));
  return {};
}

Result<std::vector<WatchSource>> read_sources(const std::vector<Source>& files) {
  std::vector<WatchSource> out;
  for (const auto& file : files) {
    if (file.kind != Kind::data_source) {
      continue;
    }
    OBS_TRY_ASSIGN(auto about,
                   catalog::parse_data_source(file.text.text, file.text.file(), file.component));
    Template fragment = {file.text.path, file.text.origin, about.fragment};
    out.push_back({std::move(about), std::move(fragment)});
  }
  OBS_TRY(choose_sources(out));
  return out;
}

// Panels that ask a signal which nobody stores are left out, and so is a page whose drop-down does.
void remove_unanswered(std::vector<catalog::Dashboard>& pages, const SourceOf& sources) {
  std::erase_if(pages, [&sources](const catalog::Dashboard& page) {
    return std::ranges::any_of(page.variables, [&sources](const catalog::Variable& variable) {
      return !sources.contains(variable.signal);
    });
  });
  for (auto& page : pages) {
    std::erase_if(page.panels, [&sources](const catalog::Panel& panel) {
      return !panel.queries.empty() && !sources.contains(panel.signal);
    });
  }
}

// Rows whose component the stack does not have are left out, so that no rule watches a thing that
// is not there.
template <class Row>
void remove_absent(std::vector<Row>& rows, const Topology& topology) {
  std::erase_if(rows, [&topology](const Row& row) {
    return !row.component.empty() && topology.find(row.component) == nullptr;
  });
}

}  // namespace

Result<Watch> read_watch(const Topology& topology, const TemplateStore& store, const Words& words) {
  OBS_TRY_ASSIGN(const Found found, find_sources(topology, store));
  Watch out;
  OBS_TRY_ASSIGN(out.values, row_values(topology, store, words, found));
  OBS_TRY_ASSIGN(out.sources, read_sources(found.sources));
  OBS_TRY_ASSIGN(const Values signals, signal_values(out.sources, out.values));
  out.values.update(signals);
  // Side by side: reading these files is most of the work of a render.
  std::vector<Result<Read>> reads(found.sources.size());
  parallel_for(reads.size(), [&](std::size_t i) {
    if (found.sources[i].kind != Kind::data_source) {
      reads[i] = read(found.sources[i], out.values, store);
    }
  });
  std::vector<catalog::RowFile<catalog::AlertRule>> alerts;
  std::vector<catalog::RowFile<catalog::RecordingRule>> records;
  for (auto& one : reads) {
    OBS_TRY(one);
    alerts.push_back(std::move(one->alerts));
    records.push_back(std::move(one->records));
    if (one->dashboard) {
      out.dashboards.push_back(std::move(*one->dashboard));
    }
    std::ranges::move(one->checks, std::back_inserter(out.checks));
    out.check_ids.insert(one->ids.begin(), one->ids.end());
  }
  OBS_TRY(add_common_checks(out, topology, store));
  OBS_TRY_ASSIGN(out.alerts, catalog::join_alerts(std::move(alerts)));
  out.records = catalog::join_recording_rules(std::move(records));
  remove_absent(out.alerts, topology);
  remove_absent(out.records, topology);
  remove_absent(out.dashboards, topology);
  remove_unanswered(out.dashboards, source_of_signals(out.sources));
  return out;
}

}  // namespace obsctl
