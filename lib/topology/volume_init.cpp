// The one-shot job that makes fresh volumes usable by services that are not root.
#include <fmt/format.h>

#include "lib/topology/parts.hpp"

namespace obsctl::topology {

Component volume_init(const Context& context, const std::vector<Component>& others) {
  Component out = context.start("volume-init", "busybox", {0.5, Bytes::from_mib(64)}, {});
  out.purpose = "gives fresh volumes to the users that the services run as, then ends";
  out.notes = {"A new named volume belongs to root unless the image owns the path. The collector's and "
               "Jaeger's images do not, and their processes are not root: without this they stop with "
               "'permission denied'."};
  out.one_shot = true;
  out.user = "0:0";
  out.cap_add = {"CHOWN", "DAC_OVERRIDE", "FOWNER"};
  std::string script;
  for (const auto& component : others) {
    for (const auto& volume : component.volumes) {
      if (volume.needs_init) {
        const std::string path = "/volumes/" + volume.name;
        out.volumes.push_back({.name = volume.name, .mount = path, .backup = false});
        script += fmt::format("chown -R {0}:{0} {1}\n", volume.uid, path);
      }
    }
  }
  out.entrypoint = {"/bin/sh", "-euc"};
  out.command = {script};
  return out;
}

}  // namespace obsctl::topology
