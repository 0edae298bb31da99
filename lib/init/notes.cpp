// SPDX-License-Identifier: Apache-2.0
// Words of init's notes.
#include "lib/init/notes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::init {
namespace {

bool shows_dashboards_to_others(const Topology& topology, const Provider& view) {
  const Component* component = topology.find(view.component);
  return component != nullptr && std::ranges::any_of(component->ports, [&](const Port& port) {
           return port.container == view.port && port.host != 0 && !is_loopback(port.bind);
         });
}

}  // namespace

std::vector<Note> exposure_notes(const stack::Stack& stack) {
  std::vector<Note> out;
  const SecuritySpec& security = stack.spec.security;
  const bool open = !is_loopback(security.bind);
  if (open && security.auth == Auth::none) {
    out.push_back(
        {fmt::format("the receivers listen on {} and accept telemetry from anyone", security.bind),
         {{"security.auth", "bearer"}},
         "requires a token"});
  }
  if (open && security.auth == Auth::bearer && security.tls == Tls::off) {
    out.push_back(
        {"the bearer token travels unencrypted", {{"security.tls", "self-signed"}}, "encrypts it"});
  }
  const Provider* view = stack.topology.provider("dashboards.view");
  if (stack.target->on_this_host && view != nullptr &&
      shows_dashboards_to_others(stack.topology, *view)) {
    out.push_back(
        {fmt::format("{}'s password travels unencrypted: keep it on loopback or put a "
                     "TLS proxy in front",
                     view->title)});
  }
  return out;
}

}  // namespace obsctl::init
