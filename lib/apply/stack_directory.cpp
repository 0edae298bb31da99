// SPDX-License-Identifier: Apache-2.0
// Reading and changing a generated directory; the order of the steps is what makes it safe.
#include "lib/apply/stack_directory.hpp"

#include <fmt/format.h>

#include <set>

#include "lib/apply/journal.hpp"
#include "lib/base/problems.hpp"

namespace obsctl::apply {
namespace {

namespace fs = std::filesystem;

constexpr FileMode k_public = 0755;
constexpr FileMode k_private = 0700;
constexpr FileMode k_journal_mode = 0600;

// The directories of the files to write, parents first, with their modes.
std::map<std::string, FileMode> directories_of(const FileTree& wanted, const Plan& plan) {
  std::map<std::string, FileMode> out;
  for (const auto& change : plan.changes) {
    if (!writes(change.action)) {
      continue;
    }
    const bool secret = wanted.at(change.path).secret;
    for (auto slash = change.path.find('/'); slash != std::string::npos;
         slash = change.path.find('/', slash + 1)) {
      const bool direct = change.path.find('/', slash + 1) == std::string::npos;
      FileMode& mode = out.try_emplace(change.path.substr(0, slash), k_public).first->second;
      mode = secret && direct ? k_private : mode;
    }
  }
  return out;
}

// Writes the new files of a plan below `into` and the manifest to `manifest`, durably. `old` is the
// directory that is changed, where there is one.
Result<void> write_files(Directory& directory, const Directory* old, const FileTree& wanted,
                         const Plan& plan, const fs::path& into, const fs::path& manifest,
                         const Manifest& next) {
  std::set<fs::path> written = {into, manifest, manifest.parent_path()};
  for (const auto& [path, mode] : directories_of(wanted, plan)) {
    OBS_TRY(directory.make_directory(into / path, mode));
    written.insert(into / path);
  }
  for (const auto& change : plan.changes) {
    if (!writes(change.action)) {
      continue;
    }
    const GeneratedFile& file = wanted.at(change.path);
    std::string bytes = file.bytes;
    if (file.secret && change.action == Action::update &&
        !file.replaces) {  // only its mode changes
      OBS_TRY_ASSIGN(bytes, old->read(change.path));
    }
    OBS_TRY(directory.stage(into / change.path, bytes, file.mode));
    written.insert(into / change.path);
  }
  OBS_TRY(directory.stage(manifest, print_manifest(next), 0644));
  return directory.sync({written.begin(), written.end()});
}

Error uncommitted(Error error, const fs::path& dir) {
  error.context.push_back(fmt::format("writing '{}'; nothing has been changed", dir.string()));
  return error;
}

Journal journal_of(const FileTree& wanted, const Plan& plan, DirectoryIdentity own) {
  Journal out;
  out.own = own;
  for (const auto& [path, mode] : directories_of(wanted, plan)) {
    out.directories.emplace_back(path, mode);
  }
  for (const auto& change : plan.changes) {
    if (change.action == Action::remove) {
      out.remove.push_back(change.path);
    } else if (writes(change.action)) {
      out.put.push_back(change.path);
    }
  }
  return out;
}

// Directories that hold a secret directly, as far as they are there, are closed to others.
Result<void> close_secrets(Directory& directory, const Manifest& next) {
  std::set<fs::path> closed;
  for (const auto& [path, entry] : next.files) {
    const fs::path parent = fs::path(path).parent_path();
    if (!entry.secret || parent.empty() || !closed.insert(parent).second) {
      continue;
    }
    OBS_TRY_ASSIGN(const auto found, directory.info(parent));
    if (found && (found->mode & ~k_private) != 0) {
      OBS_TRY(directory.narrow(parent, k_private));
    }
  }
  return {};
}

// Completes or discards what an interrupted change left; true when it completed one.
Result<bool> recover(Directory& directory, const fs::path& shown) {
  OBS_TRY_ASSIGN(const auto journal, read_journal(directory, shown));
  if (journal) {
    OBS_TRY(finish(*journal, directory));
    return true;
  }
  OBS_TRY_ASSIGN(const auto staging, directory.info(places::staging));
  if (staging) {
    OBS_TRY(directory.remove_tree(places::staging));
  }
  return false;
}

}  // namespace

Result<StackDirectory> StackDirectory::open(FileSystem& files, fs::path dir, Access access) {
  dir = dir.lexically_normal();
  if (!dir.has_filename()) {  // "/a/b/" → "/a/b"
    dir = dir.parent_path();
  }
  StackDirectory out(files, std::move(dir));
  if (!files.exists(out.dir_)) {
    return out;
  }
  if (!files.is_directory(out.dir_)) {
    return fail(Code::usage, fmt::format("'{}' is not a directory", out.dir_.string()),
                "choose another directory");
  }
  OBS_TRY(out.open_existing(access));
  return out;
}

Result<void> StackDirectory::open_existing(Access access) {
  OBS_TRY_ASSIGN(root_, files_->open_directory(dir_));
  OBS_TRY_ASSIGN(const auto own, look(places::own));
  if (own && own->kind != FileKind::directory) {
    return fail(Code::config, fmt::format("'{}' is not a directory", (dir_ / places::own).string()),
                "remove it: obsctl keeps there what it knows about the stack");
  }
  if (own && access == Access::read_write) {
    OBS_TRY(take_lock());
    OBS_TRY_ASSIGN(recovered_, recover(*root_, dir_));
  } else if (own) {
    OBS_TRY_ASSIGN(const auto journal, read_journal(*root_, dir_));
    interrupted_ = journal.has_value();
  }
  OBS_TRY_ASSIGN(manifest_, read_manifest(*root_, dir_));
  return {};
}

Result<void> StackDirectory::take_lock() {
  OBS_TRY(root_->make_directory(places::own, k_public));
  OBS_TRY_ASSIGN(lock_, root_->lock(places::lock));
  return {};
}

// A file that the change removes before it makes directories.
bool StackDirectory::is_leaving(const fs::path& path) const {
  if (!manifest_) {
    return false;
  }
  const auto entry = manifest_->files.find(path.string());
  return entry != manifest_->files.end() && !entry->second.secret;
}

// What is at a path, if a change could put a file there.
Result<std::optional<FileInfo>> StackDirectory::look(const fs::path& path) const {
  const auto in_the_way = [this](const fs::path& part, std::string_view what) {
    return fail(Code::config, fmt::format("'{}' is {}", (dir_ / part).string(), what),
                "move it away; obsctl writes to regular files below the directory alone");
  };
  fs::path walked;
  std::optional<FileInfo> found;
  for (const auto& part : path) {
    walked /= part;
    OBS_TRY_ASSIGN(found, root_->info(walked));
    if (!found) {
      return found;
    }
    if (found->kind == FileKind::link) {
      return in_the_way(walked, "a link");
    }
    if (found->kind == FileKind::other) {
      return in_the_way(walked, "a pipe, socket or device");
    }
    if (found->mounted) {
      return in_the_way(walked, "on another file system, which is mounted there");
    }
    if (found->kind == FileKind::regular && walked != path) {
      return is_leaving(walked) ? Result<std::optional<FileInfo>>(std::nullopt)
                                : in_the_way(walked, "a file, where a directory is needed");
    }
  }
  return found;
}

Result<DiskState> StackDirectory::read(const FileTree& wanted) const {
  DiskState out;
  if (root_ == nullptr) {
    return out;
  }
  std::map<std::string, bool> paths;  // → secret
  for (const auto& [path, file] : wanted) {
    paths[path] = file.secret;
  }
  if (manifest_) {
    for (const auto& [path, entry] : manifest_->files) {
      paths.try_emplace(path, entry.secret);
    }
  }
  const auto named = paths;
  for (const auto& [path, secret] : named) {
    paths.try_emplace(beside(path), secret);
  }
  Problems problems;
  std::set<std::string> said;  // what is in the way of several files
  for (const auto& [path, secret] : paths) {
    auto info = look(path);
    if (!info && said.insert(info.error().message).second) {
      problems.add(std::move(info).error());
    }
    if (!info || !*info) {
      continue;
    }
    DiskFile found{
        .bytes = {}, .mode = (*info)->mode, .directory = (*info)->kind == FileKind::directory};
    if (secret || found.directory || problems.take(found.bytes, root_->read(path))) {
      out[path] = std::move(found);
    }
  }
  OBS_TRY(problems.done());
  return out;
}

Result<void> StackDirectory::apply(const Plan& plan, const std::string& version) {
  const FileTree& wanted = plan.files;
  OBS_TRY(validate_paths(wanted));
  Manifest next = plan.next;
  next.version = version;
  if (root_ == nullptr) {
    OBS_TRY(create(wanted, plan, next));
  } else {
    OBS_TRY(close_secrets(*root_, next));
    if (plan.changes_something() || manifest_ != next) {
      OBS_TRY(change(wanted, plan, next));
    }
  }
  manifest_ = next;
  return {};
}

Result<void> StackDirectory::create(const FileTree& wanted, const Plan& plan,
                                    const Manifest& next) {
  auto made = files_->new_directory(dir_);
  if (!made) {
    return Failure(uncommitted(std::move(made).error(), dir_));
  }
  const auto build = [&]() -> Result<void> {
    Directory& directory = (*made)->directory();
    OBS_TRY(directory.make_directory(places::own, k_public));
    OBS_TRY(write_files(directory, nullptr, wanted, plan, ".", places::manifest, next));
    OBS_TRY_ASSIGN(root_, (*made)->put_in_place());
    return {};
  };
  if (auto built = build(); !built) {
    // What cannot be removed now is cleared by the next run.
    static_cast<void>((*made)->discard());
    return Failure(uncommitted(std::move(built).error(), dir_));
  }
  return {};
}

Result<void> StackDirectory::stage(const FileTree& wanted, const Plan& plan, const Manifest& next) {
  OBS_TRY(root_->make_directory(places::staging, k_private));
  OBS_TRY(root_->make_directory(places::staged_files, k_private));
  OBS_TRY(write_files(*root_, root_.get(), wanted, plan, places::staged_files,
                      places::staged_manifest, next));
  OBS_TRY_ASSIGN(const DirectoryIdentity own, identify(*root_));
  OBS_TRY(root_->stage(places::staged_journal, print_journal(journal_of(wanted, plan, own)),
                       k_journal_mode));
  OBS_TRY(root_->sync({places::staged_journal, places::staging}));
  OBS_TRY(root_->move(places::staged_journal, places::journal));  // the commit point
  return root_->sync({places::own});
}

Result<void> StackDirectory::change(const FileTree& wanted, const Plan& plan,
                                    const Manifest& next) {
  OBS_TRY_ASSIGN(const auto own, root_->info(places::own));
  const bool first = !own;
  if (lock_ == nullptr) {
    if (auto locked = take_lock(); !locked) {
      return Failure(uncommitted(std::move(locked).error(), dir_));
    }
  }
  OBS_TRY_ASSIGN(const auto manifest, root_->info(places::manifest));
  if (!manifest_ && manifest) {
    return fail(Code::failed,
                fmt::format("'{}' has just been written by another obsctl", dir_.string()),
                "run the command again");
  }
  auto staged = stage(wanted, plan, next);
  if (const auto journal = root_->info(places::journal); !staged && journal && !*journal) {
    static_cast<void>(root_->remove_tree(first ? places::own : places::staging));
    return Failure(uncommitted(std::move(staged).error(), dir_));
  }
  auto done = recover(*root_, dir_);
  if (!done) {
    Error error = std::move(done).error();
    error.context.push_back(fmt::format(
        "changing '{}'; the next 'obsctl init' there completes the change", dir_.string()));
    return Failure(std::move(error));
  }
  return {};
}

}  // namespace obsctl::apply
