// SPDX-License-Identifier: Apache-2.0
// Makes each entry in the directory that holds it, which is opened without following a link. What
// directories are to look like is set last: nothing could be made in one that is read-only.
#include "lib/archive/directory_sink.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/archive/attributes.hpp"
#include "lib/archive/beneath.hpp"
#include "lib/archive/policy.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::archive {
namespace {

constexpr std::uint32_t k_set_id = 06000;

std::array<timespec, 2> times_of(const Entry& entry) {
  constexpr std::int64_t k_second = 1'000'000'000;
  std::int64_t seconds = entry.mtime_ns / k_second;
  std::int64_t rest = entry.mtime_ns % k_second;
  if (rest < 0) {
    rest += k_second;
    --seconds;
  }
  return {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
          timespec{.tv_sec = static_cast<time_t>(seconds), .tv_nsec = static_cast<long>(rest)}};
}

}  // namespace

class DirectorySink::Tree {
 public:
  Tree(Fd root, const DirectorySinkOptions& options)
      : root_(std::move(root)),
        options_(options),
        owner_(options.owner && ::geteuid() == 0),
        policy_({.devices = options.devices}) {}

  Result<void> begin(const Member& member);
  Result<void> write(std::string_view bytes);
  Result<void> end();
  Result<void> finish();

  std::vector<Problem> problems;

 private:
  [[nodiscard]] Failure failure(int error) const {
    if (error == EEXIST || error == ENOTEMPTY) {
      return fail(Code::io, fmt::format("'{}' is already there", printable(member_.entry.path)),
                  "empty the directory first");
    }
    if (error == ELOOP || error == ENOTDIR || error == EXDEV) {
      return fail(Code::io,
                  fmt::format("'{}' would be written through a link, or through something "
                              "else that is no directory",
                              printable(member_.entry.path)),
                  "empty the directory first, and let nothing else write to it");
    }
    return io_failure("restore", printable(member_.entry.path), error);
  }
  void make_parents(const std::string& path) const;
  Result<void> parent_of(const std::string& path);
  [[nodiscard]] int make();
  [[nodiscard]] int make_directory();
  [[nodiscard]] int make_link();
  Result<void> dress_file();
  Result<void> dress_name();
  Result<void> dress_directory(const Entry& entry);
  void attributes(const Entry& entry, int error, const std::string& key);
  [[nodiscard]] mode_t mode_of(const Entry& entry);

  Fd root_;
  DirectorySinkOptions options_;
  bool owner_;
  Policy policy_;
  Member member_;
  std::string name_;  // in parent_
  Fd parent_;
  std::string parent_path_;
  Fd file_;
  std::size_t extent_ = 0;
  std::uint64_t in_extent_ = 0;
  std::vector<Entry> directories_;
};

// An archive of somebody else may name a file without the directories above it. What goes wrong here
// is seen when the innermost one is opened.
void DirectorySink::Tree::make_parents(const std::string& path) const {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const auto [parent, name] = split_path(std::string_view(path).substr(0, end));
    const Fd at = open_beneath(root_.get(), parent, options_.openat2);
    if (!at.open()) {
      return;
    }
    ::mkdirat(at.get(), name.c_str(), 0755);
  }
}

// Opens the directory that the entry goes into; most entries have the one of the entry before.
Result<void> DirectorySink::Tree::parent_of(const std::string& path) {
  auto [parent, name] = split_path(std::string_view(path).substr(k_top.size() + 1));
  name_ = std::move(name);
  if (parent_.open() && parent == parent_path_) {
    return {};
  }
  parent_ = open_beneath(root_.get(), parent, options_.openat2);
  if (!parent_.open() && errno == ENOENT) {
    make_parents(parent);
    parent_ = open_beneath(root_.get(), parent, options_.openat2);
  }
  parent_path_ = std::move(parent);
  return parent_.open() ? Result<void>() : failure(errno);
}

