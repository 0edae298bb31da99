// SPDX-License-Identifier: Apache-2.0
// What Grafana asks: templates/components/<name>/datasource.yaml, a fragment of Grafana's
// provisioning with a few lines before it that say what it is for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

// What a store calls a query of raw records, of one moment and over time; empty where the request
// itself says it (PromQL).
struct QueryTypes {
  std::string records;
  std::string now;
  std::string over_time;
};

struct DataSource {
  std::string component;    // whose folder it is in
  std::string serves;       // metrics, traces, logs or alerts
  std::string uid;          // by which dashboards and other sources name it
  std::string type;         // Grafana's name of the kind of source
  std::string port;         // of the component, by name; empty: the one that is named like it
  int order = 0;            // in the list; others link to the first of a signal
  std::string instead_of;   // component whose source it replaces; empty: none
  std::string trace_query;  // logs: what finds the records of a trace
  QueryTypes query_types;
  std::string services;                        // logs: JSON of a variable with all services
  std::map<std::string, std::string> queries;  // logs: the questions of the stack's dashboards
  std::string fragment;  // template, behind empty lines, so that positions are the file's
};

// The questions about logs that the stack's dashboards ask; a source of logs answers all of them.
[[nodiscard]] const std::vector<std::string>& log_questions();

// The YAML before the line "---", and the fragment behind it. Errors: unknown or missing keys, a
// signal that does not exist, a question without an answer, no fragment; with file:line:column.
[[nodiscard]] Result<DataSource> parse_data_source(std::string_view text, const std::string& file,
                                                   const std::string& component);

}  // namespace obsctl::catalog
