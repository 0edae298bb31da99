// SPDX-License-Identifier: Apache-2.0
// What the engine is asked to do with volumes and containers, and what is made of its refusals.
#include "lib/engine/volume.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "lib/engine/lifecycle.hpp"

using namespace obsctl;
using namespace obsctl::engine;

namespace {

// Gives its answers in their order and keeps what was asked.
class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(std::deque<HttpResponse> answers) : answers_(std::move(answers)) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    asked.push_back(request);
    REQUIRE_FALSE(answers_.empty());
    HttpResponse answer = std::move(answers_.front());
    answers_.pop_front();
    if (request.download && answer.status / 100 == 2) {
      OBS_TRY(request.download(answer.body));
      answer.body.clear();
    }
    return answer;
  }
  [[nodiscard]] std::string line(std::size_t index) const {
    return asked.at(index).method + " " + asked.at(index).url;
  }
  std::vector<HttpRequest> asked;

 private:
  std::deque<HttpResponse> answers_;
};

const std::string k_volume = R"({"Name": "shop_loki", "Driver": "local", "Scope": "local",
  "Options": {"o": "size=1g", "bad": 7}, "Labels": {"com.docker.compose.volume": "loki"}})";

}  // namespace

TEST_CASE("a volume's facts, and the volume that is not there") {
  FakeHttp http({{200, k_volume}, {404, R"({"message": "no such volume"})"}, {200, "[]"}});
  const auto facts = volume_facts(http, {}, "shop_loki");
  REQUIRE((facts && *facts));
  CHECK(**facts == VolumeFacts{.name = "shop_loki",
                               .driver = "local",
                               .scope = "local",
                               .options = {{"o", "size=1g"}},
                               .labels = {{"com.docker.compose.volume", "loki"}}});
  const auto absent = volume_facts(http, {}, "no/../such");
  REQUIRE(absent);
  CHECK_FALSE(*absent);
  CHECK(http.asked[1].url == "http://localhost/volumes/no%2F..%2Fsuch");
  CHECK_FALSE(volume_facts(http, {}, "shop_loki"));  // an answer of another volume, or none
}

TEST_CASE("a volume in memory has nothing to keep") {
  VolumeFacts facts{.name = "a", .driver = "local", .scope = "local"};
  CHECK_FALSE(facts.in_memory());
  facts.options["type"] = "nfs";
  CHECK_FALSE(facts.in_memory());
  facts.options["type"] = "tmpfs";
  CHECK(facts.in_memory());
}

TEST_CASE("the users of a volume are those that mount it by its name") {
  FakeHttp http({{200, R"([
    {"Id": "a1", "Names": ["/shop-loki-1"], "ImageID": "sha256:11", "State": "paused",
     "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "loki"},
     "Mounts": [{"Type": "volume", "Name": "shop_loki", "Destination": "/loki"}]},
    {"Id": "a2", "State": "created", "Labels": {"io.obsctl.volume-helper": "shop_loki"},
     "Mounts": [{"Type": "volume", "Name": "shop_loki"}]},
    {"Id": "a3", "State": "running",
     "Mounts": [{"Type": "bind", "Destination": "shop_loki"}, {"Type": "volume", "Name": "b"}]},
    {"Id": "../a4", "Mounts": [{"Type": "volume", "Name": "shop_loki"}]}, 7])"}});
  const auto users = volume_users(http, {}, "shop_loki");
  REQUIRE(users);
  REQUIRE(users->size() == 2);
  CHECK((*users)[0] == VolumeUser{.id = "a1",
                                  .name = "shop-loki-1",
                                  .project = "shop",
                                  .service = "loki",
                                  .image_id = "sha256:11",
                                  .running = true});
  CHECK((*users)[1].helper);
  CHECK_FALSE((*users)[1].running);
}

TEST_CASE("a helper mounts the volume where its root is part of the stream, and copies nothing") {
  FakeHttp http({{200, k_volume}, {201, R"({"Id": "abc"})"}});
  const auto helper = create_helper(http, {}, {"shop_loki", "sha256:11", "/srv/shop/.obsctl"});
  REQUIRE(helper);
  CHECK(*helper == "abc");
  CHECK(http.line(1) == "POST http://localhost/containers/create?name=obsctl-volume-shop_loki");
  const auto body = nlohmann::json::parse(http.asked[1].body);
  const auto& mount = body["HostConfig"]["Mounts"][0];
  CHECK(mount["Target"] == "/obsctl/data");
  CHECK(mount["VolumeOptions"]["NoCopy"] == true);
  CHECK(body["NetworkDisabled"] == true);
}

TEST_CASE("no helper for a volume that is not there, or that another run holds") {
  FakeHttp http({{404, "{}"}, {200, k_volume}, {409, R"({"message": "in use"})"}});
  const auto absent = create_helper(http, {}, {"shop_loki", "sha256:11"});
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Code::missing);
  CHECK(http.asked.size() == 1);  // the engine would have made one
  const auto held = create_helper(http, {}, {"shop_loki", "sha256:11"});
  REQUIRE_FALSE(held);
  CHECK(held.error().code == Code::unreachable);
  CHECK(held.error().message == "the volume 'shop_loki' is being saved or restored by another run");
}

