// SPDX-License-Identifier: Apache-2.0
// Walks an open directory name by name, each opened from the directory that holds it.
#include "lib/archive/directory_source.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "lib/archive/attributes.hpp"
#include "lib/archive/tar_header.hpp"
#include "lib/base/handle.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::archive {
namespace {

// Directories that are open at a time; a shell may allow 1,024 files in all.
constexpr std::size_t k_most_depth = 500;
constexpr std::int64_t k_second = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::clamp<std::int64_t>(time.tv_sec, -k_most_seconds, k_most_seconds) * k_second +
         time.tv_nsec;
}

std::optional<EntryType> type_of(mode_t mode) {
  return S_ISREG(mode)    ? std::optional(EntryType::file)
         : S_ISDIR(mode)  ? std::optional(EntryType::directory)
         : S_ISLNK(mode)  ? std::optional(EntryType::symlink)
         : S_ISFIFO(mode) ? std::optional(EntryType::fifo)
         : S_ISCHR(mode)  ? std::optional(EntryType::character_device)
         : S_ISBLK(mode)  ? std::optional(EntryType::block_device)
                          : std::nullopt;
}

Entry entry_of(std::string path, EntryType type, const struct stat& info) {
  Entry out;
  out.path = std::move(path);
  out.type = type;
  out.mode = info.st_mode & 07777U;
  out.uid = info.st_uid;
  out.gid = info.st_gid;
  out.mtime_ns = nanoseconds(info.st_mtim);
  if (type == EntryType::file) {
    out.size = static_cast<std::uint64_t>(info.st_size);
  }
  if (type == EntryType::character_device || type == EntryType::block_device) {
    out.device_major = major(info.st_rdev);
    out.device_minor = minor(info.st_rdev);
  }
  return out;
}

// What of a file is no hole. A file system that cannot say has none; what is too cut up for a list
// is one piece from there on.
std::vector<Extent> extents_of(int fd, const struct stat& info) {
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (static_cast<std::uint64_t>(info.st_blocks) * 512 >= size) {
    return whole(size);
  }
  std::vector<Extent> out;
  off_t at = 0;
  while (at < info.st_size) {
    const off_t begin = ::lseek(fd, at, SEEK_DATA);
    if (begin < 0) {
      return errno == ENXIO ? out : whole(size);  // ENXIO: only a hole is left
    }
    if (begin >= info.st_size) {
      return out;
    }
    off_t end = ::lseek(fd, begin, SEEK_HOLE);
    end = end < 0 || out.size() + 1 == k_most_written_extents ? info.st_size : end;
    end = std::min(end, info.st_size);
    out.push_back({.offset = static_cast<std::uint64_t>(begin),
                   .size = static_cast<std::uint64_t>(end - begin)});
    at = end;
  }
  return out;
}

// Names in a directory, sorted, so that the same tree makes the same archive. Returns an errno.
int names_in(int fd, std::vector<std::string>& into) {
  Fd copy(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Handle<DIR, ::closedir> stream(copy.open() ? ::fdopendir(copy.get()) : nullptr);
  if (stream == nullptr) {
    return errno;
  }
  copy.release();  // the stream closes it
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      std::sort(into.begin(), into.end());
      return errno;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      into.emplace_back(name);
    }
  }
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
         (a.st_mode & S_IFMT) == (b.st_mode & S_IFMT);
}

}  // namespace

class DirectorySource::Walk {
 public:
  Walk(Fd root, Exclude exclude) : root_(std::move(root)), exclude_(std::move(exclude)) {}

  Result<std::optional<Member>> next();
  Result<std::size_t> read(std::span<char> into);

  std::vector<Problem> problems;

 private:
  // A directory whose names are being worked off.
  struct Level {
    Fd fd;
    std::string path;
    std::vector<std::string> names;
    std::size_t done = 0;
  };

  void say(Gravity gravity, std::string path, std::string what) {
    problems.push_back({.gravity = gravity, .path = std::move(path), .what = std::move(what)});
  }
  void lost(const std::string& path, int error) {
    say(Gravity::incomplete, path,
        error == ENOENT ? "vanished before it was read"
                        : fmt::format("cannot be read: {}", std::strerror(error)));
  }
  void no_attributes(const std::string& path, int error) {
    if (error != 0) {
      say(Gravity::incomplete, path,
          fmt::format("has attributes that cannot be read: {}", std::strerror(error)));
    }
  }

