// SPDX-License-Identifier: Apache-2.0
// Makes one component of a stack.
#include "lib/topology/instantiate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/topology/fill.hpp"
#include "lib/topology/settings.hpp"

namespace obsctl::topology {
namespace {

constexpr auto k_loopback = "127.0.0.1";

bool holds(const Values& values, const std::string& flag) {
  const auto found = values.find(flag);
  return flag.empty() || (found != values.end() && found->is_boolean() && found->get<bool>());
}

Port port_of(const catalog::PortDef& def, const StackSpec& spec, const Values& flags) {
  Port out{.name = def.name, .container = def.number};
  out.exposure = def.exposure;
  out.tls = !def.tls.empty() && holds(flags, def.tls);
  if (def.exposure == Exposure::internal) {
    return out;
  }
  const auto own = spec.ports.find(def.name);
  out.host = own == spec.ports.end() ? def.number : own->second;
  // A service without a login of its own stays on loopback whatever the settings say.
  out.bind = def.exposure == Exposure::reachable ? spec.security.bind
             : def.exposure == Exposure::pages   ? spec.security.bind_ui
                                                 : k_loopback;
  out.purpose = def.purpose;
  return out;
}

// Where people open it: what the spec says, else where this host reaches the published port.
Values url_of(const Port& port, const StackSpec& spec) {
  const auto known = spec.public_urls.find(port.name);
  if (known != spec.public_urls.end()) {
    return known->second.ends_with('/') ? known->second : known->second + "/";
  }
  return port.host == 0 ? Values(nullptr)
                        : Values(fmt::format("{}://{}/", port.scheme(), port.reached_at()));
}

class Filler {
 public:
  Filler(const catalog::ComponentDef& def, Values values)
      : file_(def.file), values_(std::move(values)) {}

  // `key` is where the text stands in the component's file.
  Result<std::string> operator()(const std::string& key, const std::string& text) const {
    return fill_in(file_, key, text, values_);
  }

  // An entry that comes out empty is left out.
  Result<std::vector<std::string>> all(const std::string& key,
                                       const std::vector<std::string>& texts) const {
    std::vector<std::string> out;
    for (const auto& text : texts) {
      OBS_TRY_ASSIGN(std::string filled, (*this)(key, text));
      if (!filled.empty()) {
        out.push_back(std::move(filled));
      }
    }
    return out;
  }

