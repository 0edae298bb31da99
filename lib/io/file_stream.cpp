// SPDX-License-Identifier: Apache-2.0
// Files read and written piece by piece: the disk's, and those of a file system that has only whole
// ones.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "lib/base/units.hpp"
#include "lib/io/fd.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/posix.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

class OsFileReader final : public FileReader {
 public:
  // Does not wait for somebody who writes to a FIFO; first_byte() does, and not for ever.
  explicit OsFileReader(fs::path path)
      : path_(std::move(path)),
        fd_(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {}
  [[nodiscard]] bool opened() const { return fd_.open(); }

  [[nodiscard]] Result<void> first_byte() const {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0 ||
        ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) & ~O_NONBLOCK) != 0) {
      return io_failure("read", path_, errno);
    }
    if (!S_ISFIFO(info.st_mode)) {
      return {};
    }
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    constexpr int k_patience = 10'000;  // ms
    const int ready = ::poll(&waiting, 1, k_patience);
    if (ready < 0) {
      return io_failure("read", path_, errno);
    }
    return ready > 0 ? Result<void>()
                     : fail(Code::io, fmt::format("nobody writes to '{}'", path_.string()),
                            "it is a FIFO: start the program that writes to it, or name a file");
  }

  Result<std::size_t> read(std::span<char> into) override {
    for (;;) {
      const ssize_t n = ::read(fd_.get(), into.data(), into.size());
      if (n >= 0) {
        return static_cast<std::size_t>(n);
      }
      if (errno != EINTR) {
        return io_failure("read", path_, errno);
      }
    }
  }

 private:
  fs::path path_;
  Fd fd_;
};

// Where writing to a path leads.
struct Destination {
  fs::path path;        // behind all links
  bool whole = true;    // nothing or a regular file: it is replaced as a whole
  int descriptor = -1;  // of this process, when the path names one: /dev/stdout, /dev/fd/3
};

// The number of /dev/fd/N and its kin; -1 for any other path.
int own_descriptor(const fs::path& path) {
  const std::string text = path.lexically_normal().string();
  for (const auto& [name, number] : {std::pair{"/dev/stdout", 1}, std::pair{"/dev/stderr", 2}}) {
    if (text == name) {
      return number;
    }
  }
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (text.starts_with(folder)) {
      const auto number = parse_integer(text.substr(folder.size()), "descriptor", 0, INT_MAX);
      return number ? static_cast<int>(*number) : -1;
    }
  }
  return -1;
}

// Follows links one by one: a link is not replaced, what it leads to is.
Result<Destination> destination_of(const fs::path& named) {
  constexpr int k_most_links = 40;  // as many as the kernel follows
  Destination out{.path = named};
  for (int links = 0; links < k_most_links; ++links) {
    out.descriptor = own_descriptor(out.path);
    if (out.descriptor >= 0) {
      out.whole = false;
      return out;
    }
    struct stat info {};
    const bool there = ::lstat(out.path.c_str(), &info) == 0;
    if (!there || !S_ISLNK(info.st_mode)) {
      out.whole = !there || S_ISREG(info.st_mode);
      return out;
    }
    std::error_code error;
    const fs::path target = fs::read_symlink(out.path, error);
    if (error) {
      return io_failure("write", named, error.value());
    }
    out.path = out.path.parent_path() / target;
  }
  return io_failure("write", named, ELOOP);
}

// A pipe, a device or a descriptor of this process: written to and never replaced.
class StreamWriter final : public FileWriter {
 public:
  StreamWriter(fs::path path, int descriptor)
      : path_(std::move(path)),
        fd_(descriptor >= 0 ? ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
                            : ::open(path_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)) {}
  [[nodiscard]] bool opened() const { return fd_.open(); }

  Result<void> write(std::string_view bytes) override {
    const int error = write_all(fd_.get(), bytes);
    return error == 0 ? Result<void>() : io_failure("write", path_, error);
  }
  Result<void> finish() override {
    fd_.close();
    return {};
  }

 private:
  fs::path path_;
  Fd fd_;
};

