// SPDX-License-Identifier: Apache-2.0
// Cuts a data source into what it says about itself and what Grafana gets.
#include "lib/catalog/data_sources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/catalog/signal.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {
namespace {

// A signal, or the alerts, which a viewer asks their router for.
Result<std::string> parse_served(const yaml::Node& root) {
  std::vector<std::string> known = signal_names();
  known.emplace_back("alerts");
  OBS_TRY_ASSIGN(std::string signal, root.text("serves"));
  if (std::ranges::find(known, signal) == known.end()) {
    return fail_at(root.find("serves")->at, fmt::format("'{}' is not a signal", signal),
                   fmt::format("use one of {}", join(known, ", ")));
  }
  return signal;
}

Result<QueryTypes> parse_query_types(const yaml::Node& root) {
  const yaml::Node* row = root.find("query_types");
  if (row == nullptr) {
    return QueryTypes{};
  }
  OBS_TRY(row->only({"records", "now", "over_time"}));
  QueryTypes out;
  OBS_TRY_ASSIGN(out.records, row->text("records"));
  OBS_TRY_ASSIGN(out.now, row->text("now"));
  OBS_TRY_ASSIGN(out.over_time, row->text("over_time"));
  return out;
}

Result<std::map<std::string, std::string>> parse_queries(const yaml::Node& root) {
  std::map<std::string, std::string> out;
  const yaml::Node* rows = root.find("queries");
  if (rows != nullptr) {
    OBS_TRY(rows->only(log_questions()));
    for (const auto& entry : rows->entries) {
      out[entry.key] = entry.value.scalar;
    }
  }
  if (signal_named(root.text_or("serves", "")) == Signal::logs) {
    for (const auto& question : log_questions()) {
      if (!out.contains(question)) {
        return fail_at(rows == nullptr ? root.at : rows->at,
                       fmt::format("'queries' does not say how to ask for '{}'", question),
                       "components/loki/datasource.yaml has an example of each");
      }
    }
  }
  return out;
}

}  // namespace

const std::vector<std::string>& log_questions() {
  static const std::vector<std::string> k_questions = {
      "records_rate",  // records per second
      "errors_rate",   // of level error or worse
      "bytes_rate",    // bytes of log lines per second
      "records_rate_by_service",
      "records_rate_by_level",
      "errors",            // the records of level error or worse
      "all",               // all records
      "busiest_services",  // the ten services with most bytes in the last hour
      "service",           // label that names the service in the answers
      "level",             // label that names the level
      "refused",           // PromQL: records per second that the store did not take
      "received_bytes",    // PromQL: bytes of logs per second as they arrive
  };
  return k_questions;
}

Result<DataSource> parse_data_source(std::string_view text, const std::string& file,
                                     const std::string& component) {
  constexpr std::string_view k_separator = "\n---\n";
  const auto end = text.find(k_separator);
  if (end == std::string_view::npos) {
    return fail_at({file}, "there is no fragment for Grafana",
                   "write it behind a line '---', indented like an element of its list");
  }
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text.substr(0, end + 1), file));
  DataSource out;
  out.component = component;
  Problems problems;
  problems.check(root.only({"serves", "uid", "type", "port", "order", "instead_of", "trace_query",
                            "query_types", "services", "queries"}));
  problems.take(out.serves, parse_served(root));
  problems.take(out.uid, root.text("uid"));
  problems.take(out.type, root.text("type"));
  out.port = root.text_or("port", "");
  double order = 0;
  problems.take(order, root.number("order"));
  out.order = static_cast<int>(order);
  out.instead_of = root.text_or("instead_of", "");
  out.trace_query = root.text_or("trace_query", "");
  out.services = root.text_or("services", "");
  problems.take(out.query_types, parse_query_types(root));
  problems.take(out.queries, parse_queries(root));
  if ((signal_named(out.serves) == Signal::logs) == out.services.empty()) {
    problems.add(fail_at(root.at,
                         out.services.empty() ? "a source of logs needs 'services'"
                                              : "'services' is of a source of logs",
                         "JSON of a drop-down with all services, as a dashboard stores it")
                     .value());
  }
  if (!out.instead_of.empty() && out.instead_of == component) {
    problems.add(fail_at(root.at, "a source cannot replace itself", "remove 'instead_of'").value());
  }
  OBS_TRY(problems.done());
  const std::string_view head = text.substr(0, end + k_separator.size());
  out.fragment = std::string(static_cast<std::size_t>(std::ranges::count(head, '\n')), '\n');
  out.fragment += text.substr(head.size());
  return out;
}

}  // namespace obsctl::catalog
