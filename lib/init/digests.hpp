// SPDX-License-Identifier: Apache-2.0
// The digests of a stack's images, so that what runs is what was looked at.
#pragma once

#include <map>
#include <string>

#include "lib/base/error.hpp"
#include "lib/io/http.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// "sha256:…" by "repository:tag", asked anew of the registries. Errors: the first image whose
// registry gives none; nothing is pinned then.
[[nodiscard]] Result<std::map<std::string, std::string>> digests_of(HttpClient& http,
                                                                    const stack::Stack& stack);

}  // namespace obsctl::init
