// What Grafana asks: templates/components/<name>/datasource.yaml, a fragment of Grafana's
// provisioning with a few lines before it that say what it is for.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

struct DataSource {
  std::string component;    // whose folder it is in
  std::string serves;       // metrics, traces, logs or alerts
  std::string uid;          // by which dashboards and other sources name it
  int order = 0;            // in the list; others link to the first of a signal
  std::string instead_of;   // component whose source it replaces; empty: none
  std::string trace_query;  // logs: what finds the records of a trace
  std::string fragment;     // template, behind empty lines, so that positions are the file's
};

// The YAML before the line "---", and the fragment behind it. Errors: unknown or missing keys, a
// signal that does not exist, no fragment; with file:line:column.
[[nodiscard]] Result<DataSource> parse_data_source(std::string_view text, const std::string& file,
                                                   const std::string& component);

}  // namespace obsctl::catalog
