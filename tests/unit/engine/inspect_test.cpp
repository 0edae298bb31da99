// SPDX-License-Identifier: Apache-2.0
// What is read of the engine's answers about containers and volumes, and what is left out.
#include "lib/engine/inspect.hpp"

#include <doctest/doctest.h>

#include "lib/engine/host.hpp"
#include "lib/engine/volumes.hpp"

using namespace obsctl;

namespace {

class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(std::string body, int status = 200) : answer_{status, std::move(body)} {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    url = request.url;
    return answer_;
  }
  std::string url;

 private:
  HttpResponse answer_;
};

}  // namespace

TEST_CASE("the containers of a project, without those of 'docker compose run'") {
  FakeHttp http(R"([
    {"Id": "abc1", "Names": ["/shop-loki-1"], "State": "running", "Status": "Up 2 hours",
     "Image": "grafana/loki:3.5.0", "ImageID": "sha256:11", "Labels": {"com.docker.compose.service": "loki", "com.docker.compose.oneoff": "False"},
     "NetworkSettings": {"Networks": {"a": {"IPAddress": ""}, "b": {"IPAddress": "172.18.0.3"}}}},
    {"Id": "abc2", "Labels": {"com.docker.compose.service": "loki",
                              "com.docker.compose.oneoff": "True"}},
    {"Id": "../../secrets", "Labels": {"com.docker.compose.service": "grafana"}},
    {"Id": "abc3", "Labels": null, "NetworkSettings": [7]}, 7])");
  const auto rows = compose_containers(http, {}, "shop");
  REQUIRE(rows);
  CHECK(http.url ==
        "http://localhost/containers/json?all=true&filters="
        "%7B%22label%22%3A%5B%22com.docker.compose.project%3Dshop%22%5D%7D");
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0] == ComposeContainer{.id = "abc1",
                                       .name = "shop-loki-1",
                                       .service = "loki",
                                       .state = "running",
                                       .status = "Up 2 hours",
                                       .address = "172.18.0.3",
                                       .image = "grafana/loki:3.5.0",
                                       .image_id = "sha256:11"});
  CHECK((*rows)[1].service.empty());
  for (const char* body : {"{}", "", "[[", "null"}) {
    CAPTURE(body);
    FakeHttp wrong(body);
    CHECK_FALSE(compose_containers(wrong, {}, "shop"));
  }
}

TEST_CASE("a container's inspection is read field by field") {
  FakeHttp http(R"({"RestartCount": 3,
    "State": {"Status": "running", "Running": true, "Pid": 4711, "ExitCode": 0,
              "StartedAt": "2026-11-20T02:14:09.5Z", "FinishedAt": "0001-01-01T00:00:00Z",
              "Health": {"Status": "unhealthy", "Log": [{"Output": "old"}, {"Output": "new"}]}},
    "HostConfig": {"Memory": 1073741824, "NanoCpus": 1500000000,
                   "RestartPolicy": {"Name": "unless-stopped"},
                   "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
                   "Ulimits": [{"Name": "nproc", "Soft": 1}, {"Name": "nofile", "Soft": 65536}]},
    "Config": {"Image": "grafana/loki:3.5.0", "StopTimeout": 60}})");
  const auto facts = inspect_container(http, {}, "abc");
  REQUIRE(facts);
  CHECK(http.url == "http://localhost/containers/abc/json");
  CHECK(facts->running);
  CHECK(facts->restarts == 3);
  CHECK(facts->pid == 4711);
  CHECK(facts->health == "unhealthy");
  CHECK(facts->health_output == "new");
  CHECK(facts->memory_limit == 1073741824);
  CHECK(facts->cpu_limit == 1.5);
  CHECK(facts->restart_policy == "unless-stopped");
  CHECK(facts->log_driver == "json-file");
  CHECK(facts->log_max_size);
  CHECK(facts->nofile == 65536);
  CHECK(facts->stop_seconds == 60);
  CHECK(facts->image == "grafana/loki:3.5.0");
}

