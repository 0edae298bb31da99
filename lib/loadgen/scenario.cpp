// SPDX-License-Identifier: Apache-2.0
// Reads scenario files: strict keys, positions in every error, and a call graph that cannot run
// away.
#include "lib/loadgen/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.hpp"
#include "lib/loadgen/scenario_values.hpp"
#include "lib/loadgen/trace_draft.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::loadgen {
namespace {

using yaml::Node;

constexpr double k_shortest = 1e-6;  // seconds of an operation

Result<LogLine> read_log(const Node& node) {
  OBS_TRY(node.only({"severity", "body", "size", "attributes", "on_error"}));
  LogLine out;
  OBS_TRY(read_choice(node, "severity", out.severity,
                      {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}));
  OBS_TRY_ASSIGN(out.body, node.text("body"));
  OBS_TRY(read_size(node, "size", out.size));
  OBS_TRY_ASSIGN(out.attributes, read_attributes(node, "attributes"));
  OBS_TRY(read_quantity<bool>(node, "on_error", out.on_error, parse_bool, false));
  return out;
}

Result<Call> read_call(const Node& node, const std::string& service) {
  OBS_TRY(node.only({"service", "operation", "share", "count", "parallel"}));
  Call out;
  out.service = node.text_or("service", service);
  OBS_TRY_ASSIGN(out.operation, node.text("operation"));
  OBS_TRY(read_share(node, "share", out.share));
  std::uint64_t count = 1;
  OBS_TRY(read_whole(node, "count", 1, k_max_spans, count));
  out.count = static_cast<int>(count);
  OBS_TRY(read_quantity<bool>(node, "parallel", out.parallel, parse_bool, false));
  return out;
}

Result<Operation> read_operation(const Node& node, const std::string& service) {
  OBS_TRY(node.only(
      {"name", "kind", "median", "p99", "attributes", "calls", "logs", "link", "event", "fails"}));
  Operation out;
  OBS_TRY_ASSIGN(out.name, node.text("name"));
  OBS_TRY(read_choice(node, "kind", out.kind,
                      {"internal", "server", "client", "producer", "consumer"}));
  OBS_TRY(read_quantity<Duration>(node, "median", out.latency.median, parse_duration, false));
  if (out.latency.median.seconds < k_shortest) {
    return fail_at(
        node.find("median")->at,
        fmt::format("'median' of operation '{}' is shorter than a microsecond", out.name));
  }
  out.latency.p99 = out.latency.median;
  OBS_TRY(read_quantity<Duration>(node, "p99", out.latency.p99, parse_duration, false));
  if (out.latency.p99 < out.latency.median) {
    return fail_at(node.find("p99")->at,
                   fmt::format("'p99' of operation '{}' is below its median", out.name),
                   fmt::format("at least {}", print_duration(out.latency.median)));
  }
  OBS_TRY_ASSIGN(out.attributes, read_attributes(node, "attributes"));
  const auto call = [&service](const Node& item) { return read_call(item, service); };
  OBS_TRY_ASSIGN(out.calls, read_list<Call>(node, "calls", call));
  OBS_TRY_ASSIGN(out.logs, read_list<LogLine>(node, "logs", read_log));
  OBS_TRY(read_choice(node, "link", out.link, {"parent"}));
  out.event = node.text_or("event", "");
  OBS_TRY(read_quantity<bool>(node, "fails", out.fails, parse_bool, false));
  return out;
}

// Durations have no sign; a clock may be behind.
Result<void> read_skew(const Node& node, Duration& into) {
  const bool behind = node.scalar.starts_with("-");
  const auto value = parse_duration(behind ? node.scalar.substr(1) : node.scalar, "clock_skew");
  if (!value) {
    return fail_at(node.at, value.error().message, value.error().hint);
  }
  into.seconds = behind ? -value->seconds : value->seconds;
  return {};
}

Result<Service> read_service(const Node& node) {
  OBS_TRY(node.only({"name", "version", "resource", "operations", "clock_skew"}));
  Service out;
  OBS_TRY_ASSIGN(out.name, node.text("name"));
  out.version = node.text_or("version", out.version);
  OBS_TRY_ASSIGN(out.resource, read_attributes(node, "resource"));
  if (const Node* skew = node.find("clock_skew"); skew != nullptr) {
    OBS_TRY(read_skew(*skew, out.clock_skew));
  }
  const auto operation = [&out](const Node& item) { return read_operation(item, out.name); };
  OBS_TRY_ASSIGN(out.operations, read_list<Operation>(node, "operations", operation));
  return out;
}

Result<Metric> read_metric(const Node& node) {
  OBS_TRY(node.only({"name", "unit", "description", "type", "temporality", "monotonic",
                     "attributes", "series", "exemplars"}));
  Metric out;
  OBS_TRY_ASSIGN(out.name, node.text("name"));
  out.unit = node.text_or("unit", out.unit);
  out.description = node.text_or("description", "");
  const std::vector<std::string> types = {"sum", "gauge", "histogram", "exponential_histogram",
                                          "summary"};
  std::string type = "sum";
  OBS_TRY(read_choice(node, "type", type, types));
  out.type = static_cast<Metric::Type>(std::ranges::find(types, type) - types.begin());
  std::string temporality = "cumulative";
  OBS_TRY(read_choice(node, "temporality", temporality, {"cumulative", "delta"}));
  out.cumulative = temporality == "cumulative";
  OBS_TRY(read_quantity<bool>(node, "monotonic", out.monotonic, parse_bool, false));
  OBS_TRY_ASSIGN(out.attributes, read_attributes(node, "attributes"));
  OBS_TRY(read_whole(node, "series", 1, k_max_series, out.series));
  OBS_TRY(read_quantity<bool>(node, "exemplars", out.exemplars, parse_bool, false));
  return out;
}

Result<void> read_mix(const Node& node, Mix& out) {
  OBS_TRY(
      node.only({"errors", "slow", "slow_threshold", "vip", "health", "split", "late", "late_by"}));
  OBS_TRY(read_share(node, "errors", out.errors));
  OBS_TRY(read_share(node, "slow", out.slow));
  OBS_TRY(
      read_quantity<Duration>(node, "slow_threshold", out.slow_threshold, parse_duration, false));
  OBS_TRY(read_share(node, "vip", out.vip));
  OBS_TRY(read_share(node, "health", out.health));
  OBS_TRY(read_share(node, "split", out.split));
  OBS_TRY(read_share(node, "late", out.late));
  OBS_TRY(read_quantity<Duration>(node, "late_by", out.late_by, parse_duration, false));
  if (out.errors + out.slow + out.health > 1) {
    return fail_at(node.at, "the shares of errors, slow and health are more than 100% together");
  }
  return {};
}

using Graph = std::map<std::pair<std::string, std::string>, const Operation*>;

// Spans of one operation with all its calls made; 0 when a call leads back to itself.
double spans_of(const Graph& graph, const std::pair<std::string, std::string>& at,
                std::set<std::pair<std::string, std::string>>& path) {
  if (!path.insert(at).second) {
    return 0;
  }
  double sum = 1;
  for (const Call& call : graph.at(at)->calls) {
    const double inner = spans_of(graph, {call.service, call.operation}, path);
    if (inner == 0) {
      return 0;
    }
    sum = std::min(sum + inner * call.count, 1e9);
  }
  path.erase(at);
  return sum;
}

Result<void> check_graph(const Scenario& scenario, const SourcePos& at) {
  Graph graph;
  for (const Service& service : scenario.services) {
    for (const Operation& operation : service.operations) {
      graph[{service.name, operation.name}] = &operation;
    }
  }
  const auto known = [&](const std::string& service, const std::string& operation) -> Result<void> {
    if (!graph.contains({service, operation})) {
      return fail_at(at,
                     fmt::format("there is no operation '{}' of service '{}'", operation, service),
                     "calls and roots name operations that are defined under services");
    }
    return {};
  };
  for (const auto& [name, operation] : graph) {
    for (const Call& call : operation->calls) {
      OBS_TRY(known(call.service, call.operation));
    }
  }
  for (const Root& root : scenario.roots) {
    OBS_TRY(known(root.service, root.operation));
    std::set<std::pair<std::string, std::string>> path;
    const double spans = spans_of(graph, {root.service, root.operation}, path);
    if (spans == 0) {
      return fail_at(at, fmt::format("the calls of '{}' lead back to themselves", root.operation));
    }
    if (spans > static_cast<double>(k_max_spans)) {
      return fail_at(at, fmt::format("a trace of '{}' may have more than {} spans", root.operation,
                                     k_max_spans));
    }
  }
  return {};
}

Result<void> read_rates(const Node& node, Scenario& out) {
  OBS_TRY(node.only({"traces", "metrics", "logs"}));
  OBS_TRY(read_count(node, "traces", out.traces_rate));
  OBS_TRY(read_count(node, "metrics", out.metrics_rate));
  OBS_TRY(read_count(node, "logs", out.logs_rate));
  return {};
}

// Attributes for every operation, log line and metric of the scenario.
Result<void> read_extra(const Node& node, Scenario& out) {
  OBS_TRY(node.only({"spans", "logs", "points", "resource"}));
  OBS_TRY_ASSIGN(const auto spans, read_attributes(node, "spans"));
  OBS_TRY_ASSIGN(const auto logs, read_attributes(node, "logs"));
  OBS_TRY_ASSIGN(const auto points, read_attributes(node, "points"));
  OBS_TRY_ASSIGN(const auto resource, read_attributes(node, "resource"));
  const auto append = [](std::vector<Attribute>& into, const std::vector<Attribute>& from) {
    into.insert(into.end(), from.begin(), from.end());
  };
  for (Service& service : out.services) {
    append(service.resource, resource);
    for (Operation& operation : service.operations) {
      append(operation.attributes, spans);
      for (LogLine& line : operation.logs) {
        append(line.attributes, logs);
      }
    }
  }
  for (LogLine& line : out.logs) {
    append(line.attributes, logs);
  }
  for (Metric& metric : out.metrics) {
    append(metric.attributes, points);
  }
  return {};
}

Result<void> read_skews(const Node& node, Scenario& out) {
  for (const yaml::Entry& entry : node.entries) {
    const auto service = std::ranges::find(out.services, entry.key, &Service::name);
    if (service == out.services.end()) {
      return fail_at(entry.at, fmt::format("there is no service '{}'", entry.key));
    }
    OBS_TRY(read_skew(entry.value, service->clock_skew));
  }
  return {};
}

// A list of the file takes the place of the base's.
template <class T>
Result<void> replace(const Node& root, std::string_view key, std::vector<T>& into,
                     Result<T> (*read_one)(const Node&)) {
  if (root.find(key) != nullptr) {
    OBS_TRY_ASSIGN(into, read_list<T>(root, key, read_one));
  }
  return {};
}

Result<Root> read_root(const Node& node) {
  OBS_TRY(node.only({"service", "operation", "weight"}));
  Root out;
  OBS_TRY_ASSIGN(out.service, node.text("service"));
  OBS_TRY_ASSIGN(out.operation, node.text("operation"));
  OBS_TRY(read_count(node, "weight", out.weight));
  return out;
}

// A scenario may start from a shipped one and change what differs.
Result<Scenario> base_of(const Node& root) {
  const Node* base = root.find("base");
  if (base == nullptr) {
    return Scenario{};
  }
  if (base->scalar == root.text_or("name", "")) {
    return fail_at(base->at, "a scenario cannot be its own base");
  }
  auto found = shipped_scenario(base->scalar);
  if (!found) {
    return fail_at(base->at, found.error().message, found.error().hint);
  }
  return found;
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"name", "base", "description", "source", "services", "roots", "metrics",
                     "logs", "mix", "weights", "series", "span_size", "log_size", "profile",
                     "extra", "clock_skew"}));
  OBS_TRY_ASSIGN(Scenario out, base_of(root));
  OBS_TRY_ASSIGN(out.name, root.text("name"));
  out.description = root.text_or("description", out.description);
  out.source = root.text_or("source", out.source);
  OBS_TRY(replace<Service>(root, "services", out.services, read_service));
  OBS_TRY(replace<Root>(root, "roots", out.roots, read_root));
  OBS_TRY(replace<Metric>(root, "metrics", out.metrics, read_metric));
  OBS_TRY(replace<LogLine>(root, "logs", out.logs, read_log));
  const auto section = [&](std::string_view key,
                           Result<void> (*read_one)(const Node&, Scenario&)) -> Result<void> {
    const Node* node = root.find(key);
    return node == nullptr ? Result<void>{} : read_one(*node, out);
  };
  OBS_TRY(
      section("mix", [](const Node& node, Scenario& into) { return read_mix(node, into.mix); }));
  OBS_TRY(section("weights", read_rates));
  OBS_TRY(section("extra", read_extra));
  OBS_TRY(section("clock_skew", read_skews));
  auto series = static_cast<std::uint64_t>(out.series);
  OBS_TRY(read_whole(root, "series", 1, k_max_series, series));
  out.series = static_cast<double>(series);
  OBS_TRY(read_size(root, "span_size", out.span_size));
  OBS_TRY(read_size(root, "log_size", out.log_size));
  out.profile = root.text_or("profile", out.profile);
  if (out.services.empty() || out.roots.empty()) {
    return fail_at(root.at, "a scenario needs services and roots");
  }
  OBS_TRY(check_graph(out, root.at));
  return out;
}

