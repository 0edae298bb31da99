// SPDX-License-Identifier: Apache-2.0
// Opens directories below an open one, and nothing else: no link on the way is followed, no part
// leads up.
#pragma once

#include <string>
#include <string_view>

#include "lib/io/fd.hpp"

namespace obsctl::archive {

// The directory at `path`, which is relative; empty is `root` itself. Not open on an error, with
// errno. `openat2`: let the kernel walk where it can; it is walked part by part otherwise.
[[nodiscard]] Fd open_beneath(int root, const std::string& path, bool openat2);

// The directory part of a path and its name; "" for a name alone.
struct Split {
  std::string parent;
  std::string name;
};
[[nodiscard]] Split split_path(std::string_view path);

}  // namespace obsctl::archive
