// Words of init's notes.
#include "commands/init_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl {
namespace {

bool shows_dashboards_to_others(const Topology& topology, const Provider& view) {
  const Component* component = topology.find(view.component);
  return component != nullptr && std::ranges::any_of(component->ports, [&](const Port& port) {
           return port.container == view.port && port.host != 0 && !is_loopback(port.bind);
         });
}

// A new secret of a component that nothing random is in: somebody has to bring the real one.
bool is_placeholder(const std::string& content) {
  return content.find("[% token %]") == std::string::npos;
}

std::string until_then(const Topology& topology, const Component& component) {
  const Provider* alerts = topology.provider("alerts.router");
  return alerts != nullptr && alerts->component == component.name
             ? "nobody is notified that way"
             : fmt::format("{} cannot use it", component.title);
}

}  // namespace

std::vector<std::string> exposure_notes(const StackSpec& spec, const Topology& topology,
                                        const Target& target) {
  std::vector<std::string> out;
  const SecuritySpec& security = spec.security;
  const bool open = !is_loopback(security.bind);
  if (open && security.auth == Auth::none) {
    out.push_back(
        fmt::format("the receivers listen on {} and accept telemetry from anyone; --auth bearer "
                    "asks for a token",
                    security.bind));
  }
  if (open && security.auth == Auth::bearer && security.tls == Tls::off) {
    out.emplace_back("the bearer token travels unencrypted; add --tls self-signed");
  }
  const Provider* view = topology.provider("dashboards.view");
  if (target.on_this_host && view != nullptr && shows_dashboards_to_others(topology, *view)) {
    out.push_back(
        fmt::format("{}'s password travels unencrypted: keep it on loopback or put a TLS proxy in "
                    "front",
                    view->title));
  }
  return out;
}

std::vector<std::string> placeholder_notes(const FileSystem& files,
                                           const std::filesystem::path& directory,
                                           const Topology& topology, const FileTree& tree,
                                           const std::string& renew) {
  std::vector<std::string> out;
  for (const auto& component : topology.components) {
    for (const auto& use : component.secrets) {
      for (const auto& [path, content] : use.contents) {
        if (!is_placeholder(content)) {
          continue;
        }
        const bool there = files.exists(directory / path);
        const auto held = there ? files.read(directory / path) : Result<std::string>();
        if (!there || (held && *held == tree.at(path).bytes)) {
          out.push_back(fmt::format(
              "{} holds a placeholder: replace it with your own value and run '{}'; until then {}",
              path, renew, until_then(topology, component)));
        }
      }
    }
  }
  return out;
}

}  // namespace obsctl
