// SPDX-License-Identifier: Apache-2.0
// Two or three GETs: the manifest, and a token for it when the first answer asks for one.
#include "lib/engine/registry.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_max_manifest = std::size_t{4} * 1024 * 1024;  // what registries accept
constexpr auto k_accept =
    "Accept: application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

// Where the manifest of a reference lies.
struct Place {
  std::string host;
  std::string repository;
  std::string tag;

  [[nodiscard]] std::string url() const {
    const bool here =
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
    return fmt::format("{}://{}/v2/{}/manifests/{}", here ? "http" : "https", host, repository,
                       tag);
  }
};

// A first part with a dot or a port is a host; everything else lies in Docker's own registry.
Place place_of(const std::string& reference) {
  const auto slash = reference.find('/');
  const std::string first = slash == std::string::npos ? "" : reference.substr(0, slash);
  const bool named = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  std::string rest = named ? reference.substr(slash + 1) : reference;
  const auto colon = rest.rfind(':');
  Place out{.host = named ? first : "registry-1.docker.io",
            .repository = rest.substr(0, colon),
            .tag = colon == std::string::npos ? "latest" : rest.substr(colon + 1)};
  if (!named && slash == std::string::npos) {
    out.repository = "library/" + out.repository;
  }
  return out;
}

HttpRequest get(std::string url, std::vector<std::string> headers) {
  return {.url = std::move(url), .headers = std::move(headers), .max_body = k_max_manifest};
}

// The value of `name="…"` in a challenge.
std::string parameter(const std::string& challenge, const std::string& name) {
  const std::string start = name + "=\"";
  const auto at = challenge.find(start);
  if (at == std::string::npos) {
    return {};
  }
  const auto begin = at + start.size();
  return challenge.substr(begin, challenge.find('"', begin) - begin);
}

// A token for whoever asks, as the registry's 401 says where.
Result<std::string> token_for(HttpClient& http, const HttpResponse& refusal, const Place& place) {
  const std::string challenge = refusal.header("www-authenticate").value_or("");
  const std::string realm = parameter(challenge, "realm");
  if (!challenge.starts_with("Bearer ") || !realm.starts_with("https://")) {
    return fail(Code::failed, fmt::format("the registry {} wants a login", place.host),
                "write the digest into 'digests' of obsctl.yaml yourself");
  }
  const std::string url =
      fmt::format("{}?service={}&scope=repository:{}:pull", realm,
                  percent_encoded(parameter(challenge, "service")), place.repository);
  OBS_TRY_ASSIGN(const HttpResponse answer, http.send(get(url, {})));
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  for (const char* key : {"token", "access_token"}) {
    if (json.is_object() && json.contains(key) && json[key].is_string()) {
      return json[key].get<std::string>();
    }
  }
  return fail(Code::failed, fmt::format("the registry {} gave no token", place.host));
}

}  // namespace

Result<std::string> image_digest(HttpClient& http, const std::string& reference) {
  const Place place = place_of(reference);
  OBS_TRY_ASSIGN(HttpResponse answer, http.send(get(place.url(), {k_accept})));
  if (answer.status == 401) {
    OBS_TRY_ASSIGN(const std::string token, token_for(http, answer, place));
    OBS_TRY_ASSIGN(answer,
                   http.send(get(place.url(), {k_accept, "Authorization: Bearer " + token})));
  }
  if (answer.status != 200) {
    return fail(Code::failed, fmt::format("the registry {} answers {} for '{}'", place.host,
                                          answer.status, reference));
  }
  std::string digest = "sha256:" + sha256_hex(answer.body);
  if (const auto said = answer.header("docker-content-digest"); said && *said != digest) {
    return fail(Code::failed, fmt::format("the registry {} says '{}' is {}, and sent {}",
                                          place.host, reference, printable(*said), digest));
  }
  return digest;
}

}  // namespace obsctl
