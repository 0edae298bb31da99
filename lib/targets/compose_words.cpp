// SPDX-License-Identifier: Apache-2.0
// How a stack is run, reached and watched with Docker Compose.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/targets/compose_services.hpp"
#include "lib/targets/target.hpp"

namespace obsctl::compose {
namespace {

// The command with the component's name behind it.
Runbook::Of about(std::string command) {
  return [command = std::move(command)](std::string_view name) {
    return fmt::format("{} {}", command, name);
  };
}

// By the published port, or from inside the network that the whole stack is on.
std::string ask(const std::string& network, const std::string& helper_image,
                const Component& component, int number) {
  const auto port = std::ranges::find(component.ports, number, &Port::container);
  return port != component.ports.end() && port->host != 0
             ? "curl -s " + std::string(port->tls ? "-k https://" : "") + port->reached_at()
             : fmt::format("docker run --rm --network {} {} wget -qY off -O- http://{}:{}", network,
                           helper_image, component.name, number);
}

std::string open_volume(const std::string& stack, const std::string& helper_image,
                        const Component& component) {
  return fmt::format("docker run --rm -v {}_{}:/d {}", stack, component.volumes.front().name,
                     helper_image);
}

Runbook runbook(const std::string& stack, const std::string& network,
                const std::string& helper_image) {
  return {
      .apply = "docker compose up -d",
      .apply_all = "docker compose up -d --remove-orphans",
      .renew = "docker compose up -d",
      .status = "docker compose ps",
      .usage = "docker stats --no-stream",
      .disk_usage = "docker system df -v",
      .clean_up = "docker system prune",
      .data_folder = "/var/lib/docker",
      .override_in = "a compose override",
      .owner_fault = "volume-init did not run; `docker compose up -d` runs it",
      .start = about("docker compose up -d"),
      .state = about("docker compose ps -a"),
      .running = about("docker compose ps"),
      .stop = about("docker compose stop"),
      .restart = about("docker compose restart"),
      .reload = about("docker compose kill -s HUP"),
      .exec = about("docker compose exec"),
      .run = about("docker compose run --rm --no-deps"),
      .beside = about("docker compose run --rm --no-deps --entrypoint env"),
      .logs =
          [](const std::vector<std::string>& components, int lines) {
            const std::string tail = lines == 0 ? "" : fmt::format("--tail {} ", lines);
            return "docker compose logs " + tail + join(components, " ");
          },
      .ask = [network, helper_image](
                 const Component& component,
                 int port) { return ask(network, helper_image, component, port); },
      .volume =
          [stack, helper_image](const Component& component) {
            return open_volume(stack, helper_image, component);
          },
      .open = [](const Component&, const Port&) { return std::string(); },
      .take_down =
          [](std::string_view name) {
            return fmt::format("docker compose -p {} down --remove-orphans", name);
          },
      .own =
          [stack, helper_image](const Component& component) {
            return fmt::format("{} chown -R {}:{} /d", open_volume(stack, helper_image, component),
                               component.uid, component.uid);
          },
  };
}

// Where an application on this host sends OTLP over HTTP; inside the stack's network when the port
// is not published.
std::string otlp_endpoint(const Topology& topology) {
  const char* scheme = topology.policy.security.scheme();
  const Port* http = topology.port("otlp-http");
  if (http == nullptr || http->host == 0) {
    const Provider* receiver = topology.provider("telemetry.in");
    return fmt::format("{}://{}:{}", scheme,
                       receiver == nullptr ? "localhost" : receiver->component,
                       http == nullptr ? 0 : http->container);
  }
  return fmt::format("{}://{}", scheme, http->reached_at());
}

}  // namespace

Result<Words> words(const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Helper helper, find_helper(store, topology));
  return Words{.runbook = runbook(topology.name, network_name(topology, k_backend), helper.image),
               .selectors = job_selectors(),
               .address = [](std::string_view name) { return std::string(name); },
               .otlp_endpoint = otlp_endpoint(topology),
               .send_endpoint = otlp_endpoint(topology)};
}

}  // namespace obsctl::compose
