// SPDX-License-Identifier: Apache-2.0
// Sends a command and turns its refusal into an error.
#include "lib/engine/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/engine/address.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl::engine {

std::string message_in(const std::string& body) {
  const auto root = nlohmann::json::parse(body, nullptr, false);
  const std::string said = text(root, "message");
  return is_plain(said) ? said : "it does not say why";
}

Failure refused(const HttpResponse& response, std::string_view doing) {
  constexpr int k_not_there = 404;
  return fail(response.status == k_not_there ? Code::missing : Code::failed,
              fmt::format("{}: {}", doing, message_in(response.body)));
}

Result<HttpResponse> carry_out(HttpClient& http, const Environment& environment,
                               const Command& command, std::string_view doing) {
  OBS_TRY_ASSIGN(HttpRequest request, engine_request(environment, command.path));
  request.method = command.method;
  request.body = command.body;
  request.timeout = command.timeout;
  request.connect_timeout = Duration{2};
  request.max_body = std::size_t{4} << 20;
  if (!command.body.empty()) {
    request.headers.emplace_back("Content-Type: application/json");
  } else if (command.method == "POST") {
    request.headers.emplace_back("Content-Length: 0");
  }
  auto response = http.send(request);
  if (!response) {
    return Failure(std::move(response).error().in(std::string(doing)));
  }
  if (response->status / 100 != 2 &&
      std::ranges::find(command.also, response->status) == command.also.end()) {
    return refused(*response, doing);
  }
  return response;
}

}  // namespace obsctl::engine