  Result<std::optional<Member>> top();
  std::optional<Member> one(const std::string& name, std::string path);
  std::optional<Member> directory(const std::string& name, Entry entry, const struct stat& info);
  std::optional<Member> file(const std::string& name, Entry entry, const struct stat& info);
  std::optional<Member> other(const std::string& name, Entry entry, const struct stat& info);
  void enter(Fd fd, const std::string& path);
  bool further_name(Entry& entry, const struct stat& info);
  void close_file();

  Fd root_;
  Exclude exclude_;
  bool began_ = false;
  dev_t device_ = 0;
  std::vector<Level> levels_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;  // of files with several

  // The file whose content is read.
  Fd file_;
  struct stat opened_ {};
  Member member_;
  std::size_t extent_ = 0;
  std::uint64_t in_extent_ = 0;
  bool short_ = false;  // it ended too early or failed: the rest is zeros
};

void DirectorySource::Walk::enter(Fd fd, const std::string& path) {
  Level level{.fd = std::move(fd), .path = path, .names = {}};
  if (levels_.size() == k_most_depth) {
    say(Gravity::incomplete, path, "is nested too deeply to be read");
    return;
  }
  if (const int error = names_in(level.fd.get(), level.names); error != 0) {
    lost(path, error);
  }
  levels_.push_back(std::move(level));
}

