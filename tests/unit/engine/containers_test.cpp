// SPDX-License-Identifier: Apache-2.0
// What is read of the engine's list of containers, and what is left out.
#include "lib/engine/containers.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

namespace {

class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(HttpResponse answer) : answer_(std::move(answer)) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    CHECK(request.url == "http://localhost/containers/json?all=true");
    return answer_;
  }

 private:
  HttpResponse answer_;
};

Result<std::vector<EngineContainer>> read(const std::string& body, int status = 200) {
  FakeHttp http({status, body});
  return engine_containers(http, {});
}

}  // namespace

TEST_CASE("a container says whose it is and which ports it holds") {
  const auto read_back = read(R"([
    {"Names": ["/shop-grafana-1"], "State": "running",
     "Labels": {"com.docker.compose.project": "shop",
                "com.docker.compose.project.working_dir": "/srv/shop"},
     "Ports": [{"IP": "127.0.0.1", "PrivatePort": 3000, "PublicPort": 3000, "Type": "tcp"},
               {"PrivatePort": 9094, "Type": "tcp"},
               {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 53, "Type": "udp"}]},
    {"Names": ["/lonely"], "Labels": {}, "Ports": []}])");
  REQUIRE(read_back);
  REQUIRE(read_back->size() == 2);
  const EngineContainer& grafana = read_back->front();
  CHECK(grafana.name == "shop-grafana-1");
  CHECK(grafana.project == "shop");
  CHECK(grafana.directory == "/srv/shop");
  REQUIRE(grafana.ports.size() == 1);
  CHECK(grafana.ports[0].address == "127.0.0.1");
  CHECK(grafana.ports[0].number == 3000);
  CHECK(read_back->back().name == "lonely");
  CHECK(read_back->back().project.empty());
}

TEST_CASE("what no engine says counts as not said") {
  for (const std::string row :
       {R"({})", R"({"Names": null, "Labels": null, "Ports": null})",
        R"({"Names": [7], "Labels": [1], "Ports": [3, {"Type": "tcp", "PublicPort": -1}]})",
        R"({"Names": "x", "Labels": "y", "Ports": [{"Type": "tcp", "PublicPort": 70000}]})",
        R"({"Labels": {"com.docker.compose.project": "a\u001b[2Jb"}})"}) {
    CAPTURE(row);
    const auto one = read("[" + row + "]");
    REQUIRE(one);
    REQUIRE(one->size() == 1);
    CHECK(one->front().project.empty());
    CHECK(one->front().ports.empty());
  }
  for (const std::string body : {"", "{}", "[", "null"}) {
    CAPTURE(body);
    CHECK_FALSE(read(body));
  }
  CHECK_FALSE(read("[]", 500));
  CHECK(read("[]")->empty());
}
