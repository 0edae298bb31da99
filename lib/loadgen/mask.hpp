// SPDX-License-Identifier: Apache-2.0
// Keeps credentials out of what is reported: a server may repeat what it was sent ("unknown token
// …"), and reports are passed around.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obsctl::loadgen {

// `text`, with the values of these headers (name, value) replaced by "<name>": whole or in parts of
// six characters and more, each of their words, and what Basic credentials stand for. Values too
// short for parts are replaced where they are words of their own.
[[nodiscard]] std::string mask_credentials(
    std::string_view text, const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace obsctl::loadgen
