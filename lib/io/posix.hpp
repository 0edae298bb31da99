// SPDX-License-Identifier: Apache-2.0
// What the files of lib/io that call the kernel share: errors that name path and cause, whole
// writes.
#pragma once

#include <filesystem>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl {

// "cannot DOING 'PATH': CAUSE" of an errno, with what can be done about it.
[[nodiscard]] Failure io_failure(std::string_view doing, const std::filesystem::path& path,
                                 int error);

// Both return 0 or an errno.
[[nodiscard]] int write_all(int fd, std::string_view bytes);
[[nodiscard]] int sync_directory(const std::filesystem::path& dir);

}  // namespace obsctl