TEST_CASE("the helpers of an owner that died are removed, and their image") {
  FakeHttp http({{200, R"([{"Id": "a1"}, {"Id": "../x"}, 7])"}, {204, ""}, {404, "{}"}});
  CHECK(remove_helpers_of(http, {}, "/srv/shop/.obsctl"));
  CHECK(http.line(1) == "DELETE http://localhost/containers/a1?force=1&v=1");
  CHECK(http.line(2) == "DELETE http://localhost/images/obsctl-volume-helper:1");
}

TEST_CASE("content is read below the volume's parent and written from it") {
  FakeHttp http({{200, "tar"}, {500, R"({"message": "no space left on device"})"}});
  std::string got;
  const auto read = read_volume(
      http, {}, "abc",
      [&](std::string_view bytes) -> Result<void> {
        got += bytes;
        return {};
      },
      nullptr);
  CHECK(read);
  CHECK(got == "tar");
  CHECK(http.line(0) == "GET http://localhost/containers/abc/archive?path=%2Fobsctl%2Fdata");
  const auto written = write_volume(
      http, {}, "abc", [](std::span<char>) -> Result<std::size_t> { return 0; }, nullptr);
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "the volume cannot be written: no space left on device");
  CHECK(http.line(1) == "PUT http://localhost/containers/abc/archive?path=%2Fobsctl");
}

TEST_CASE("a volume is made with its driver, options and labels, and never over another") {
  FakeHttp http({{404, "{}"}, {201, k_volume}, {200, k_volume}});
  const VolumeFacts facts{.name = "shop_loki",
                          .driver = "local",
                          .scope = "local",
                          .options = {{"o", "size=1g"}},
                          .labels = {{"com.docker.compose.volume", "loki"}}};
  CHECK(create_volume(http, {}, facts));
  const auto body = nlohmann::json::parse(http.asked[1].body);
  CHECK(body["DriverOpts"]["o"] == "size=1g");
  CHECK(body["Labels"]["com.docker.compose.volume"] == "loki");
  CHECK_FALSE(create_volume(http, {}, facts));
  CHECK(http.asked.size() == 3);
}

TEST_CASE("stopping what stands and starting what runs is no error") {
  FakeHttp http({{304, ""}, {304, ""}, {404, R"({"message": "No such container: abc"})"}});
  CHECK(stop_container(http, {}, "abc", {12.5}));
  CHECK(http.line(0) == "POST http://localhost/containers/abc/stop?t=13");
  CHECK(http.asked[0].timeout.seconds > 13);
  CHECK(start_container(http, {}, "abc"));
  const auto gone = start_container(http, {}, "abc");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == Code::missing);
  CHECK(gone.error().message == "the container cannot be started: No such container: abc");
}
