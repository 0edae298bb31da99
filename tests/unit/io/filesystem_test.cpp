// SPDX-License-Identifier: Apache-2.0
// The disk: atomic replacement, modes, and errors that name path and cause.
#include "lib/io/filesystem.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "lib/io/fd.hpp"
#include "lib/io/random.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
namespace fs = std::filesystem;
using test::TemporaryDirectory;

TEST_CASE("a file is replaced whole, with its mode, and nothing else is left") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  REQUIRE(disk.write_atomic(dir.path() / "f", "one", 0600));
  REQUIRE(disk.write_atomic(dir.path() / "f", "two", 0640));
  CHECK(*disk.read(dir.path() / "f") == "two");
  CHECK(*disk.mode(dir.path() / "f") == 0640);
  CHECK((*disk.open_directory(dir.path()))->list(".")->size() == 1);
}

TEST_CASE("a link at the destination stays, what it leads to is replaced") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  fs::create_directory(dir.path() / "elsewhere");
  fs::create_symlink("elsewhere/target", dir.path() / "near");
  fs::create_symlink(dir.path() / "near", dir.path() / "link");
  for (const char* text : {"made", "replaced"}) {
    REQUIRE(disk.write_atomic(dir.path() / "link", text, 0644));
    CHECK(*disk.read(dir.path() / "elsewhere" / "target") == text);
  }
  CHECK(fs::is_symlink(dir.path() / "link"));
  CHECK(fs::is_symlink(dir.path() / "near"));
  CHECK((*disk.open_directory(dir.path() / "elsewhere"))->list(".")->size() == 1);
  fs::create_symlink("round", dir.path() / "round");
  CHECK_FALSE(disk.write_atomic(dir.path() / "round", "x", 0644));
  CHECK_FALSE(disk.check_writable(dir.path() / "round"));
}

TEST_CASE("a pipe, a device and an open descriptor are written to and stay what they are") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  const fs::path fifo = dir.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const Fd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(disk.check_writable(fifo));
  REQUIRE(disk.write_atomic(fifo, "through", 0644));
  std::array<char, 16> read{};
  CHECK(::read(reader.get(), read.data(), read.size()) == 7);
  CHECK(fs::is_fifo(fifo));

  fs::create_symlink("/dev/full", dir.path() / "full");
  CHECK(disk.check_writable(dir.path() / "full"));
  CHECK_FALSE(disk.write_atomic(dir.path() / "full", "x", 0644));
  CHECK(fs::is_symlink(dir.path() / "full"));

  // As '> file' opened it: what was written before stays.
  const fs::path file = dir.path() / "file";
  const Fd opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::write(opened.get(), "before ", 7) == 7);
  const std::string name = "/dev/fd/" + std::to_string(opened.get());
  CHECK(disk.check_writable(name));
  REQUIRE(disk.write_atomic(name, "after", 0644));
  CHECK(*disk.read(file) == "before after");
  CHECK_FALSE(disk.check_writable("/dev/fd/987654"));
}

TEST_CASE("whether a file can be written is known before, and asking leaves nothing") {
  const TemporaryDirectory dir;
  const OsFileSystem disk;
  CHECK(disk.check_writable(dir.path() / "new"));
  CHECK_FALSE(disk.check_writable(dir.path() / "no" / "such"));
  CHECK_FALSE(disk.check_writable(dir.path()));
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("reading ends at a limit") {
  const OsFileSystem disk;
  const auto endless = disk.read("/dev/zero");
  REQUIRE_FALSE(endless);
  CHECK(endless.error().message == "'/dev/zero' is larger than 16 MiB");
}

TEST_CASE("errors name the path and the cause") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  const auto missing = disk.read(dir.path() / "nothing");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::missing);
  CHECK(missing.error().message.find("nothing") != std::string::npos);
  CHECK_FALSE(disk.write_atomic(dir.path() / "no" / "such" / "dir", "x", 0644));
  REQUIRE(disk.write_atomic(dir.path() / "file", "x", 0644));
  CHECK_FALSE(disk.make_directories(dir.path() / "file" / "below"));
}

TEST_CASE("the space of a disk is that of the nearest directory that is there") {
  const TemporaryDirectory dir;
  const OsFileSystem disk;
  const auto here = disk.disk_space(dir.path());
  REQUIRE(here);
  CHECK(here->total.value > 0);
  CHECK(here->available.value >= 0);
  CHECK(here->available <= here->total);
  const auto below = disk.disk_space(dir.path() / "not" / "made yet");
  REQUIRE(below);
  CHECK(below->total == here->total);
  CHECK(disk.disk_space("not/made yet"));
  REQUIRE(OsFileSystem().write_atomic(dir.path() / "file", "x", 0644));
  const auto impossible = disk.disk_space(dir.path() / "file" / "below");
  REQUIRE_FALSE(impossible);
  CHECK(impossible.error().message.find("file/below") != std::string::npos);
}

TEST_CASE("tokens have the asked length, a safe alphabet, and differ") {
  OsRandom random;
  const auto a = random.token(32);
  const auto b = random.token(32);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->size() == 32);
  CHECK(*a != *b);
  CHECK(a->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
        std::string::npos);
}
