// SPDX-License-Identifier: Apache-2.0
// Reads at a place without moving one, from a file or from memory.
#include "lib/archive/blob.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/io/posix.hpp"

namespace obsctl::archive {
namespace {

class FileBlob final : public Blob {
 public:
  FileBlob(Fd file, std::filesystem::path name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset,
                                            std::span<char> into) const override {
    for (;;) {
      const ssize_t n = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (n >= 0) {
        return static_cast<std::size_t>(n);
      }
      if (errno != EINTR) {
        return io_failure("read", name_, errno);
      }
    }
  }

 private:
  Fd file_;
  std::filesystem::path name_;
  std::uint64_t size_;
};

}  // namespace

Result<std::size_t> MemoryBlob::read_at(std::uint64_t offset, std::span<char> into) const {
  return offset >= bytes_.size()
             ? std::size_t{0}
             : bytes_.copy(into.data(), into.size(), static_cast<std::size_t>(offset));
}

Result<std::unique_ptr<Blob>> file_blob(Fd file, std::filesystem::path name) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return io_failure("read", name, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::io, fmt::format("'{}' is not a regular file", name.string()));
  }
  return std::make_unique<FileBlob>(std::move(file), std::move(name),
                                    static_cast<std::uint64_t>(info.st_size));
}

}  // namespace obsctl::archive
