// SPDX-License-Identifier: Apache-2.0
// Reading and changing a generated directory; the order of the steps is what makes it safe.
#include "lib/apply/stack_directory.hpp"

#include <fmt/format.h>

#include <set>

#include "lib/apply/journal.hpp"
#include "lib/base/text.hpp"

namespace obsctl::apply {
namespace {

namespace fs = std::filesystem;

constexpr FileMode k_own_mode = 0755;

// Where a directory that does not exist yet is built: beside it, so that a rename can put it in
// place.
struct Nursery {
  explicit Nursery(const fs::path& dir)
      : root(dir.parent_path() / ("." + dir.filename().string() + ".obsctl-new")),
        lock(root / "lock"),
        tree(root / "tree") {}

  fs::path root, lock, tree;
};

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
      FileMode& mode = out.try_emplace(change.path.substr(0, slash), 0755).first->second;
      mode = secret && direct ? 0700 : mode;
    }
  }
  return out;
}

// Writes the new files of a plan below `into` and the manifest to `manifest`, durably.
Result<void> write_files(FileSystem& files, const fs::path& dir, const FileTree& wanted,
                         const Plan& plan, const fs::path& into, const fs::path& manifest,
                         const Manifest& next) {
  std::set<fs::path> written = {into, manifest, manifest.parent_path()};
  OBS_TRY(files.make_directories(into, 0755));
  OBS_TRY(files.make_directories(manifest.parent_path(), k_own_mode));
  for (const auto& [path, mode] : directories_of(wanted, plan)) {
    OBS_TRY(files.make_directories(into / path, mode));
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
      OBS_TRY_ASSIGN(bytes, files.read(dir / change.path));
    }
    OBS_TRY(files.write_staged(into / change.path, bytes, file.mode));
    written.insert(into / change.path);
  }
  OBS_TRY(files.write_staged(manifest, print_manifest(next), 0644));
  return files.sync({written.begin(), written.end()});
}

Error uncommitted(Error error, const fs::path& dir) {
  error.context.push_back(fmt::format("writing '{}'; nothing has been changed", dir.string()));
  return error;
}

}  // namespace

Result<bool> recover(const fs::path& dir, FileSystem& files) {
  const Places places(dir);
  if (files.exists(places.journal)) {
    OBS_TRY_ASSIGN(const std::string text, files.read(places.journal));
    OBS_TRY_ASSIGN(const Journal journal, parse_journal(text, places.journal.string()));
    OBS_TRY(finish(journal, places, files));
    return true;
  }
  if (files.exists(places.staging)) {
    OBS_TRY(files.remove_tree(places.staging));
  }
  return false;
}

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
  const Places places(out.dir_);
  if (access == Access::read_only) {
    out.interrupted_ = files.exists(places.journal);
  } else if (files.exists(places.own)) {
    OBS_TRY(out.take_lock());
    OBS_TRY_ASSIGN(out.recovered_, recover(out.dir_, files));
  }
  OBS_TRY(out.load_manifest());
  return out;
}

Result<void> StackDirectory::take_lock() {
  const Places places(dir_);
  OBS_TRY(files_->make_directories(places.own, k_own_mode));
  OBS_TRY_ASSIGN(lock_, files_->lock(places.lock));
  // A process killed right after it had put a new directory in place leaves the empty building
  // site.
  const Nursery nursery(dir_);
  if (files_->exists(nursery.root)) {
    OBS_TRY(files_->remove_tree(nursery.root));
  }
  return {};
}

Result<void> StackDirectory::load_manifest() {
  OBS_TRY_ASSIGN(manifest_, read_manifest(*files_, dir_));
  return {};
}

Result<DiskState> StackDirectory::read(const FileTree& wanted) const {
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
  DiskState out;
  for (const auto& [path, secret] : paths) {
    const fs::path file = dir_ / path;
    const auto mode = files_->mode(file);
    if (!mode) {
      continue;
    }
    DiskFile found{.bytes = {}, .mode = *mode, .directory = files_->is_directory(file)};
    if (!secret && !found.directory) {
      OBS_TRY_ASSIGN(found.bytes, files_->read(file));
    }
    out[path] = std::move(found);
  }
  return out;
}

