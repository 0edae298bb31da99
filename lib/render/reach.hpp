// How a person reaches into a running stack from its host: a component's API, its volume, and the
// receivers of telemetry.
#pragma once

#include <string>

#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// [% cmd.ask.prometheus %] is followed by the path of a question to its API; components without one
// have no value.
[[nodiscard]] Values ask_commands(const Topology& topology, const std::string& helper_image);

// [% cmd.volume.tempo %] is followed by a command that finds the component's data in /d, whether
// the component runs or not, and whatever its image holds.
[[nodiscard]] Values volume_commands(const Topology& topology, const std::string& helper_image);

// What curl needs to send to the collector: the authority to trust and the token. Ends in a space
// unless it is empty.
[[nodiscard]] std::string curl_options(const SecuritySpec& security);

}  // namespace obsctl
