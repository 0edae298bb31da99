// The one-shot job that makes volumes usable by services that are not root.
#include <fmt/format.h>

#include "lib/topology/parts.hpp"

namespace obsctl::topology {
namespace {

// A file that a service must read but that the host keeps to its owner (mode 0600). A mount would
// show it to the service's user as it is, unreadable, so it is copied into a volume and given to
// that user.
struct Handover {
  std::string volume;
  std::string source;  // relative to the generated directory
  std::string file;    // name in the volume
};

std::vector<Handover> handovers(const Context& context) {
  std::vector<Handover> out;
  if (context.tls()) {
    out.push_back({"otel-collector-tls", "tls/server.crt", "server.crt"});
    out.push_back({"otel-collector-tls", "tls/server.key", "server.key"});
  }
  for (const auto& secret : context.alertmanager_secrets()) {
    out.push_back({"alertmanager-secrets", "secrets/" + secret, secret});
  }
  return out;
}

// The lines of the script for one volume; adds the mounts that they need.
std::string prepare(const Volume& volume, const std::vector<Handover>& copies, Component& init) {
  const std::string path = "/volumes/" + volume.name;
  init.volumes.push_back({.name = volume.name, .mount = path, .backup = false});
  std::string script;
  for (const auto& copy : copies) {
    if (copy.volume == volume.name) {
      const std::string source = "/from/" + copy.source;
      init.mounts.push_back({copy.source, source});
      script += fmt::format("cp {0} {1}/{2}\nchmod 0400 {1}/{2}\n", source, path, copy.file);
    }
  }
  return script + fmt::format("chown -R {0}:{0} {1}\n", volume.uid, path);
}

}  // namespace

Component volume_init(const Context& context, const std::vector<Component>& others) {
  Component out = context.start("volume-init", "busybox");
  out.limits = {0.5, Bytes::from_mib(64)};  // a shell that ends: not part of the plan
  out.purpose =
      "gives volumes to the users that the services run as, then ends; runs on every 'up'";
  out.notes = {
      "A new named volume belongs to root unless the image owns the path. The collector's and "
      "Jaeger's images do not, and their processes are not root: without this they stop with "
      "'permission denied'."};
  const auto copies = handovers(context);
  if (!copies.empty()) {
    out.notes.emplace_back(
        "It also copies the files below /from, which only their owner on the host "
        "may read: through a mount they would be unreadable for those users.");
  }
  out.one_shot = true;
  out.user = "0:0";
  out.cap_add = {"CHOWN", "DAC_OVERRIDE", "FOWNER"};
  std::string script;
  for (const auto& component : others) {
    for (const auto& volume : component.volumes) {
      if (volume.needs_init) {
        script += prepare(volume, copies, out);
      }
    }
  }
  out.entrypoint = {"/bin/sh", "-euc"};
  out.command = {script};
  return out;
}

}  // namespace obsctl::topology
