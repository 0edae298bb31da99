// SPDX-License-Identifier: Apache-2.0
// What the files of lib/io that call the kernel share: errors that name path and cause, whole
// writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl {

// "cannot DOING 'PATH': CAUSE" of an errno, with what can be done about it.
[[nodiscard]] Failure io_failure(std::string_view doing, const std::filesystem::path& path,
                                 int error);

// Of files that are read whole. Far more than anything that is generated or written by hand, and
// /dev/zero has no end.
inline constexpr std::size_t k_max_file = 16 << 20;
[[nodiscard]] Failure too_large(const std::filesystem::path& path);

// True when `name` in the directory `parent` is the very file or directory that `fd` is.
[[nodiscard]] bool leads_to(int parent, const std::string& name, int fd);

// What new files of this process do not get. Only one thread may make files meanwhile.
[[nodiscard]] std::uint32_t process_umask();

// Both return 0 or an errno.
[[nodiscard]] int write_all(int fd, std::string_view bytes);
[[nodiscard]] int sync_directory(const std::filesystem::path& dir);

}  // namespace obsctl
