// SPDX-License-Identifier: Apache-2.0
// Chooses, describes and lists the data sources of a stack.
#include "lib/render/sources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/signal.hpp"

namespace obsctl {
namespace {

// Where a source's component answers its API inside the stack's network.
Result<std::string> api_url(const Topology& topology, const WatchSource& source) {
  const Component* component = topology.find(source.about.component);
  const std::string& name = source.about.port.empty() ? source.about.component : source.about.port;
  const auto port = std::ranges::find(component->ports, name, &Port::name);
  if (port == component->ports.end()) {
    return fail_at({source.fragment.file()},
                   fmt::format("'{}' has no port '{}'", source.about.component, name),
                   "name the port of its API with 'port'");
  }
  return fmt::format("http://{}:{}", component->name, port->container);
}

std::string without_empty_ends(const std::string& text) {
  const auto first = text.find_first_not_of('\n');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of('\n') + 1 - first);
}

}  // namespace

Result<void> choose_sources(std::vector<WatchSource>& sources) {
  for (const auto& source : sources) {
    if (!source.about.services.empty() && !Values::accept(source.about.services)) {
      return fail_at({source.fragment.file()}, "'services' is not JSON",
                     "a drop-down's query as Grafana stores it in a dashboard");
    }
  }
  std::vector<std::string> replaced;
  for (const auto& source : sources) {
    replaced.push_back(source.about.instead_of);
  }
  std::erase_if(sources, [&replaced](const WatchSource& source) {
    return std::ranges::find(replaced, source.about.component) != replaced.end();
  });
  std::ranges::stable_sort(sources, {},
                           [](const WatchSource& source) { return source.about.order; });
  std::map<std::string, std::string> uids;
  for (const auto& source : sources) {
    const auto [first, fresh] = uids.emplace(source.about.uid, source.fragment.file());
    if (!fresh) {
      return fail_at({source.fragment.file()},
                     fmt::format("the data source '{}' is defined twice", source.about.uid),
                     "it is also in " + first->second + "; give it another uid, or 'instead_of'");
    }
  }
  return {};
}

SourceOf source_of_signals(const std::vector<WatchSource>& sources) {
  SourceOf out;
  for (const auto& source : sources) {
    out.emplace(source.about.serves, source.about);  // the first of a signal
  }
  return out;
}

Result<Values> signal_values(const std::vector<WatchSource>& sources, const Values& values) {
  Values out = {{"metrics", nullptr}, {"traces", nullptr}, {"logs", nullptr}, {"alerts", nullptr}};
  for (const auto& [signal, source] : source_of_signals(sources)) {
    out[signal] = {{"datasource_uid", source.uid}, {"trace_query", source.trace_query}};
  }
  for (const auto& question : catalog::log_questions()) {
    out["ask"][question] = "";
  }
  for (const auto& source : sources) {
    if (catalog::signal_named(source.about.serves) != catalog::Signal::logs) {
      continue;
    }
    for (const auto& [question, text] : source.about.queries) {
      OBS_TRY_ASSIGN(out["ask"][question],
                     render_template({source.fragment.path, source.fragment.origin, text}, values));
    }
    break;
  }
  return out;
}

Result<std::string> data_sources(const std::vector<WatchSource>& sources, const Topology& topology,
                                 const Values& values, const TemplateStore& store) {
  Values all = values;
  std::vector<std::string> out;
  for (const auto& source : sources) {
    OBS_TRY_ASSIGN(const std::string url, api_url(topology, source));
    all["self"] = {{"uid", source.about.uid}, {"type", source.about.type}, {"url", url}};
    OBS_TRY_ASSIGN(const std::string text, render_template(source.fragment, all, store));
    if (std::string fragment = without_empty_ends(text); !fragment.empty()) {
      out.push_back(std::move(fragment));
    }
  }
  return join(out, "\n\n");
}

}  // namespace obsctl
