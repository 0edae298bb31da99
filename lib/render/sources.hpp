// SPDX-License-Identifier: Apache-2.0
// The data sources of a stack: which store answers for each signal, what rows and other sources may
// say about it, and what Grafana's provisioning file lists.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/data_sources.hpp"
#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// A data source and the template of what Grafana gets.
struct WatchSource {
  catalog::DataSource about;
  Template fragment;
};

// The source that dashboards and links ask, by signal; a signal that nobody stores has none.
using SourceOf = std::map<std::string, catalog::DataSource>;

// Leaves out those that another replaces, and sorts the rest. Errors: two with one uid.
[[nodiscard]] Result<void> choose_sources(std::vector<WatchSource>& sources);

[[nodiscard]] SourceOf source_of_signals(const std::vector<WatchSource>& sources);

// For every signal `metrics`, `traces`, `logs` and `alerts` an object, or null without a source:
// [% traces.datasource_uid %], [% logs.trace_query %]. [% ask.errors_rate %] is how the store of
// logs is asked one of catalog::log_questions(), filled in with `values`; empty without a source of
// logs, where the panels that ask are left out.
[[nodiscard]] Result<Values> signal_values(const std::vector<WatchSource>& sources,
                                           const Values& values);

// The list of Grafana's provisioning file. Errors: a broken fragment, a source whose component has
// no port for it.
[[nodiscard]] Result<std::string> data_sources(const std::vector<WatchSource>& sources,
                                               const Topology& topology, const Values& values,
                                               const TemplateStore& store);

}  // namespace obsctl
