// SPDX-License-Identifier: Apache-2.0
// Digests of images, asked of registries that answer well, ask for a token, or lie.
#include "lib/engine/registry.hpp"

#include <doctest/doctest.h>

#include "lib/base/hash.hpp"
#include "tests/support/fake_system.hpp"

using namespace obsctl;

namespace {

const std::string k_manifest = R"({"schemaVersion": 2})";
const std::string k_digest = "sha256:" + sha256_hex(k_manifest);

HttpResponse manifest(std::string digest = k_digest) {
  return {.status = 200, .body = k_manifest, .headers = {{"docker-content-digest", digest}}};
}

}  // namespace

TEST_CASE("a reference is asked for where the engine would pull it from") {
  for (const auto& [reference, url] :
       {std::pair{"127.0.0.1:5000/obs/prom:v1", "http://127.0.0.1:5000/v2/obs/prom/manifests/v1"},
        std::pair{"localhost:5000/a:1", "http://localhost:5000/v2/a/manifests/1"},
        std::pair{"ghcr.io/a/b:1", "https://ghcr.io/v2/a/b/manifests/1"},
        std::pair{"prom/prometheus:v3",
                  "https://registry-1.docker.io/v2/prom/prometheus/manifests/v3"},
        std::pair{"busybox:1.37.0",
                  "https://registry-1.docker.io/v2/library/busybox/manifests/1.37.0"}}) {
    CAPTURE(reference);
    test::FakeHttp http;
    http.answers[std::string("GET ") + url] = manifest();
    const auto digest = image_digest(http, reference);
    REQUIRE(digest);
    CHECK(*digest == k_digest);
    CHECK(http.requests.front().headers.front().find("image.index") != std::string::npos);
  }
}

TEST_CASE("a registry that wants a token gets the one that it gives to anybody") {
  struct Registry final : HttpClient {
    std::vector<HttpRequest> requests;
    Result<HttpResponse> send(const HttpRequest& request) override {
      requests.push_back(request);
      if (request.url.starts_with("https://auth.example/token")) {
        return HttpResponse{.status = 200, .body = R"({"token": "let-me"})"};
      }
      if (request.headers.size() == 2 && request.headers[1] == "Authorization: Bearer let-me") {
        return manifest();
      }
      return HttpResponse{
          .status = 401,
          .headers = {
              {"www-authenticate",
               R"(Bearer realm="https://auth.example/token",service="registry",scope="x")"}}};
    }
  } registry;
  const auto digest = image_digest(registry, "prom/prometheus:v3");
  REQUIRE(digest);
  CHECK(*digest == k_digest);
  REQUIRE(registry.requests.size() == 3);
  CHECK(registry.requests[1].url ==
        "https://auth.example/token?service=registry&scope=repository:prom/prometheus:pull");
}

TEST_CASE("an answer that proves nothing is an error") {
  const std::string url = "GET https://ghcr.io/v2/a/b/manifests/1";
  test::FakeHttp http;
  CHECK(image_digest(http, "ghcr.io/a/b:1").error().code == Code::unreachable);
  http.answers[url] = {.status = 404};
  CHECK(image_digest(http, "ghcr.io/a/b:1").error().message ==
        "the registry ghcr.io answers 404 for 'ghcr.io/a/b:1'");
  http.answers[url] = manifest("sha256:" + std::string(64, '0'));
  CHECK(image_digest(http, "ghcr.io/a/b:1").error().code == Code::failed);
  http.answers[url] = {.status = 401,
                       .headers = {{"www-authenticate", "Basic realm=\"https://x\""}}};
  CHECK(image_digest(http, "ghcr.io/a/b:1").error().message ==
        "the registry ghcr.io wants a login");
}