// Open to nobody else until the end; one that is there is taken when it is a directory.
int DirectorySink::Tree::make_directory() {
  if (::mkdirat(parent_.get(), name_.c_str(), 0700) == 0) {
    return 0;
  }
  const int error = errno;
  struct stat info {};
  const bool there = error == EEXIST &&
                     ::fstatat(parent_.get(), name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(info.st_mode);
  return there ? 0 : error;
}

int DirectorySink::Tree::make_link() {
  const auto [folder, name] =
      split_path(std::string_view(member_.entry.link).substr(k_top.size() + 1));
  const Fd target = open_beneath(root_.get(), folder, options_.openat2);
  // Without AT_SYMLINK_FOLLOW: a link gets a second name, what it leads to does not.
  return target.open() && ::linkat(target.get(), name.c_str(), parent_.get(), name_.c_str(), 0) == 0
             ? 0
             : errno;
}

// Returns an errno.
int DirectorySink::Tree::make() {
  const Entry& entry = member_.entry;
  const int parent = parent_.get();
  const char* name = name_.c_str();
  const dev_t device = makedev(entry.device_major, entry.device_minor);
  switch (entry.type) {
    case EntryType::file:
      file_ =
          Fd(::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      return file_.open() ? 0 : errno;
    case EntryType::directory: return make_directory();
    case EntryType::symlink: return ::symlinkat(entry.link.c_str(), parent, name) == 0 ? 0 : errno;
    case EntryType::hardlink: return make_link();
    case EntryType::fifo: return ::mkfifoat(parent, name, 0600) == 0 ? 0 : errno;
    case EntryType::character_device:
      return ::mknodat(parent, name, S_IFCHR | 0600, device) == 0 ? 0 : errno;
    case EntryType::block_device:
      return ::mknodat(parent, name, S_IFBLK | 0600, device) == 0 ? 0 : errno;
  }
  return EINVAL;
}

Result<void> DirectorySink::Tree::begin(const Member& member) {
  member_ = member;
  extent_ = 0;
  in_extent_ = 0;
  for (const Problem& problem : policy_.check(member.entry)) {
    if (problem.gravity == Gravity::refused) {
      return fail(Code::integrity, problem.str());
    }
  }
  if (member.entry.type == EntryType::directory) {
    directories_.push_back(member.entry);
  }
  if (member.entry.path == k_top) {
    return {};
  }
  OBS_TRY(parent_of(member.entry.path));
  int error = make();
  if (error == EEXIST && options_.replace && ::unlinkat(parent_.get(), name_.c_str(), 0) == 0) {
    error = make();
  }
  return error == 0 ? Result<void>() : failure(error);
}

Result<void> DirectorySink::Tree::write(std::string_view bytes) {
  while (!bytes.empty()) {
    while (extent_ < member_.data.size() && in_extent_ == member_.data[extent_].size) {
      ++extent_;
      in_extent_ = 0;
    }
    if (!file_.open() || extent_ == member_.data.size()) {
      return fail(Code::integrity,
                  fmt::format("'{}' has more content than it says", printable(member_.entry.path)));
    }
    const Extent& extent = member_.data[extent_];
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), extent.size - in_extent_));
    const ssize_t n =
        ::pwrite(file_.get(), bytes.data(), most, static_cast<off_t>(extent.offset + in_extent_));
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return failure(errno);
    }
    in_extent_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

mode_t DirectorySink::Tree::mode_of(const Entry& entry) {
  if (options_.special_bits || entry.type == EntryType::directory || (entry.mode & k_set_id) == 0) {
    return entry.mode;
  }
  problems.push_back(
      {.gravity = Gravity::note,
       .path = entry.path,
       .what = fmt::format("lost its setuid or setgid bit (mode {:04o})", entry.mode)});
  return entry.mode & ~k_set_id;
}

void DirectorySink::Tree::attributes(const Entry& entry, int error, const std::string& key) {
  if (error != 0) {
    problems.push_back({.gravity = Gravity::incomplete,
                        .path = entry.path,
                        .what = fmt::format("is without its attribute '{}': {}", printable(key),
                                            std::strerror(error))});
  }
}

