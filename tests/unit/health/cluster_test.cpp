// SPDX-License-Identifier: Apache-2.0
// A stack in a cluster: pods are judged as containers, and everything is asked through kubectl.
#include "lib/sources/cluster.hpp"

#include <doctest/doctest.h>

#include "tests/unit/health/source_fixture.hpp"

namespace obsctl::test {
namespace {

using health::Source;

const std::string k_api = "/api/v1/namespaces/observability";

struct Cluster : AskedStack {
  Cluster() : AskedStack({"target=helm"}) {}

  void answers(const std::string& path, const std::string& body) {
    processes.answers["kubectl get --raw " + path + " --request-timeout=2s"] = {.out = body};
  }
  void refuses(const std::string& path, const std::string& words) {
    processes.answers["kubectl get --raw " + path + " --request-timeout=2s"] = {.exit_code = 1,
                                                                                .err = words};
  }
  void pod(const std::string& name, const std::string& status, const std::string& limit = "2Gi") {
    answers(k_api + "/pods?labelSelector=app.kubernetes.io/name%3D" + name,
            fmt::format(R"({{"items": [{{"spec": {{"containers": [{{"name": "{0}", "resources":
                         {{"limits": {{"memory": "{2}"}}}}}}]}},
                         "status": {{"containerStatuses": [{{"name": "{0}", {1}}}]}}}}]}})",
                        name, status, limit));
  }
};

}  // namespace

TEST_CASE("a pod that runs is a container that runs") {
  Cluster stack;
  stack.pod("loki", R"("ready": true, "restartCount": 2,
                       "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}})");
  const auto samples = stack.samples(Source::container, "loki");
  CHECK(value_of(samples, "container_running") == 1);
  CHECK(value_of(samples, "container_restarts") == 2);
  CHECK(value_of(samples, "container_unhealthy") == 0);
  CHECK(value_of(samples, "container_memory_limit_bytes") == 2147483648.0);
  CHECK(value_of(samples, "container_oom_killed") == 0);
}

TEST_CASE("one that was killed at its limit and waits to be started again is both") {
  Cluster stack;
  stack.pod("loki", R"("ready": false, "restartCount": 6,
      "state": {"waiting": {"reason": "CrashLoopBackOff"}},
      "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:22Z"}})",
            "512M");
  const auto samples = stack.samples(Source::container, "loki");
  CHECK(value_of(samples, "container_restarting") == 1);
  CHECK(value_of(samples, "container_oom_killed") == 1);
  CHECK(value_of(samples, "container_exit_code") == 137);
  CHECK(value_of(samples, "container_life_seconds") == 82);
  CHECK(value_of(samples, "container_memory_limit_bytes") == 512e6);
}

TEST_CASE("a pod that is not there is a fact; a cluster that does not answer is an error") {
  Cluster stack;
  stack.answers(k_api + "/pods?labelSelector=app.kubernetes.io/name%3Dloki", R"({"items": []})");
  CHECK(value_of(stack.samples(Source::container, "loki"), "container_exists") == 0);
  stack.refuses(k_api + "/pods?labelSelector=app.kubernetes.io/name%3Dloki",
                "The connection to the server localhost:8080 was refused");
  const Error error = stack.error(Source::container, "loki");
  CHECK(error.code == Code::unreachable);
  CHECK(error.message.find("was refused") != std::string::npos);
  stack.answers(k_api + "/pods?labelSelector=app.kubernetes.io/name%3Dloki", "<html>");
  CHECK(stack.error(Source::container, "loki").message.find("no JSON object") != std::string::npos);
  CHECK(stack.error(Source::container, "jaeger").code == Code::missing);  // no kubectl
}

TEST_CASE("readiness and metrics go through the API server") {
  Cluster stack;
  const std::string service = k_api + "/services/loki:3100/proxy";
  stack.answers(service + "/ready", "ready");
  stack.answers(service + "/metrics", "loki_panic_total 3\n");
  CHECK(value_of(stack.samples(Source::readiness, "loki"), "probe_success") == 1);
  CHECK(value_of(stack.samples(Source::metrics, "loki"), "loki_panic") == 3);
  stack.refuses(service + "/ready",
                "Error from server (ServiceUnavailable): the server is currently unable to handle");
  CHECK(value_of(stack.samples(Source::readiness, "loki"), "probe_success") == 0);
  CHECK(value_of(stack.samples(Source::readiness, "loki"), "probe_status") == 503);
}

TEST_CASE("a claim that is not bound is no volume") {
  Cluster stack;
  stack.answers(k_api + "/persistentvolumeclaims?labelSelector=app.kubernetes.io/name%3Dloki",
                R"({"items": [{"metadata": {"name": "a"}, "status": {"phase": "Bound"}},
                              {"metadata": {"name": "b"}, "status": {"phase": "Pending"}}, 7]})");
  const auto samples = stack.samples(Source::volume, "loki");
  CHECK(value_of(samples, "volume_exists", {{"volume", "a"}}) == 1);
  CHECK(value_of(samples, "volume_exists", {{"volume", "b"}}) == 0);
}

}  // namespace obsctl::test