class OsFileWriter final : public FileWriter {
 public:
  OsFileWriter(fs::path path, FileMode mode)
      : path_(std::move(path)),
        temporary_(fmt::format("{}.{}.partial", path_.string(), static_cast<long>(::getpid()))),
        mode_(mode) {
    ::unlink(temporary_.c_str());  // left by a killed process that had the same pid
    fd_ =
        Fd(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  }
  ~OsFileWriter() override {
    if (fd_.open()) {
      ::unlink(temporary_.c_str());
    }
  }
  OsFileWriter(const OsFileWriter&) = delete;
  OsFileWriter& operator=(const OsFileWriter&) = delete;
  [[nodiscard]] bool opened() const { return fd_.open(); }

  Result<void> write(std::string_view bytes) override {
    const int error = write_all(fd_.get(), bytes);
    return error == 0 ? Result<void>() : io_failure("write", path_, error);
  }

  Result<void> finish() override {
    // fchmod and not the mode of open(), because the umask must not weaken or widen what was asked
    // for.
    if (::fchmod(fd_.get(), static_cast<mode_t>(mode_)) != 0 || ::fsync(fd_.get()) != 0 ||
        ::rename(temporary_.c_str(), path_.c_str()) != 0) {
      return io_failure("write", path_, errno);
    }
    fd_.close();
    const int error = sync_directory(path_.parent_path());
    return error == 0 ? Result<void>() : io_failure("write", path_, error);
  }

 private:
  fs::path path_;
  std::string temporary_;
  FileMode mode_;
  Fd fd_;
};

class MemoryReader final : public FileReader {
 public:
  explicit MemoryReader(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t n = bytes_.copy(into.data(), into.size(), at_);
    at_ += n;
    return n;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class MemoryWriter final : public FileWriter {
 public:
  MemoryWriter(FileSystem& files, fs::path path, FileMode mode)
      : files_(files), path_(std::move(path)), mode_(mode) {}
  Result<void> write(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  Result<void> finish() override { return files_.write_atomic(path_, bytes_, mode_); }

 private:
  FileSystem& files_;
  fs::path path_;
  FileMode mode_;
  std::string bytes_;
};

}  // namespace

Result<std::unique_ptr<FileReader>> FileSystem::open_reader(const fs::path& path) const {
  OBS_TRY_ASSIGN(std::string bytes, read(path));
  return std::make_unique<MemoryReader>(std::move(bytes));
}

Result<std::unique_ptr<FileWriter>> FileSystem::open_writer(const fs::path& path, FileMode mode) {
  return std::make_unique<MemoryWriter>(*this, path, mode);
}

Result<std::unique_ptr<FileReader>> OsFileSystem::open_reader(const fs::path& path) const {
  auto file = std::make_unique<OsFileReader>(path);
  if (!file->opened()) {
    return io_failure("read", path, errno);
  }
  OBS_TRY(file->first_byte());
  return file;
}

Result<std::unique_ptr<FileWriter>> OsFileSystem::open_writer(const fs::path& path, FileMode mode) {
  OBS_TRY_ASSIGN(const Destination to, destination_of(path));
  if (!to.whole) {
    auto stream = std::make_unique<StreamWriter>(path, to.descriptor);
    if (!stream->opened()) {
      return io_failure("write", path, errno);
    }
    return stream;
  }
  auto file = std::make_unique<OsFileWriter>(to.path, mode);
  if (!file->opened()) {
    return io_failure("write", path, errno);
  }
  return file;
}

Result<void> OsFileSystem::check_writable(const fs::path& path) const {
  OBS_TRY_ASSIGN(const Destination to, destination_of(path));
  if (to.whole) {
    const bool possible = OsFileWriter(to.path, 0600).opened();
    return possible ? Result<void>() : io_failure("write", path, errno);
  }
  const int error = to.descriptor >= 0      ? (::fcntl(to.descriptor, F_GETFD) < 0 ? errno : 0)
                    : is_directory(to.path) ? EISDIR
                    : ::access(to.path.c_str(), W_OK) != 0 ? errno
                                                           : 0;
  return error == 0 ? Result<void>() : io_failure("write", path, error);
}

}  // namespace obsctl
