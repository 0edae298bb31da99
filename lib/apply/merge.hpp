// SPDX-License-Identifier: Apache-2.0
// Three-way merge of texts by lines, so that a person's edits and a new version of a generated file
// both survive.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obsctl::apply {

// `base` with the changes of both versions; nothing when they change the same or adjacent lines
// differently. What is decided by lines may be wrong as a document: parse it before it is used.
[[nodiscard]] std::optional<std::string> merge_texts(std::string_view base, std::string_view mine,
                                                     std::string_view theirs);

}  // namespace obsctl::apply