 private:
  std::string file_;
  Values values_;
};

void add_sizing(const sizing::SizingReport& report, Component& out) {
  const auto* plan = report.find(out.name);
  if (plan == nullptr) {
    return;
  }
  // Whole bytes and millionths of a core: what floating point adds would show in the runbook.
  out.limits = {std::round(plan->cpus.chosen.value * 1e6) / 1e6,
                Bytes{std::round(plan->memory.chosen.value * 1e9)}};
  out.requests = {std::min(plan->cpus.floor, out.limits.cpus), out.limits.memory};
  out.instances = plan->instances;
  out.disk = Bytes{std::round(plan->disk.chosen.value * 1e9)};
  for (const auto& setting : plan->settings) {
    out.settings[setting.key.substr(plan->name.size() + 1)] = {setting.value, setting.unit};
  }
}

// What asks for its own health needs no proxy, and no proof that it is itself.
Probe probe_at(const catalog::ProbeDef& def, const Port& port, const std::string& path) {
  Probe out{.port = port.container, .path = path, .command = def.command};
  if (def.wget) {
    out.command = {"wget", "-q", "-Y", "off"};
    if (port.tls) {
      out.command.emplace_back("--no-check-certificate");
    }
    out.command.insert(out.command.end(),
                       {"-O", "/dev/null",
                        fmt::format("{}://127.0.0.1:{}{}", port.scheme(), port.container, path)});
  }
  return out;
}

std::optional<Probes> probes_of(const catalog::ComponentDef& def, const std::vector<Port>& ports) {
  if (!def.probe) {
    return std::nullopt;
  }
  const Port& port = *std::ranges::find(ports, def.probe->port, &Port::name);
  const Probe ready = probe_at(*def.probe, port, def.probe->path);
  return Probes{ready, ready, probe_at(*def.probe, port, def.probe->live), def.probe->start_period};
}

// The first volume holds what the disk is meant for.
void add_volumes(const catalog::ComponentDef& def, Component& out) {
  for (const auto& volume : def.volumes) {
    out.volumes.push_back({.name = volume.name,
                           .mount = volume.mount,
                           .needs_init = !volume.image_owns,
                           .size = out.volumes.empty() ? out.disk : Bytes{0},
                           .backup = volume.backup,
                           .holds = volume.holds});
  }
}

// Files of one volume that several entries fill stand together.
void add_secrets(const catalog::ComponentDef& def, const Values& values, Component& out) {
  for (const auto& secret : def.secrets) {
    if (!holds(values, secret.when)) {
      continue;
    }
    auto use = std::ranges::find_if(out.secrets, [&](const SecretUse& other) {
      return secret.environment.empty() && other.volume == secret.volume;
    });
    if (use == out.secrets.end()) {
      use = out.secrets.insert(
          use,
          {secret.environment, secret.keys, secret.volume, secret.mount, {}, secret.holds, {}});
    }
    use->files.insert(use->files.end(), secret.files.begin(), secret.files.end());
    if (!secret.content.empty()) {
      use->contents[secret.environment.empty() ? secret.files.front() : secret.environment] =
          secret.content;
    }
  }
}

}  // namespace

Values shared_values(const StackSpec& spec, const Retention& retention) {
  const AlertingSpec& alerting = spec.alerting;
  Values out;
  out["retention"] = retention_values(retention);
  out["tls"] = spec.security.tls != Tls::off;
  out["self_signed"] = spec.security.tls == Tls::self_signed;
  out["ui_tls"] = spec.security.ui_tls();
  out["client_ca"] = !spec.security.client_ca.empty();
  out["bearer"] = spec.security.auth == Auth::bearer;
  out["sampling"] = spec.traces.keep.value < 1;
  out["forward"] = !spec.forward.url.empty();
  out["forward_header"] = !spec.forward.header.empty();
  for (const auto& receiver : alerting.wanted()) {
    out[receiver] = true;
  }
  out["smtp"] = !alerting.email_to.empty() && !alerting.is_relay();
  return out;
}

Result<Component> instantiate(const catalog::ComponentDef& def, const Context& context) {
  Component out;
  out.name = def.name;
  out.file = def.file;
  out.uid = def.uid;
  out.user = def.uid == def.image_uid ? "" : fmt::format("{0}:{0}", def.uid);
  out.title = def.title;
  out.image = def.reference();
  out.version = def.version;
  add_sizing(context.report, out);
  Values values = context.shared;
  values["url"] = Values::object();
  for (const auto& port : def.ports) {
    out.ports.push_back(port_of(port, context.spec, values));
    const Values url = url_of(out.ports.back(), context.spec);
    values["url"][port.name] = url;
    values["https"][port.name] = url.is_string() && url.get<std::string>().starts_with("https:");
  }
  values["self"] = component_values(out);
  const Filler fill(def, values);
  OBS_TRY_ASSIGN(out.purpose, fill("purpose", def.purpose));
  OBS_TRY_ASSIGN(out.notes, fill.all("notes", def.notes));
  OBS_TRY_ASSIGN(out.command, fill.all("command", def.command));
  OBS_TRY_ASSIGN(out.keeps, fill("keeps", def.keeps));
  OBS_TRY_ASSIGN(out.deletes, fill("deletes", def.deletes));
  for (const auto& [key, text] : def.environment) {
    OBS_TRY_ASSIGN(std::string filled, fill("environment." + key, text));
    if (!filled.empty()) {
      out.environment[key] = std::move(filled);
    }
  }
  add_volumes(def, out);
  add_secrets(def, values, out);
  out.configs = {def.configs.mount,      def.configs.files, def.configs.folders,
                 def.configs.dashboards, def.configs.rules, def.configs.rule_tests,
                 def.configs.own};
  out.tmpfs = def.tmpfs;
  out.receivers = def.receivers;
  out.read_only = def.read_only;
  out.host_view = def.host_view;
  out.host_paths = def.host_paths;
  out.scrapes = def.scrapes;
  out.probes = probes_of(def, out.ports);
  out.role = def.role;
  out.program = def.program;
  out.wget = def.wget || (def.probe && def.probe->wget);
  OBS_TRY_ASSIGN(out.reaches_out, fill("reaches_out", def.reaches_out));
  out.stop_grace = def.stop_grace;
  out.runbook = def.runbook;
  out.logs = def.logs;
  if (!def.metrics_port.empty()) {
    out.metrics_port = def.port(def.metrics_port)->number;
    out.metrics_path = def.metrics_path;
  }
  return out;
}

}  // namespace obsctl::topology
