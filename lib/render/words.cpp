// SPDX-License-Identifier: Apache-2.0
// The values that rows get from the words of a target.
#include "lib/render/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

constexpr auto k_labelled = "labelled";
constexpr auto k_job_label = "{{ $labels.job }}";

Values of_each(const std::vector<std::string>& components, const Runbook::Of& verb) {
  Values out = Values::object();
  for (const auto& component : components) {
    out[component] = verb(component);
  }
  out[k_labelled] = verb(k_job_label);
  return out;
}

Values logs_of_each(const std::vector<std::string>& components, const JobLists& lists,
                    const Runbook& runbook, int lines) {
  Values out = Values::object();
  for (const auto& component : components) {
    out[component] = runbook.logs({component}, lines);
  }
  for (const auto& [name, jobs] : lists) {
    out[name] = runbook.logs(jobs, lines);
  }
  out[k_labelled] = runbook.logs({k_job_label}, lines);
  return out;
}

// The port that answers questions about what is stored, otherwise that of its own metrics; 0: none.
int api_port(const Topology& topology, const Component& component) {
  const auto query = std::ranges::find_if(topology.providers, [&component](const Provider& one) {
    return one.component == component.name && one.capability.ends_with(".query");
  });
  return query == topology.providers.end() ? component.metrics_port : query->port;
}

Values of_volumes(const Topology& topology,
                  const std::function<std::string(const Component& component)>& verb) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    if (!component.volumes.empty()) {
      out[component.name] = verb(component);
    }
  }
  return out;
}

Values ask_commands(const Topology& topology, const Runbook& runbook) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    if (const int port = api_port(topology, component); port != 0) {
      out[component.name] = runbook.ask(component, port);
    }
  }
  return out;
}

}  // namespace

Selectors job_selectors() {
  return {
      .is = [](std::string_view name) { return fmt::format(R"(job="{}")", name); },
      .any_of =
          [](const std::vector<std::string>& names) {
            return fmt::format(R"(job=~"{}")", join(names, "|"));
          },
      .none_of =
          [](const std::vector<std::string>& names) {
            return fmt::format(R"(job!~"{}")", join(names, "|"));
          },
  };
}

Values word_values(const Words& words, const Topology& topology,
                   const std::vector<std::string>& components, const JobLists& lists) {
  const Runbook& runbook = words.runbook;
  Values out;
  for (const auto& component : components) {
    out["sel"][component] = words.selectors.is(component);
  }
  for (const auto& [name, jobs] : lists) {
    out["any_of"][name] = words.selectors.any_of(jobs);
    out["none_of"][name] = words.selectors.none_of(jobs);
  }
  out["cmd"] = {{"apply", runbook.apply},
                {"renew", runbook.renew},
                {"status", runbook.status},
                {"usage", runbook.usage},
                {"disk_usage", runbook.disk_usage},
                {"clean_up", runbook.clean_up},
                {"start", of_each(components, runbook.start)},
                {"state", of_each(components, runbook.state)},
                {"running", of_each(components, runbook.running)},
                {"stop", of_each(components, runbook.stop)},
                {"restart", of_each(components, runbook.restart)},
                {"reload", of_each(components, runbook.reload)},
                {"exec", of_each(components, runbook.exec)},
                {"run", of_each(components, runbook.run)},
                {"beside", of_each(components, runbook.beside)},
                {"logs", logs_of_each(components, lists, runbook, 0)},
                {"logs_50", logs_of_each(components, lists, runbook, 50)},
                {"logs_100", logs_of_each(components, lists, runbook, 100)}};
  out["cmd"]["ask"] = ask_commands(topology, runbook);
  out["cmd"]["volume"] = of_volumes(topology, runbook.volume);
  out["cmd"]["own"] = of_volumes(topology, runbook.own);
  out["data_folder"] = runbook.data_folder;
  out["override_in"] = runbook.override_in;
  out["owner_fault"] = runbook.owner_fault;
  out["configs"] = words.configs;
  return out;
}

}  // namespace obsctl
