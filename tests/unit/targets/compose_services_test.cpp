// SPDX-License-Identifier: Apache-2.0
// The packaging of Compose: volumes are handed over before they are used, probes stand behind what
// they probe.
#include "lib/targets/compose_services.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/sized.hpp"

using namespace obsctl;

namespace {

std::vector<compose::Service> services(const std::vector<std::string>& settings) {
  return compose::services(test::sized(settings).topology, {"busybox:1", "1"});
}

}  // namespace

TEST_CASE("a fresh volume is given to its user before the service starts") {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{},
        {"security.tls=self-signed", "security.auth=bearer"},
        {"alerting.slack_channel=#alerts"}}) {
    const auto all = services(settings);
    REQUIRE(all.front().component.name == "volume-init");
    std::set<std::string> ready;
    for (const auto& volume : all.front().component.volumes) {
      ready.insert(volume.name);
    }
    std::set<std::string> started;
    for (const auto& service : all) {
      CAPTURE(service.component.name);
      for (const auto& volume : service.component.volumes) {
        if (volume.needs_init) {
          CHECK(ready.contains(volume.name));
          CHECK(std::ranges::any_of(service.start_after, [](const auto& after) {
            return after.service == "volume-init" &&
                   after.condition == "service_completed_successfully";
          }));
        }
      }
      for (const auto& after : service.start_after) {
        CHECK(started.contains(after.service));
      }
      started.insert(service.component.name);
    }
  }
}

TEST_CASE("an image that cannot probe itself gets a probe from outside") {
  const auto all = services({});
  const auto probe = std::ranges::find_if(
      all, [](const auto& service) { return service.component.name == "otel-collector-health"; });
  REQUIRE(probe != all.end());
  CHECK(probe->component.probes->readiness.command.back() == "http://otel-collector:13133/");
  CHECK(std::ranges::count_if(all, [](const auto& service) {
          return service.component.name.ends_with("-health");
        }) == 1);
}

TEST_CASE("who waits for such an image waits for the probe beside it") {
  Topology topology = test::sized({"logs.backend=victorialogs"}).topology;
  topology.components.back().depends_on = {{"victorialogs", Ready::healthy},
                                           {"prometheus", Ready::healthy}};
  const auto waiting = compose::services(topology, {"busybox:1", "1"}).back();
  std::set<std::string> healthy;
  for (const auto& after : waiting.start_after) {
    if (after.condition == "service_healthy") {
      healthy.insert(after.service);
    }
  }
  CHECK(healthy == std::set<std::string>{"victorialogs-health", "prometheus"});
}

TEST_CASE("applications reach the collector, and what scrapes them, and nothing else") {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{},
        {"traces.backend=tempo", "logs.backend=victorialogs", "metrics.backend=victoriametrics"}}) {
    std::set<std::string> ingest;
    std::set<std::string> scrape;
    for (const auto& service : services(settings)) {
      const auto on = [&](const char* network) {
        return std::ranges::count(service.networks, network) == 1;
      };
      CAPTURE(service.component.name);
      CHECK(on(compose::k_backend) != service.one_shot);
      CHECK(service.networks.empty() == service.one_shot);
      if (on(compose::k_ingest)) {
        ingest.insert(service.component.name);
      }
      if (on(compose::k_scrape)) {
        scrape.insert(service.component.name);
      }
    }
    CHECK(ingest == std::set<std::string>{"otel-collector"});
    CHECK(scrape == std::set<std::string>{"prometheus"});
  }
}

TEST_CASE("applications find the network that they joined under its old name") {
  const Topology topology = test::sized({"name=edge"}).topology;
  CHECK(compose::network_name(topology, compose::k_ingest) == "edge");
  CHECK(compose::network_name(topology, compose::k_backend) == "edge_backend");
}

TEST_CASE("no secret is environment, and nobody may write where one lies") {
  const auto all = services({"security.auth=bearer", "security.tls=self-signed",
                             "security.bind_ui=0.0.0.0", "alerting.slack_channel=#alerts"});
  std::set<std::string> copied;
  for (const auto& service : all) {
    CAPTURE(service.component.name);
    CHECK(service.env_files.empty());
    for (const auto& volume : service.secrets) {
      copied.insert(volume.name);
      CHECK(std::ranges::find(service.component.volumes, volume.name, &Volume::name) ==
            service.component.volumes.end());
    }
  }
  for (const char* name : {"otel-collector-secrets", "otel-collector-tls", "grafana-secrets",
                           "grafana-tls", "alertmanager-secrets"}) {
    CAPTURE(name);
    CHECK(copied.contains(name));
  }
  const auto& sources = all.front().mounts;
  CHECK(std::ranges::count(sources, "tls/server.key", &compose::Mount::source) == 1);
}

TEST_CASE("secrets belong to the component's user, also without a volume of its own") {
  Topology topology = test::sized({}).topology;
  Component own;
  own.name = "own";
  own.uid = 1234;
  own.secrets = {{.volume = "own-secrets", .mount = "/s", .files = {"secrets/own"}, .holds = "x"}};
  topology.components.push_back(own);
  const auto all = compose::services(topology, {"busybox:1", "1"});
  CHECK(all.front().component.command.front().find("chown -R 1234:1234 /volumes/own-secrets") !=
        std::string::npos);
}
