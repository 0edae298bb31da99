// SPDX-License-Identifier: Apache-2.0
// Asks, and refuses what is not an answer.
#include "lib/engine/ask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/address.hpp"

namespace obsctl::engine {

bool is_plain(const std::string& text) {
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  // Control characters of C1, which UTF-8 writes as C2 80 … C2 9F.
  for (std::size_t at = text.find('\xc2'); at != text.npos; at = text.find('\xc2', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
      return false;
    }
  }
  return !text.empty() && text.size() <= 4096 && std::ranges::none_of(text, bad);
}

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 128 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
}

Failure no_sense(const Environment& environment, std::string_view what) {
  return fail(Code::failed,
              fmt::format("'{}' does not answer like a container engine: {}",
                          engine_address(environment), what),
              "is DOCKER_HOST the address of a Docker engine?");
}

Result<HttpResponse> get(HttpClient& http, const Environment& environment, std::string_view path,
                         std::size_t longest) {
  OBS_TRY_ASSIGN(HttpRequest request, engine_request(environment, path));
  request.timeout = {2};
  request.connect_timeout = Duration{0.5};
  auto response = http.send(request);
  if (!response) {
    Error error = response.error();
    error.hint = "start Docker, or set DOCKER_HOST to the address of an engine that you may use";
    return Failure(std::move(error).in("asking the container engine"));
  }
  if (response->status != 200) {
    return no_sense(environment, fmt::format("HTTP status {}", response->status));
  }
  if (response->body.size() > longest) {
    return no_sense(environment, "the answer is too long");
  }
  return response;
}

Result<nlohmann::json> ask(HttpClient& http, const Environment& environment, std::string_view path,
                           std::size_t longest) {
  OBS_TRY_ASSIGN(const HttpResponse response, get(http, environment, path, longest));
  auto root = nlohmann::json::parse(response.body, nullptr, false);
  return root.is_discarded() ? no_sense(environment, "no JSON object")
                             : Result<nlohmann::json>(std::move(root));
}

Result<nlohmann::json> list_containers(HttpClient& http, const Environment& environment,
                                       const nlohmann::json& filters) {
  constexpr std::size_t k_longest = 16UL << 20;  // a container's entry has some 2 KB
  OBS_TRY_ASSIGN(
      nlohmann::json rows,
      ask(http, environment, "/containers/json?all=true&filters=" + percent_encoded(filters.dump()),
          k_longest));
  return rows.is_array() ? Result<nlohmann::json>(std::move(rows))
                         : no_sense(environment, "no list of containers");
}

}  // namespace obsctl::engine
