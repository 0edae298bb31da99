// How one target runs a stack and names its series: the words that alerts, runbooks and dashboards
// are written with, so that no row has to know where it will be used.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/template/template.hpp"

namespace obsctl {

// What a person types. Commands about one component take its name; a name that is itself a
// placeholder
// ("{{ $labels.job }}") is passed through.
struct Runbook {
  using Of = std::string (*)(std::string_view component);

  std::string apply;        // bring the stack to what its files say
  std::string status;       // what runs
  std::string status_all;   // and what has ended
  std::string logs_all;     // what every component says
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
  std::string (*logs)(const std::vector<std::string>& components, int lines) = nullptr;  // 0: all
};

// How a series that was scraped from a component is selected there.
struct Selectors {
  std::string (*is)(std::string_view component) = nullptr;
  std::string (*any_of)(const std::vector<std::string>& components) = nullptr;
  std::string (*none_of)(const std::vector<std::string>& components) = nullptr;
};

struct Verbs {
  Runbook runbook;
  Selectors selectors;
};

[[nodiscard]] Verbs compose_verbs();

// Components that rules name together, by the name of the list (templates/catalog/jobs.yaml).
using JobLists = std::vector<std::pair<std::string, std::vector<std::string>>>;

// The values of rows, for these components:
//
//   [% sel.loki %]            its series
//   [% any_of.processes %]    those of a list of components
//   [% none_of.watched %]     those of all others
//   [% cmd.status %]          a command for the stack, named like the fields of Runbook
//   [% cmd.logs.loki %]       a command for a component; logs_50 and logs_100 are the last lines,
//   and also
//                             take the name of a list
//   [% cmd.state.labelled %]  for the component that an alert's label `job` names
[[nodiscard]] Values verb_values(const Verbs& verbs, const std::vector<std::string>& components,
                                 const JobLists& lists);

}  // namespace obsctl
