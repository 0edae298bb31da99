// SPDX-License-Identifier: Apache-2.0
// The real disk with an accident at a chosen operation: the disk is full, or the process is killed.
//
// A kill is an exception that unwinds out of the code under test (which catches none), and every
// operation after it fails the test's assumption by throwing again: a dead process does nothing
// more. A killed write or recursive removal has done half of its work.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "lib/io/filesystem.hpp"

namespace obsctl::test {

struct Killed {};

class FaultyFileSystem : public FileSystem {
  using Path = std::filesystem::path;

 public:
  enum class Accident { disk_full, kill };

  // The accident happens at the `at`-th changing operation, counted from 1; 0: never. A full disk
  // stays full for writes; removing still works.
  FaultyFileSystem(Accident accident, int at) : accident_(accident), at_(at) {}

  [[nodiscard]] int operations() const { return count_; }

  [[nodiscard]] Result<std::string> read(const Path& path) const override { return os_.read(path); }
  [[nodiscard]] bool exists(const Path& path) const override { return os_.exists(path); }
  [[nodiscard]] bool is_directory(const Path& path) const override {
    return os_.is_directory(path);
  }
  [[nodiscard]] std::optional<FileMode> mode(const Path& path) const override {
    return os_.mode(path);
  }
  [[nodiscard]] std::optional<UserId> owner(const Path& path) const override {
    return os_.owner(path);
  }
  [[nodiscard]] Result<std::vector<Path>> list(const Path& dir) const override {
    return os_.list(dir);
  }
  [[nodiscard]] Result<DiskSpace> disk_space(const Path& path) const override {
    return os_.disk_space(path);
  }

  Result<void> write_atomic(const Path& path, std::string_view bytes, FileMode mode) override {
    OBS_TRY(step(path, true));
    return os_.write_atomic(path, bytes, mode);
  }
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader(const Path& path) const override {
    return os_.open_reader(path);
  }
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> open_writer(const Path& path,
                                                                FileMode mode) override {
    OBS_TRY(step(path, true));
    return std::make_unique<Writer>(*this, path, mode);
  }
  Result<void> make_directories(const Path& path, FileMode mode) override {
    OBS_TRY(step(path, true));
    return os_.make_directories(path, mode);
  }
  Result<void> rename(const Path& from, const Path& to) override {
    OBS_TRY(step(from, true));
    return os_.rename(from, to);
  }
  Result<void> remove(const Path& path) override {
    OBS_TRY(step(path, false));
    return os_.remove(path);
  }
  Result<void> remove_tree(const Path& path) override {
    if (count_ + 1 == at_ && accident_ == Accident::kill && os_.exists(path)) {
      const auto below = os_.list(path);
      if (below && !below->empty()) {
        static_cast<void>(os_.remove(path / below->front()));
      }
    }
    OBS_TRY(step(path, false));
    return os_.remove_tree(path);
  }
  Result<void> remove_if_empty(const Path& directory) override {
    OBS_TRY(step(directory, false));
    return os_.remove_if_empty(directory);
  }
  Result<void> write_staged(const Path& path, std::string_view bytes, FileMode mode) override {
    if (count_ + 1 == at_) {
      static_cast<void>(os_.write_staged(path, bytes.substr(0, bytes.size() / 2), mode));
    }
    OBS_TRY(step(path, true));
    return os_.write_staged(path, bytes, mode);
  }
  Result<void> move(const Path& from, const Path& to) override {
    OBS_TRY(step(from, true));
    return os_.move(from, to);
  }
  Result<void> sync(const std::vector<Path>& paths) override {
    return step(paths.empty() ? Path() : paths.front(), true);
  }
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override {
    OBS_TRY(step(path, true));
    return os_.lock(path);
  }

 private:
  // Each piece is an operation. A kill leaves the pieces before under another name.
  class Writer final : public FileWriter {
   public:
    Writer(FaultyFileSystem& owner, Path path, FileMode mode)
        : owner_(owner), path_(std::move(path)), mode_(mode) {}
    Result<void> write(std::string_view bytes) override {
      if (owner_.count_ + 1 == owner_.at_ && owner_.accident_ == Accident::kill) {
        static_cast<void>(owner_.os_.write_staged(path_.string() + ".partial", bytes_, mode_));
      }
      OBS_TRY(owner_.step(path_, true));
      bytes_ += bytes;
      return {};
    }
    Result<void> finish() override { return owner_.write_atomic(path_, bytes_, mode_); }

   private:
    FaultyFileSystem& owner_;
    Path path_;
    FileMode mode_;
    std::string bytes_;
  };

  Result<void> step(const Path& path, bool needs_space) {
    ++count_;
    const bool struck = at_ != 0 && count_ >= at_;
    if (struck && accident_ == Accident::kill) {
      throw Killed{};
    }
    if (struck && needs_space) {
      return fail(Code::io, "cannot write '" + path.string() + "': No space left on device");
    }
    return {};
  }

  OsFileSystem os_;
  Accident accident_;
  int at_;
  int count_ = 0;
};

}  // namespace obsctl::test
