// SPDX-License-Identifier: Apache-2.0
// The disk: atomic replacement, modes, and errors that name path and cause.
#include "lib/io/filesystem.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

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

TEST_CASE("a link at the destination is replaced, not followed") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  REQUIRE(disk.write_atomic(dir.path() / "target", "precious", 0644));
  fs::create_symlink(dir.path() / "target", dir.path() / "link");
  REQUIRE(disk.write_atomic(dir.path() / "link", "new", 0644));
  CHECK(*disk.read(dir.path() / "target") == "precious");
  CHECK(*disk.read(dir.path() / "link") == "new");
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