void add_to_items(Scenario& scenario, const Attribute& attribute) {
  const auto add = [&attribute](std::vector<Attribute>& into) {
    std::erase_if(into, [&](const Attribute& one) { return one.key == attribute.key; });
    into.push_back(attribute);
  };
  for (Service& service : scenario.services) {
    for (Operation& operation : service.operations) {
      add(operation.attributes);
      for (LogLine& line : operation.logs) {
        add(line.attributes);
      }
    }
  }
  for (LogLine& line : scenario.logs) {
    add(line.attributes);
  }
  for (Metric& metric : scenario.metrics) {
    add(metric.attributes);
  }
}

SeriesShare share_series(const Scenario& scenario, double stored) {
  double per_series = 0;  // stored series per series of every metric without a number of its own
  double sharing = 0;     // such metrics
  SeriesShare out;
  for (const Metric& metric : scenario.metrics) {
    const int each = metric.type == Metric::Type::histogram ? k_histogram_buckets + 2
                     : metric.type == Metric::Type::summary ? k_summary_quantiles + 2
                                                            : 1;
    if (metric.series == 0) {
      per_series += each;
      ++sharing;
    } else {
      out.points += static_cast<double>(metric.series);
      stored -= static_cast<double>(metric.series) * each;
    }
  }
  if (sharing > 0) {
    const double each = std::max(1.0, stored / per_series);
    out.series = each * static_cast<double>(scenario.metrics.size());
    out.points += each * sharing;
  }
  return out;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> out;
  for (const EmbeddedFile& file : embedded_files()) {
    constexpr std::string_view k_folder = "catalog/scenarios/";
    if (file.path.starts_with(k_folder) && file.path.ends_with(".yaml")) {
      const auto name = file.path.substr(k_folder.size());
      out.emplace_back(name.substr(0, name.size() - 5));
    }
  }
  return out;
}

Result<Scenario> shipped_scenario(std::string_view name) {
  const std::string path = fmt::format("catalog/scenarios/{}.yaml", name);
  const std::string_view text = embedded_file(path);
  if (text.data() == nullptr) {
    const std::string hint = did_you_mean(name, scenario_names());
    return fail(Code::usage, fmt::format("there is no scenario '{}'", name),
                hint.empty() ? fmt::format("shipped are {}", join(scenario_names(), ", ")) : hint);
  }
  return parse_scenario(text, path);
}

}  // namespace obsctl::loadgen
