// SPDX-License-Identifier: Apache-2.0
// Files in pieces: nothing is there before the end, and nothing is left of what was given up.
#include <doctest/doctest.h>

#include <array>
#include <map>

#include "lib/io/filesystem.hpp"
#include "tests/support/faulty_filesystem.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using test::FaultyFileSystem;
using test::TemporaryDirectory;

namespace {

// Keeps whole files only, as a fake does that knows nothing of streams.
class WholeFiles final : public FileSystem {
  using Path = std::filesystem::path;

 public:
  Result<std::string> read(const Path& path) const override {
    const auto found = files.find(path);
    return found != files.end() ? Result<std::string>(found->second) : fail(Code::missing, "no");
  }
  Result<void> write_atomic(const Path& path, std::string_view bytes, FileMode) override {
    files[path] = bytes;
    return {};
  }
  bool exists(const Path& path) const override { return files.contains(path); }
  bool is_directory(const Path&) const override { return false; }
  std::optional<FileMode> mode(const Path&) const override { return {}; }
  Result<DiskSpace> disk_space(const Path&) const override { return DiskSpace{}; }
  Result<void> make_directories(const Path&) override { return {}; }
  Result<std::unique_ptr<Directory>> open_directory(const Path&) const override {
    return fail(Code::missing, "no");
  }
  Result<std::unique_ptr<NewDirectory>> new_directory(const Path&) override {
    return fail(Code::missing, "no");
  }

  std::map<Path, std::string> files;
};

long entries(const std::filesystem::path& dir) {
  return std::distance(std::filesystem::directory_iterator(dir),
                       std::filesystem::directory_iterator());
}

// Writes ten pieces and reads them back in pieces of another size.
void goes_through(FileSystem& disk, const std::filesystem::path& path) {
  auto writer = disk.open_writer(path, 0640);
  REQUIRE(writer);
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i));
    REQUIRE((*writer)->write(piece));
    expected += piece;
  }
  CHECK_FALSE(disk.exists(path));
  REQUIRE((*writer)->finish());
  writer->reset();
  auto reader = disk.open_reader(path);
  REQUIRE(reader);
  std::string read;
  std::array<char, 777> chunk{};
  for (;;) {
    const auto n = (*reader)->read(chunk);
    REQUIRE(n);
    if (*n == 0) {
      break;
    }
    read.append(chunk.data(), *n);
  }
  CHECK(read == expected);
  CHECK_FALSE(disk.open_reader(path.parent_path() / "missing"));
}

}  // namespace

TEST_CASE("pieces go through the disk and through a file system that has only whole files") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  goes_through(disk, dir.path() / "f");
  CHECK(*disk.mode(dir.path() / "f") == 0640);
  CHECK(entries(dir.path()) == 1);
  WholeFiles whole;
  goes_through(whole, "/f");
}

TEST_CASE("a file that is given up leaves nothing, and what was there before stays") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  REQUIRE(disk.write_atomic(dir.path() / "f", "before", 0600));
  {
    auto writer = disk.open_writer(dir.path() / "f", 0600);
    REQUIRE(writer);
    REQUIRE((*writer)->write("after"));
    CHECK(entries(dir.path()) == 2);
  }
  CHECK(entries(dir.path()) == 1);
  CHECK(*disk.read(dir.path() / "f") == "before");
  const auto nowhere = disk.open_writer(dir.path() / "no" / "f", 0600);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == Code::missing);
}

TEST_CASE("a disk that is full from any piece on is an error, and no file appears") {
  for (int at = 1; at <= 4; ++at) {
    CAPTURE(at);
    const TemporaryDirectory dir;
    FaultyFileSystem disk(FaultyFileSystem::Accident::disk_full, at);
    const auto fill = [&]() -> Result<void> {
      OBS_TRY_ASSIGN(const auto writer, disk.open_writer(dir.path() / "f", 0600));
      OBS_TRY(writer->write("one"));
      OBS_TRY(writer->write("two"));
      return writer->finish();
    };
    const auto filled = fill();
    REQUIRE_FALSE(filled);
    CHECK(filled.error().code == Code::io);
    CHECK(entries(dir.path()) == 0);
  }
}

TEST_CASE("a kill between two pieces leaves only a partial file") {
  const TemporaryDirectory dir;
  FaultyFileSystem disk(FaultyFileSystem::Accident::kill, 3);
  const auto writer = disk.open_writer(dir.path() / "f", 0600);
  REQUIRE(writer);
  REQUIRE((*writer)->write("one"));
  CHECK_THROWS_AS(static_cast<void>((*writer)->write("two")), test::Killed);
  CHECK_FALSE(disk.exists(dir.path() / "f"));
  CHECK(*disk.read(dir.path() / "f.partial") == "one");
}
