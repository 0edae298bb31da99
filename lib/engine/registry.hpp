// SPDX-License-Identifier: Apache-2.0
// What an image's registry says about it: a tag may be moved to another image, a digest may not.
#pragma once

#include <string>

#include "lib/base/error.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

// The digest ("sha256:…") behind a reference "repository:tag", asked with GET by the registry API
// version 2; of the list of all platforms where there is one. A token is fetched where the registry
// wants one and gives it to anybody. Registries on loopback are asked over http, as engines do.
// Errors: Code::unreachable when there is no answer, Code::failed when it is none that can be used.
[[nodiscard]] Result<std::string> image_digest(HttpClient& http, const std::string& reference);

}  // namespace obsctl
