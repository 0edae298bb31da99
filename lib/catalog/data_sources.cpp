// Cuts a data source into what it says about itself and what Grafana gets.
#include "lib/catalog/data_sources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/problems.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {
namespace {

Result<std::string> parse_signal(const yaml::Node& root) {
  static const std::vector<std::string> k_signals = {"metrics", "traces", "logs", "alerts"};
  OBS_TRY_ASSIGN(std::string signal, root.text("serves"));
  if (std::ranges::find(k_signals, signal) == k_signals.end()) {
    return fail_at(root.find("serves")->at, fmt::format("'{}' is not a signal", signal),
                   fmt::format("use one of {}", join(k_signals, ", ")));
  }
  return signal;
}

}  // namespace

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
  problems.check(root.only({"serves", "uid", "order", "instead_of", "trace_query"}));
  problems.take(out.serves, parse_signal(root));
  problems.take(out.uid, root.text("uid"));
  double order = 0;
  problems.take(order, root.number("order"));
  out.order = static_cast<int>(order);
  out.instead_of = root.text_or("instead_of", "");
  out.trace_query = root.text_or("trace_query", "");
  OBS_TRY(problems.done());
  const std::string_view head = text.substr(0, end + k_separator.size());
  out.fragment = std::string(static_cast<std::size_t>(std::ranges::count(head, '\n')), '\n');
  out.fragment += text.substr(head.size());
  return out;
}

}  // namespace obsctl::catalog
