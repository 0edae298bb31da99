// Look-ups in a topology.
#include "lib/model/topology.hpp"

namespace obsctl {

double Component::setting(const std::string& setting_name) const {
  const auto found = settings.find(setting_name);
  return found == settings.end() ? 0 : found->second.value;
}

const Provider* Topology::provider(const std::string& capability) const {
  for (const auto& candidate : providers) {
    if (candidate.capability == capability) {
      return &candidate;
    }
  }
  return nullptr;
}

const Component* Topology::find(const std::string& component) const {
  for (const auto& candidate : components) {
    if (candidate.name == component) {
      return &candidate;
    }
  }
  return nullptr;
}

const Port* Topology::port(const std::string& port_name) const {
  for (const auto& component : components) {
    for (const auto& candidate : component.ports) {
      if (candidate.name == port_name) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

std::string Topology::volume_name(const Volume& volume) const {
  return name + "_" + volume.name;
}

}  // namespace obsctl
