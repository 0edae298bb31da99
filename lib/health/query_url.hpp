// SPDX-License-Identifier: Apache-2.0
// Who answers PromQL about a subject: what only history knows is asked there.
#pragma once

#include <string>

#include "lib/sources/subject.hpp"

namespace obsctl::health {

// Its base URL. Errors: the stack has nobody who answers PromQL, or it cannot be reached from here.
[[nodiscard]] Result<std::string> query_url(const Subject& subject);

}  // namespace obsctl::health
