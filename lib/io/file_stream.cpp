// SPDX-License-Identifier: Apache-2.0
// Files read and written piece by piece: the disk's, and those of a file system that has only whole
// ones.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/io/fd.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/posix.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

class OsFileReader final : public FileReader {
 public:
  explicit OsFileReader(fs::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}
  [[nodiscard]] bool opened() const { return fd_.open(); }

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
  return file;
}

Result<std::unique_ptr<FileWriter>> OsFileSystem::open_writer(const fs::path& path, FileMode mode) {
  auto file = std::make_unique<OsFileWriter>(path, mode);
  if (!file->opened()) {
    return io_failure("write", path, errno);
  }
  return file;
}

}  // namespace obsctl
