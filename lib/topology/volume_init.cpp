// The one-shot job that makes fresh volumes usable by services that are not root.
#include <fmt/format.h>

#include "lib/topology/parts.hpp"

namespace obsctl::topology {
namespace {

// Files that a service must read but that the host keeps to their owner (mode 0600). A bind mount would
// show them to the service's user as they are: unreadable. So they are copied and given to that user.
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
  if (!context.spec.alerting.slack_channel.empty()) {
    out.push_back({"alertmanager-secrets", "secrets/slack-webhook-url", "slack-webhook-url"});
  }
  if (!context.spec.alerting.smtp_host.empty()) {
    out.push_back({"alertmanager-secrets", "secrets/smtp-password", "smtp-password"});
  }
  return out;
}

}  // namespace

Component volume_init(const Context& context, const std::vector<Component>& others) {
  Component out = context.start("volume-init", "busybox", {0.5, Bytes::from_mib(64)}, {});
  out.title = "Volume set-up";
  out.purpose = "gives fresh volumes to the users that the services run as, then ends";
  out.notes = {"A new named volume belongs to root unless the image owns the path. The collector's and "
               "Jaeger's images do not, and their processes are not root: without this they stop with "
               "'permission denied'."};
  out.one_shot = true;
  out.user = "0:0";
  out.cap_add = {"CHOWN", "DAC_OVERRIDE", "FOWNER"};
  const auto copies = handovers(context);
  std::string script;
  for (const auto& component : others) {
    for (const auto& volume : component.volumes) {
      if (!volume.needs_init) {
        continue;
      }
      const std::string path = "/volumes/" + volume.name;
      out.volumes.push_back({.name = volume.name, .mount = path, .backup = false});
      for (const auto& copy : copies) {
        if (copy.volume == volume.name) {
          const std::string source = "/from/" + copy.source;
          out.mounts.push_back({copy.source, source});
          script += fmt::format("install -m 0400 {} {}/{}\n", source, path, copy.file);
        }
      }
      script += fmt::format("chown -R {0}:{0} {1}\n", volume.uid, path);
    }
  }
  out.entrypoint = {"/bin/sh", "-euc"};
  out.command = {script};
  return out;
}

}  // namespace obsctl::topology