// The owner before the mode, which it takes bits away from; attributes behind both, because a change
// of the owner drops capabilities; the time last.
Result<void> DirectorySink::Tree::dress_file() {
  const Entry& entry = member_.entry;
  const int fd = file_.get();
  if (::ftruncate(fd, static_cast<off_t>(entry.size)) != 0 ||
      (owner_ && ::fchown(fd, entry.uid, entry.gid) != 0) || ::fchmod(fd, mode_of(entry)) != 0) {
    return failure(errno);
  }
  for (const auto& [key, value] : entry.xattrs) {
    attributes(entry, write_attribute(fd, key, value), key);
  }
  if (::futimens(fd, times_of(entry).data()) != 0) {
    return failure(errno);
  }
  file_.close();
  return {};
}

Result<void> DirectorySink::Tree::dress_name() {
  const Entry& entry = member_.entry;
  const int parent = parent_.get();
  const char* name = name_.c_str();
  if (owner_ && ::fchownat(parent, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure(errno);
  }
  // A link has no mode of its own. fchmodat would follow one that took the place of a node, and
  // that needs somebody who writes here meanwhile: the node is opened by its very self instead.
  if (entry.type != EntryType::symlink) {
    const Fd node(::openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const std::string path = fmt::format("/proc/self/fd/{}", node.get());
    struct stat info {};
    if (!node.open() || ::fstat(node.get(), &info) != 0 || S_ISLNK(info.st_mode) ||
        ::chmod(path.c_str(), mode_of(entry)) != 0) {
      return failure(errno);
    }
  }
  for (const auto& [key, value] : entry.xattrs) {
    attributes(entry, write_attribute(parent, name_, key, value), key);
  }
  return ::utimensat(parent, name, times_of(entry).data(), AT_SYMLINK_NOFOLLOW) == 0
             ? Result<void>()
             : failure(errno);
}

Result<void> DirectorySink::Tree::end() {
  switch (member_.entry.type) {
    case EntryType::file: return dress_file();
    case EntryType::directory:
    case EntryType::hardlink: return {};  // the one at the end, the other with its first name
    default: return dress_name();
  }
}

Result<void> DirectorySink::Tree::dress_directory(const Entry& entry) {
  const std::string path = entry.path == k_top ? "" : entry.path.substr(k_top.size() + 1);
  const Fd fd = open_beneath(root_.get(), path, options_.openat2);
  if (!fd.open() || (owner_ && ::fchown(fd.get(), entry.uid, entry.gid) != 0) ||
      ::fchmod(fd.get(), mode_of(entry)) != 0) {
    return failure(errno);
  }
  for (const auto& [key, value] : entry.xattrs) {
    attributes(entry, write_attribute(fd.get(), key, value), key);
  }
  return ::futimens(fd.get(), times_of(entry).data()) == 0 ? Result<void>() : failure(errno);
}

Result<void> DirectorySink::Tree::finish() {
  parent_.close();
  // Inner ones first: setting the outer ones could close the way to them.
  std::sort(directories_.begin(), directories_.end(),
            [](const Entry& a, const Entry& b) { return a.path > b.path; });
  for (const Entry& entry : directories_) {
    member_ = {.entry = entry, .data = {}};
    OBS_TRY(dress_directory(entry));
  }
  directories_.clear();
  if (options_.durable && ::syncfs(root_.get()) != 0) {
    return io_failure("write", std::string(k_top), errno);
  }
  return {};
}

DirectorySink::DirectorySink(Fd root, const DirectorySinkOptions& options)
    : tree_(std::make_unique<Tree>(std::move(root), options)) {}
DirectorySink::~DirectorySink() = default;

Result<void> DirectorySink::begin(const Member& member) {
  return tree_->begin(member);
}
Result<void> DirectorySink::write(std::string_view bytes) {
  return tree_->write(bytes);
}
Result<void> DirectorySink::end() {
  return tree_->end();
}
Result<void> DirectorySink::finish() {
  return tree_->finish();
}
const std::vector<Problem>& DirectorySink::problems() const {
  return tree_->problems;
}

}  // namespace obsctl::archive
