// SPDX-License-Identifier: Apache-2.0
// How a stack is run, reached and watched on Kubernetes, where its chart is installed in a
// namespace with the stack's name.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "lib/base/text.hpp"
#include "lib/targets/helm_parts.hpp"

namespace obsctl::helm {
namespace {

// A command about the component's pod or stateful set: what stands before and after its name.
Runbook::Of about(std::string before, std::string after) {
  return [before = std::move(before), after = std::move(after)](std::string_view name) {
    return fmt::format("{}{}{}", before, name, after);
  };
}

std::string logs(const std::string& kubectl, const std::vector<std::string>& components,
                 int lines) {
  std::vector<std::string> out;
  for (const auto& component : components) {
    out.push_back(fmt::format("{} logs {}-0{}", kubectl, component,
                              lines == 0 ? "" : fmt::format(" --tail {}", lines)));
  }
  return join(out, " && ");
}

// Asked from inside, because NetworkPolicies admit only known callers: by one of them whose image
// has wget, else through the API server's tunnel.
std::string ask(const Topology& topology, const std::string& kubectl, const Component& component,
                int port) {
  const auto can_ask = [&](const Component& other) {
    const auto reaches = [&](const Link& link) {
      return link.from == other.name && link.to == component.name && link.port == port;
    };
    return other.wget && std::ranges::any_of(topology.links, reaches);
  };
  const auto from = [&](const std::string& pod, const std::string& host) {
    return fmt::format("{} exec {}-0 -- wget -qO- http://{}:{}", kubectl, pod, host, port);
  };
  if (component.wget) {
    return from(component.name, "localhost");
  }
  const auto other = std::ranges::find_if(topology.components, can_ask);
  if (other != topology.components.end()) {
    return from(other->name, component.name);
  }
  return fmt::format("{} port-forward svc/{} {} >/dev/null & sleep 2; curl -s localhost:{}",
                     kubectl, component.name, port, port);
}

// A pod of its own, so that the component need not run; strategic, so that what is typed behind
// `--` stays the command. It runs as the component does, which a restricted namespace admits.
std::string open_volume(const std::string& kubectl, const std::string& image,
                        const Component& component) {
  const std::string pod = "open-" + component.name;
  const nlohmann::ordered_json box = {
      {"name", pod},
      {"volumeMounts", {{{"name", "d"}, {"mountPath", "/d"}}}},
      {"securityContext",
       {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}}}};
  const nlohmann::ordered_json overrides = {
      {"spec",
       {{"containers", {box}},
        {"volumes",
         {{{"name", "d"},
           {"persistentVolumeClaim",
            {{"claimName", claim_of(component, component.volumes.front())}}}}}},
        {"securityContext",
         {{"runAsNonRoot", true},
          {"runAsUser", user_of(component)},
          {"runAsGroup", user_of(component)},
          {"fsGroup", user_of(component)},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}}}}}};
  return fmt::format(
      "{} run {} --rm -i -q --restart=Never --image={} --override-type=strategic --overrides='{}' "
      "--command --",
      kubectl, pod, image, overrides.dump());
}

// The script of the chart's directory: it knows the secrets and the values of one's own.
constexpr auto k_apply = "./apply";

Runbook runbook(const Topology& topology, const std::string& image) {
  const auto stack = std::make_shared<const Topology>(topology);  // outlives the caller's
  const std::string kubectl = "kubectl -n " + topology.name;
  const auto always_apply = [](std::string_view) { return std::string(k_apply); };
  return {
      .apply = k_apply,
      .apply_all = k_apply,
      .renew = std::string("obsctl init && ") + k_apply,
      .status = kubectl + " get pods",
      .usage = kubectl + " top pods",
      .disk_usage = kubectl + " get pvc",
      .clean_up = "crictl rmi --prune",
      .data_folder = "/var/lib/kubelet",
      .override_in = "the settings of the node's container runtime",
      .owner_fault = "the volume's driver does not apply fsGroup",
      .start = always_apply,
      .state = about(kubectl + " describe pod ", "-0"),
      .running = about(kubectl + " get pod ", "-0"),
      .stop = about(kubectl + " scale statefulset ", " --replicas 0"),
      .restart = about(kubectl + " rollout restart statefulset ", ""),
      .reload = always_apply,
      .exec = about(kubectl + " exec ", "-0 --"),
      .run =
          [kubectl, stack](std::string_view name) {
            const Component* found = stack->find(std::string(name));
            const bool known = found != nullptr && !found->program.empty();
            return fmt::format("{} exec {}-0 --{}", kubectl, name,
                               known ? " " + found->program : "");
          },
      .beside =
          [kubectl](std::string_view name) {
            return fmt::format(
                "{0} debug {1}-0 --profile=restricted --copy-to={1}-check --container={1} -it --",
                kubectl, name);
          },
      .logs = [kubectl](const std::vector<std::string>& components,
                        int lines) { return logs(kubectl, components, lines); },
      .ask = [stack, kubectl](const Component& component,
                              int port) { return ask(*stack, kubectl, component, port); },
      .volume = [kubectl, image](
                    const Component& component) { return open_volume(kubectl, image, component); },
      .open =
          [kubectl](const Component& component, const Port& port) {
            return fmt::format("{} port-forward svc/{} {}:{}", kubectl, component.name, port.host,
                               port.container);
          },
      .take_down =
          [](std::string_view name) { return fmt::format("helm uninstall {0} -n {0}", name); },
      .own = [kubectl](const Component& component) {  // the kubelet applies fsGroup at a start
        return fmt::format("{} rollout restart statefulset {}", kubectl, component.name);
      }};
}

}  // namespace

Result<Words> words(const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Helper helper, find_helper(store, topology));
  Words out{.runbook = runbook(topology, helper.image),
            .selectors = job_selectors(),
            .address = [](std::string_view name) { return std::string(name); },
            .otlp_endpoint = ""};
  out.cluster_api = "/api/v1/namespaces/" + topology.name;
  const Provider* receiver = topology.provider("telemetry.in");
  const Port* http = topology.port("otlp-http");
  if (receiver != nullptr && http != nullptr) {
    const std::string host = fmt::format("{}.{}", receiver->component, topology.name);
    out.hosts = {host, host + ".svc", host + ".svc.cluster.local"};
    const char* scheme = topology.policy.security.scheme();
    out.otlp_endpoint = fmt::format("{}://{}.svc:{}", scheme, host, http->container);
    out.send_endpoint = fmt::format("{}://localhost:{}", scheme, http->container);
    out.send_prefix = fmt::format("kubectl -n {} port-forward svc/{} {} >/dev/null & sleep 2; ",
                                  topology.name, receiver->component, http->container);
  }
  return out;
}

}  // namespace obsctl::helm
