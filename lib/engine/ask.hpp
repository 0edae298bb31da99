// SPDX-License-Identifier: Apache-2.0
// One question to the engine's API and its answer, which is input like any other.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl::engine {

// GET of a path of the API ("/info"), for two seconds at most. Errors: Code::unreachable when there
// is no engine or none that can be asked, Code::failed when the status is not 200 or the answer is
// longer than `longest` bytes.
[[nodiscard]] Result<HttpResponse> get(HttpClient& http, const Environment& environment,
                                       std::string_view path, std::size_t longest);

// The JSON of the answer. Errors: also when it is none.
[[nodiscard]] Result<nlohmann::json> ask(HttpClient& http, const Environment& environment,
                                         std::string_view path, std::size_t longest);

// The engine's list of containers, also of those that are stopped, as far as `filters` let them
// through. Errors: also when it is no list.
[[nodiscard]] Result<nlohmann::json> list_containers(HttpClient& http,
                                                     const Environment& environment,
                                                     const nlohmann::json& filters);

// The error for an answer that no engine should give.
[[nodiscard]] Failure no_sense(const Environment& environment, std::string_view what);

// A text that may be shown and stored: not empty, not long, no control characters.
[[nodiscard]] bool is_plain(const std::string& text);

// The id of a container: letters and digits, so that it can be part of a path.
[[nodiscard]] bool is_id(const std::string& text);

}  // namespace obsctl::engine
