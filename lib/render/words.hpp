// SPDX-License-Identifier: Apache-2.0
// What differs between targets in what is generated for all of them: how a stack is run, reached
// and watched there, so that no configuration and no row has to know where it will be used.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// What a person types. Commands about one component take its name; a name that is itself a
// placeholder ("{{ $labels.job }}") is passed through.
struct Runbook {
  using Of = std::function<std::string(std::string_view component)>;

  std::string apply;        // bring the stack to what its files say
  std::string apply_all;    // the same, and remove what is no longer in them
  std::string renew;        // hand a changed secret file over
  std::string status;       // what runs
  std::string usage;        // memory and CPU of each
  std::string disk_usage;   // what the volumes take
  std::string clean_up;     // removes what is not used
  std::string data_folder;  // where the host has the volumes
  std::string override_in;  // the place of settings that obsctl does not have
  std::string owner_fault;  // why a volume may belong to the wrong user, and what corrects it

  Of start = nullptr;    // bring one component to what its files say
  Of state = nullptr;    // whether it runs, or how it ended
  Of running = nullptr;  // whether it runs
  Of stop = nullptr;
  Of restart = nullptr;
  Of reload = nullptr;  // let it read its configuration again
  Of exec = nullptr;    // prefix of a command inside of it
  Of run = nullptr;     // prefix of arguments for its program, which runs once, beside it
  Of beside = nullptr;  // prefix of another command of its image, for when it does not run
  std::function<std::string(const std::vector<std::string>& components, int lines)> logs =
      nullptr;  // 0: all

  // Prefix of a path that is asked over HTTP.
  std::function<std::string(const Component& component, int port)> ask = nullptr;
  // Prefix of a command that finds the component's data in /d, whether the component runs or not,
  // and whatever its image holds. For components with volumes.
  std::function<std::string(const Component& component)> volume = nullptr;
  // What makes a published port reachable on this host; empty where it is.
  std::function<std::string(const Component& component, const Port& port)> open = nullptr;
  // Stops and removes everything of the stack with that name but its data.
  Of take_down = nullptr;
  // Gives the component's data back to its user.
  std::function<std::string(const Component& component)> own = nullptr;
};

// How a series that was scraped from a component is selected there.
struct Selectors {
  std::function<std::string(std::string_view component)> is;
  std::function<std::string(const std::vector<std::string>& components)> any_of;
  std::function<std::string(const std::vector<std::string>& components)> none_of;
};

// Where the label `job` is a component's name.
[[nodiscard]] Selectors job_selectors();

struct Words {
  Runbook runbook;
  Selectors selectors;
  // The host under which one component reaches another.
  std::function<std::string(std::string_view component)> address;
  std::string otlp_endpoint;  // where an application sends OTLP over HTTP
  // How the one who operates the stack reaches the same receiver: an address, and what has to stand
  // before a command that asks it.
  std::string send_endpoint = {};
  std::string send_prefix = {};
  std::vector<std::string> hosts = {};  // more names of the receivers, besides the component's
  std::string configs = {};             // folder of the components' configurations
  // Of a cluster's API, for the stack's namespace: "/api/v1/namespaces/NAME"; empty where there is no
  // such API.
  std::string cluster_api = {};
};

// Components that rules name together, by the name of the list (templates/catalog/jobs.yaml).
using JobLists = std::vector<std::pair<std::string, std::vector<std::string>>>;

// The values of rows, for these components:
//
//   [% sel.loki %]            its series
//   [% any_of.processes %]    those of a list of components
//   [% none_of.watched %]     those of all others
//   [% cmd.status %]          a command for the stack, named like the fields of Runbook
//   [% cmd.logs.loki %]       a command for a component; logs_50 and logs_100 are the last lines,
//                             and also take the name of a list
//   [% cmd.state.labelled %]  for the component that an alert's label `job` names
//   [% configs %]             folder of the configurations
//   [% cmd.ask.loki %]        is followed by the path of a question to its API, or to its metrics
//   [% cmd.volume.loki %]     is followed by a command; for components of the stack with volumes
//   [% cmd.own.loki %]        likewise, a command of its own
[[nodiscard]] Values word_values(const Words& words, const Topology& topology,
                                 const std::vector<std::string>& components, const JobLists& lists);

}  // namespace obsctl