Result<void> StackDirectory::apply(const Plan& plan, const std::string& version) {
  const FileTree& wanted = plan.files;
  OBS_TRY(validate_paths(wanted));
  Manifest next = plan.next;
  next.version = version;
  if (!plan.changes_something() && manifest_ == next) {
    return {};
  }
  if (!files_->exists(dir_)) {
    OBS_TRY(create(wanted, plan, next));
  } else {
    OBS_TRY(change(wanted, plan, next));
  }
  manifest_ = next;
  return {};
}

Result<void> StackDirectory::create(const FileTree& wanted, const Plan& plan,
                                    const Manifest& next) {
  const Nursery nursery(dir_);
  const auto build = [&]() -> Result<void> {
    OBS_TRY(files_->make_directories(nursery.root, 0755));
    OBS_TRY_ASSIGN(const auto lock, files_->lock(nursery.lock));
    if (files_->exists(nursery.tree)) {  // left by a killed process
      OBS_TRY(files_->remove_tree(nursery.tree));
    }
    auto done =
        write_files(*files_, dir_, wanted, plan, nursery.tree, Places(nursery.tree).manifest, next);
    if (done && files_->exists(dir_)) {
      done = fail(Code::failed,
                  fmt::format("'{}' has just been created by somebody else", dir_.string()),
                  "run the command again");
    }
    if (done) {
      done = files_->rename(nursery.tree, dir_);
    }
    // The result is decided; a building site that cannot be removed is cleared by the next run.
    static_cast<void>(files_->remove_tree(nursery.root));
    return done;
  };
  auto done = build();
  return done ? done : Failure(uncommitted(std::move(done).error(), dir_));
}

Result<void> StackDirectory::stage(const FileTree& wanted, const Plan& plan, const Manifest& next) {
  const Places places(dir_);
  OBS_TRY(
      write_files(*files_, dir_, wanted, plan, places.staged_files, places.staged_manifest, next));
  Journal journal;
  for (const auto& [path, mode] : directories_of(wanted, plan)) {
    journal.directories.emplace_back(path, mode);
  }
  for (const auto& change : plan.changes) {
    if (change.action == Action::remove) {
      journal.remove.push_back(change.path);
    } else if (writes(change.action)) {
      journal.put.push_back(change.path);
    }
  }
  OBS_TRY(files_->write_staged(places.staged_journal, print_journal(journal), 0644));
  OBS_TRY(files_->sync({places.staged_journal, places.staging}));
  return files_->rename(places.staged_journal, places.journal);  // the commit point
}

Result<void> StackDirectory::change(const FileTree& wanted, const Plan& plan,
                                    const Manifest& next) {
  const Places places(dir_);
  const bool first = !files_->exists(places.own);
  if (lock_ == nullptr) {
    if (auto locked = take_lock(); !locked) {
      return Failure(uncommitted(std::move(locked).error(), dir_));
    }
  }
  if (!manifest_ && files_->exists(places.manifest)) {
    return fail(Code::failed,
                fmt::format("'{}' has just been written by another obsctl", dir_.string()),
                "run the command again");
  }
  auto staged = stage(wanted, plan, next);
  if (!staged && !files_->exists(places.journal)) {
    static_cast<void>(files_->remove_tree(first ? places.own : places.staging));
    return Failure(uncommitted(std::move(staged).error(), dir_));
  }
  auto done = recover(dir_, *files_);
  if (!done) {
    Error error = std::move(done).error();
    error.context.push_back(fmt::format(
        "changing '{}'; the next 'obsctl init' there completes the change", dir_.string()));
    return Failure(std::move(error));
  }
  return {};
}

}  // namespace obsctl::apply