TEST_CASE("an inspection that makes no sense is an error, or says less") {
  for (const char* body : {"[]", "{}", R"({"State": 7})", "<html>", ""}) {
    CAPTURE(body);
    FakeHttp http(body);
    CHECK_FALSE(inspect_container(http, {}, "abc"));
  }
  FakeHttp http(R"({"State": {"Status": 1, "Running": "yes", "Pid": -1e300, "Health": {"Log": {}}},
                    "HostConfig": {"Ulimits": "x", "LogConfig": [], "Memory": "all"},
                    "Config": {"Image": "a\u001b[2J", "StopTimeout": null}})");
  const auto facts = inspect_container(http, {}, "abc");
  REQUIRE(facts);
  CHECK_FALSE(facts->running);
  CHECK(facts->pid == 0);
  CHECK(facts->image.empty());
  CHECK(facts->restart_policy.empty());
  CHECK(facts->stop_seconds == 10);
}

TEST_CASE("memory counts without the cache that is given back, with both kinds of control groups") {
  for (const char* name : {"inactive_file", "total_inactive_file"}) {
    FakeHttp http(R"({"memory_stats": {"usage": 1000, "stats": {")" + std::string(name) +
                  R"(": 300}},
      "cpu_stats": {"cpu_usage": {"total_usage": 2500000000},
                    "throttling_data": {"periods": 50, "throttled_periods": 5}}})");
    const auto use = container_use(http, {}, "abc");
    REQUIRE(use);
    CHECK(http.url.ends_with("/containers/abc/stats?stream=false&one-shot=true"));
    CHECK(use->memory == 700);
    CHECK(use->cpu_seconds == 2.5);
    CHECK(use->cpu_periods == 50);
    CHECK(use->cpu_throttled == 5);
  }
  FakeHttp stopped(R"({"memory_stats": {}, "cpu_stats": {}})");
  const auto none = container_use(stopped, {}, "abc");
  REQUIRE(none);
  CHECK_FALSE(none->memory);
}

TEST_CASE("volumes are those asked for, although the engine's filter lets more through") {
  FakeHttp http(R"({"Volumes": [
    {"Name": "shop_loki-data", "Driver": "local", "Mountpoint": "/v/shop_loki-data/_data"},
    {"Name": "shop_loki-data2", "Driver": "local", "Mountpoint": "/v/x"},
    {"Name": "shop_nfs", "Driver": "local", "Mountpoint": "/v/n", "Options": {"device": ":/srv"}},
    {"Name": "shop_odd", "Mountpoint": "relative"}, 7]})");
  const auto volumes = engine_volumes(http, {}, {"shop_loki-data", "shop_nfs", "shop_odd"});
  REQUIRE(volumes);
  REQUIRE(volumes->size() == 3);
  CHECK((*volumes)[0].mountpoint == "/v/shop_loki-data/_data");
  CHECK((*volumes)[0].plain);
  CHECK_FALSE((*volumes)[1].plain);
  CHECK((*volumes)[2].mountpoint.empty());
  FakeHttp none(R"({"Volumes": null})");
  CHECK(engine_volumes(none, {}, {"a"})->empty());
  FakeHttp wrong("[]");
  CHECK_FALSE(engine_volumes(wrong, {}, {"a"}));
}

TEST_CASE("the engine says which API it speaks and what time it is") {
  FakeHttp http(R"({"ApiVersion": "1.52", "MinAPIVersion": "1.44"})");
  CHECK(engine_api_version(http, {}).value() == "1.52");
  FakeHttp wrong(R"({"ApiVersion": 1.52})");
  CHECK_FALSE(engine_api_version(wrong, {}));
  FakeHttp info(R"({"NCPU": 2, "MemTotal": 1000, "Name": "a", "DockerRootDir": "/var/lib/docker",
                    "SystemTime": "2026-11-26T12:00:00.5Z"})");
  CHECK(engine_host(info, {})->time == "2026-11-26T12:00:00.5Z");
}
