// SPDX-License-Identifier: Apache-2.0
// The real disk with an accident at a chosen operation: the disk is full, or the process is killed.
//
// A kill is an exception that unwinds out of the code under test (which catches none), and every
// operation after it fails the test's assumption by throwing again: a dead process does nothing
// more. A killed write or recursive removal has done half of its work.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "lib/io/filesystem.hpp"

namespace obsctl::test {

struct Killed {};

enum class Accident { disk_full, kill };

// Counts changing operations, and lets the `at`-th of them be the accident, counted from 1; 0:
// never. A full disk stays full for writes; removing still works.
class Fate {
 public:
  Fate(Accident accident, int at) : accident_(accident), at_(at) {}

  [[nodiscard]] int operations() const { return count_; }
  // The next operation is the accident.
  [[nodiscard]] bool strikes_next() const { return at_ != 0 && count_ + 1 == at_; }
  [[nodiscard]] bool kills_next() const { return strikes_next() && accident_ == Accident::kill; }

  Result<void> step(const std::filesystem::path& path, bool needs_space) {
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

 private:
  Accident accident_;
  int at_;
  int count_ = 0;
};

class FaultyDirectory final : public Directory {
  using Path = std::filesystem::path;

 public:
  FaultyDirectory(std::unique_ptr<Directory> owned, Fate& fate)
      : owned_(std::move(owned)), os_(*owned_), fate_(fate) {}
  FaultyDirectory(Directory& os, Fate& fate) : os_(os), fate_(fate) {}

  [[nodiscard]] Result<std::optional<FileInfo>> info(const Path& path) const override {
    return os_.info(path);
  }
  [[nodiscard]] Result<std::string> read(const Path& path) const override { return os_.read(path); }
  [[nodiscard]] Result<std::vector<Path>> list(const Path& path) const override {
    return os_.list(path);
  }
  Result<void> make_directory(const Path& path, FileMode mode) override {
    OBS_TRY(fate_.step(path, true));
    return os_.make_directory(path, mode);
  }
  Result<void> narrow(const Path& path, FileMode mode) override {
    OBS_TRY(fate_.step(path, false));
    return os_.narrow(path, mode);
  }
  Result<void> replace(const Path& path, std::string_view bytes, FileMode mode) override {
    OBS_TRY(fate_.step(path, true));
    return os_.replace(path, bytes, mode);
  }
  Result<void> stage(const Path& path, std::string_view bytes, FileMode mode) override {
    if (fate_.strikes_next()) {
      static_cast<void>(os_.stage(path, bytes.substr(0, bytes.size() / 2), mode));
    }
    OBS_TRY(fate_.step(path, true));
    return os_.stage(path, bytes, mode);
  }
  Result<void> move(const Path& from, const Path& to) override {
    OBS_TRY(fate_.step(from, true));
    return os_.move(from, to);
  }
  Result<void> sync(const std::vector<Path>& paths) override {
    return fate_.step(paths.empty() ? Path() : paths.front(), true);
  }
  Result<void> remove(const Path& path) override {
    OBS_TRY(fate_.step(path, false));
    return os_.remove(path);
  }
  Result<void> remove_tree(const Path& path) override {
    if (const auto below = os_.list(path); fate_.kills_next() && below && !below->empty()) {
      static_cast<void>(os_.remove(path / below->front()));
    }
    OBS_TRY(fate_.step(path, false));
    return os_.remove_tree(path);
  }
  Result<void> remove_if_empty(const Path& path) override {
    OBS_TRY(fate_.step(path, false));
    return os_.remove_if_empty(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override {
    OBS_TRY(fate_.step(path, true));
    return os_.lock(path);
  }

 private:
  std::unique_ptr<Directory> owned_;
  Directory& os_;
  Fate& fate_;
};

class FaultyNewDirectory final : public NewDirectory {
 public:
  FaultyNewDirectory(std::unique_ptr<NewDirectory> os, Fate& fate)
      : os_(std::move(os)), directory_(os_->directory(), fate), fate_(fate) {}

  Directory& directory() override { return directory_; }
  Result<std::unique_ptr<Directory>> put_in_place() override {
    OBS_TRY(fate_.step("new directory", true));
    OBS_TRY_ASSIGN(auto made, os_->put_in_place());
    OBS_TRY(fate_.step("new directory", false));  // killed when it is there
    return std::make_unique<FaultyDirectory>(std::move(made), fate_);
  }
  Result<void> discard() override {
    OBS_TRY(fate_.step("new directory", false));
    return os_->discard();
  }

 private:
  std::unique_ptr<NewDirectory> os_;
  FaultyDirectory directory_;
  Fate& fate_;
};

class FaultyFileSystem : public FileSystem {
  using Path = std::filesystem::path;

 public:
  using Accident = test::Accident;

  FaultyFileSystem(Accident accident, int at) : fate_(std::make_unique<Fate>(accident, at)) {}

  [[nodiscard]] int operations() const { return fate_->operations(); }

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
  [[nodiscard]] Result<DiskSpace> disk_space(const Path& path) const override {
    return os_.disk_space(path);
  }

  Result<void> write_atomic(const Path& path, std::string_view bytes, FileMode mode) override {
    OBS_TRY(fate_->step(path, true));
    return os_.write_atomic(path, bytes, mode);
  }
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader(const Path& path) const override {
    return os_.open_reader(path);
  }
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> open_writer(const Path& path,
                                                                FileMode mode) override {
    OBS_TRY(fate_->step(path, true));
    return std::make_unique<Writer>(*this, path, mode);
  }
  Result<void> make_directories(const Path& path) override {
    OBS_TRY(fate_->step(path, true));
    return os_.make_directories(path);
  }
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(const Path& path) const override {
    OBS_TRY_ASSIGN(auto directory, os_.open_directory(path));
    return std::make_unique<FaultyDirectory>(std::move(directory), *fate_);
  }
  [[nodiscard]] Result<std::unique_ptr<NewDirectory>> new_directory(const Path& place) override {
    OBS_TRY(fate_->step(place, true));
    OBS_TRY_ASSIGN(auto made, os_.new_directory(place));
    return std::make_unique<FaultyNewDirectory>(std::move(made), *fate_);
  }

 private:
  // Each piece is an operation. A kill leaves the pieces before under another name.
  class Writer final : public FileWriter {
   public:
    Writer(FaultyFileSystem& owner, Path path, FileMode mode)
        : owner_(owner), path_(std::move(path)), mode_(mode) {}
    Result<void> write(std::string_view bytes) override {
      if (owner_.fate_->kills_next()) {
        static_cast<void>(owner_.os_.write_atomic(path_.string() + ".partial", bytes_, mode_));
      }
      OBS_TRY(owner_.fate_->step(path_, true));
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

  OsFileSystem os_;
  std::unique_ptr<Fate> fate_;
};

}  // namespace obsctl::test