Result<std::optional<Member>> DirectorySource::Walk::top() {
  struct stat info {};
  if (::fstat(root_.get(), &info) != 0) {
    return io_failure("read", std::string(k_top), errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(Code::io, "the top of a tree is not a directory");
  }
  device_ = info.st_dev;
  Member out{.entry = entry_of(std::string(k_top), EntryType::directory, info), .data = {}};
  no_attributes(out.entry.path, read_attributes(root_.get(), out.entry.xattrs));
  enter(std::move(root_), out.entry.path);
  return out;
}

// True for a further name of a file that has been there; the first is remembered.
bool DirectorySource::Walk::further_name(Entry& entry, const struct stat& info) {
  if (info.st_nlink < 2) {
    return false;
  }
  const auto [it, is_new] =
      first_names_.try_emplace(std::pair(info.st_dev, info.st_ino), entry.path);
  if (is_new) {
    return false;
  }
  entry.type = EntryType::hardlink;
  entry.link = it->second;
  entry.size = 0;
  entry.device_major = entry.device_minor = 0;
  return true;
}

std::optional<Member> DirectorySource::Walk::directory(const std::string& name, Entry entry,
                                                       const struct stat& info) {
  Fd fd(::openat(levels_.back().fd.get(), name.c_str(),
                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat opened {};
  if (!fd.open() || ::fstat(fd.get(), &opened) != 0) {
    lost(entry.path, errno);
    return std::nullopt;
  }
  if (!same_file(info, opened)) {
    lost(entry.path, ENOENT);
    return std::nullopt;
  }
  no_attributes(entry.path, read_attributes(fd.get(), entry.xattrs));
  if (info.st_dev != device_) {
    say(Gravity::note, entry.path, "is another file system that is mounted there, and left out");
  } else {
    enter(std::move(fd), entry.path);
  }
  return Member{.entry = std::move(entry), .data = {}};
}

std::optional<Member> DirectorySource::Walk::file(const std::string& name, Entry entry,
                                                  const struct stat& info) {
  // O_NONBLOCK: a FIFO may have taken its place.
  Fd fd(::openat(levels_.back().fd.get(), name.c_str(),
                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.open() || ::fstat(fd.get(), &opened_) != 0) {
    lost(entry.path, errno);
    return std::nullopt;
  }
  if (!same_file(info, opened_)) {
    lost(entry.path, ENOENT);
    return std::nullopt;
  }
  entry = entry_of(std::move(entry.path), EntryType::file, opened_);
  no_attributes(entry.path, read_attributes(fd.get(), entry.xattrs));
  if (further_name(entry, opened_)) {
    return Member{.entry = std::move(entry), .data = {}};
  }
  Member out{.entry = std::move(entry), .data = extents_of(fd.get(), opened_)};
  member_ = out;
  file_ = std::move(fd);
  extent_ = 0;
  in_extent_ = 0;
  short_ = false;
  return out;
}

// Links and nodes, which are not opened.
std::optional<Member> DirectorySource::Walk::other(const std::string& name, Entry entry,
                                                   const struct stat& info) {
  const int parent = levels_.back().fd.get();
  no_attributes(entry.path, read_attributes(parent, name, entry.xattrs));
  if (further_name(entry, info) || entry.type != EntryType::symlink) {
    return Member{.entry = std::move(entry), .data = {}};
  }
  entry.link.resize(4096);
  const ssize_t size = ::readlinkat(parent, name.c_str(), entry.link.data(), entry.link.size());
  if (size < 0) {
    lost(entry.path, errno == EINVAL ? ENOENT : errno);
    return std::nullopt;
  }
  entry.link.resize(static_cast<std::size_t>(size));
  return Member{.entry = std::move(entry), .data = {}};
}

std::optional<Member> DirectorySource::Walk::one(const std::string& name, std::string path) {
  struct stat info {};
  if (::fstatat(levels_.back().fd.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    lost(path, errno);
    return std::nullopt;
  }
  const auto type = type_of(info.st_mode);
  if (!type) {
    say(Gravity::note, path, "is a socket, which no archive holds");
    return std::nullopt;
  }
  Entry entry = entry_of(std::move(path), *type, info);
  switch (*type) {
    case EntryType::directory: return directory(name, std::move(entry), info);
    case EntryType::file: return file(name, std::move(entry), info);
    default: return other(name, std::move(entry), info);
  }
}

// Says what happened to the file while it was read.
void DirectorySource::Walk::close_file() {
  if (!file_.open()) {
    return;
  }
  struct stat now {};
  if (::fstat(file_.get(), &now) != 0) {
    lost(member_.entry.path, errno);
  } else if (now.st_size != opened_.st_size) {
    say(Gravity::incomplete, member_.entry.path,
        fmt::format("changed its size from {} to {} while it was read", opened_.st_size,
                    now.st_size));
  } else if (!short_ && std::tie(now.st_mtim.tv_sec, now.st_mtim.tv_nsec) !=
                            std::tie(opened_.st_mtim.tv_sec, opened_.st_mtim.tv_nsec)) {
    say(Gravity::note, member_.entry.path, "was written to while it was read");
  } else if (short_) {
    say(Gravity::incomplete, member_.entry.path, "ended too early; the rest is stored as zeros");
  }
  file_.close();
}

Result<std::optional<Member>> DirectorySource::Walk::next() {
  close_file();
  if (!began_) {
    began_ = true;
    return top();
  }
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.done == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    const std::string name = std::move(level.names[level.done++]);
    std::string path = level.path + '/' + name;
    if (exclude_ && exclude_(path)) {
      continue;
    }
    if (auto member = one(name, std::move(path))) {
      return member;
    }
  }
  return std::nullopt;
}

Result<std::size_t> DirectorySource::Walk::read(std::span<char> into) {
  while (extent_ < member_.data.size() && in_extent_ == member_.data[extent_].size) {
    ++extent_;
    in_extent_ = 0;
  }
  if (!file_.open() || extent_ == member_.data.size() || into.empty()) {
    return std::size_t{0};
  }
  const Extent& extent = member_.data[extent_];
  const auto most =
      static_cast<std::size_t>(std::min<std::uint64_t>(extent.size - in_extent_, into.size()));
  ssize_t n = 0;
  do {
    n = short_ ? 0
               : ::pread(file_.get(), into.data(), most,
                         static_cast<off_t>(extent.offset + in_extent_));
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    lost(member_.entry.path, errno);
  }
  if (n <= 0) {
    short_ = true;
    std::memset(into.data(), 0, most);
    n = static_cast<ssize_t>(most);
  }
  in_extent_ += static_cast<std::uint64_t>(n);
  return static_cast<std::size_t>(n);
}

DirectorySource::DirectorySource(Fd root, Exclude exclude)
    : walk_(std::make_unique<Walk>(std::move(root), std::move(exclude))) {}
DirectorySource::~DirectorySource() = default;

Result<std::optional<Member>> DirectorySource::next() {
  return walk_->next();
}
Result<std::size_t> DirectorySource::read(std::span<char> into) {
  return walk_->read(into);
}
const std::vector<Problem>& DirectorySource::problems() const {
  return walk_->problems;
}

Result<Fd> open_root(const std::string& path) {
  Fd out(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.open()) {
    return io_failure("read", path, errno);
  }
  return out;
}

}  // namespace obsctl::archive
