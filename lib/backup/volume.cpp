// SPDX-License-Identifier: Apache-2.0
// Directories as volumes.
#include "lib/backup/volume.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/directory_source.hpp"
#include "lib/backup/failpoint.hpp"
#include "lib/backup/names.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

Result<std::unique_ptr<archive::TreeSource>> open_directory(const fs::path& path) {
  OBS_TRY_ASSIGN(Fd root, archive::open_root(path.string()));
  return std::make_unique<archive::DirectorySource>(std::move(root));
}

Result<std::optional<std::uint64_t>> measure_directory(const fs::path& path) {
  OBS_TRY_ASSIGN(const auto source, open_directory(path));
  std::uint64_t out = 0;
  for (;;) {
    OBS_TRY_ASSIGN(const auto member, source->next());
    if (!member) {
      return out;
    }
    out += member->stored();
  }
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto [in, out] = std::mismatch(inner.begin(), inner.end(), outer.begin(), outer.end());
  return out == outer.end();
}

// Where it really is, as far as it exists.
Result<fs::path> real_path(const fs::path& path) {
  std::error_code error;
  fs::path out = fs::weakly_canonical(path, error);
  return error ? io_failure("find", path, error.value()) : Result<fs::path>(std::move(out));
}

Result<void> check_place(const fs::path& directory, const fs::path& repository) {
  if (lies_in(repository, directory)) {
    return fail(Code::config,
                fmt::format("the repository '{}' lies in '{}', which is to be backed up",
                            repository.string(), directory.string()),
                "choose a repository outside of it, on another disk");
  }
  if (lies_in(directory, repository)) {
    return fail(
        Code::config,
        fmt::format("'{}' lies in the repository '{}'", directory.string(), repository.string()),
        "back up the data, not the backups");
  }
  return {};
}

}  // namespace

Volume directory_volume(std::string name, const fs::path& path) {
  return {.name = std::move(name),
          .source = "directory",
          .path = path.string(),
          .consistency = Consistency::live,
          .open = [path] { return open_directory(path); },
          .measure = [path] { return measure_directory(path); }};
}

Result<std::vector<Volume>> directory_volumes(const std::vector<fs::path>& paths,
                                              const fs::path& repository) {
  OBS_TRY_ASSIGN(const fs::path root, real_path(repository));
  std::vector<fs::path> real;
  for (const fs::path& path : paths) {
    if (auto opened = archive::open_root(path.string()); !opened) {
      Error error = std::move(opened).error();
      error.hint = error.hint.empty() ? "name a directory that is there with --path" : error.hint;
      return Failure(std::move(error));
    }
    OBS_TRY_ASSIGN(fs::path directory, real_path(path));
    OBS_TRY(check_place(directory, root));
    for (const fs::path& other : real) {
      if (lies_in(directory, other) || lies_in(other, directory)) {
        return fail(Code::usage,
                    fmt::format("'{}' and '{}' are the same or lie in each other", other.string(),
                                directory.string()),
                    "name the outer one only");
      }
    }
    real.push_back(std::move(directory));
  }
  const std::vector<std::string> names = volume_names(real);
  std::vector<Volume> out;
  for (std::size_t i = 0; i < real.size(); ++i) {
    out.push_back(directory_volume(names[i], real[i]));
  }
  return out;
}

Result<std::optional<archive::Member>> WatchedSource::next() {
  OBS_TRY_ASSIGN(auto member, source_.next());
  if (member && member->entry.path == archive::k_top) {
    root_ = {.uid = member->entry.uid, .gid = member->entry.gid, .mode = member->entry.mode};
  } else if (member) {
    ++below_;
    bytes_ += member->stored();
  }
  return member;
}

Result<std::size_t> WatchedSource::read(std::span<char> into) {
  failpoint("read");
  return source_.read(into);
}

}  // namespace obsctl::backup
