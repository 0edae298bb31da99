// SPDX-License-Identifier: Apache-2.0
// Requests that change something at the engine, and what it says when it refuses one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl::engine {

struct Command {
  std::string method = "POST";
  std::string path;            // of the API, with its query
  std::string body = {};       // JSON; empty: none
  std::vector<int> also = {};  // statuses beside 2xx that are no error here, such as 304
  Duration timeout = {30};
};

// Carries it out once. Errors: Code::unreachable where no engine answers, Code::missing for what is
// not there (404), otherwise Code::failed, with the engine's own words behind `doing` ("the
// container 'x' cannot be stopped").
[[nodiscard]] Result<HttpResponse> carry_out(HttpClient& http, const Environment& environment,
                                             const Command& command, std::string_view doing);

// The error for an answer of another status than 2xx, with the engine's words.
[[nodiscard]] Failure refused(const HttpResponse& response, std::string_view doing);

// "message" of a refusal; a text for people where there is none that may be shown.
[[nodiscard]] std::string message_in(const std::string& body);

}  // namespace obsctl::engine
