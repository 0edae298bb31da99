// SPDX-License-Identifier: Apache-2.0
// What sets, volumes and the files of a repository are called. Every name is looked at before it
// becomes a path: what lies in a repository may come from anybody.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/io/random.hpp"

namespace obsctl::backup {

namespace file_names {
inline constexpr auto repository = "repo.json";
inline constexpr auto lock = "lock";
inline constexpr auto manifest = "manifest.json";
inline constexpr auto checksums = "manifest.sha256";
inline constexpr auto marks = "marks.json";
inline constexpr auto volumes = "volumes";
inline constexpr std::string_view work = ".tmp-";        // a set in the making
inline constexpr std::string_view trash = ".trash-";     // a set that is being deleted
inline constexpr std::string_view journal = "restore-";  // of an open restore, with ".json"
inline constexpr std::string_view moving = ".restore-";  // volumes that are being restored
}  // namespace file_names

// "20261120T020000Z-6f3a1c": the time says when, six random characters that no two sets share it.
[[nodiscard]] Result<std::string> new_set_id(Time now, Random& random);
[[nodiscard]] bool is_set_id(std::string_view text);

// Of letters, digits, '.', '_' and '-', at most 100, no '.' or '-' in front: the part of a path that
// no program takes for anything else.
[[nodiscard]] bool is_volume_name(std::string_view text);

// A name for each directory, in their order: its last part with what is not allowed replaced by '-',
// a number behind it where two would be the same.
[[nodiscard]] std::vector<std::string> volume_names(
    const std::vector<std::filesystem::path>& directories);

// Paths inside a set.
[[nodiscard]] std::string blob_path(std::string_view volume);
[[nodiscard]] std::string index_path(std::string_view volume);

}  // namespace obsctl::backup
