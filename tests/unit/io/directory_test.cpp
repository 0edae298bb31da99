// SPDX-License-Identifier: Apache-2.0
// A directory that somebody else has filled: whatever is asked of it, nothing outside is read,
// written or removed, and no pipe makes it wait.
#include "lib/io/directory.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>

#include "lib/io/filesystem.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
namespace fs = std::filesystem;
using test::TemporaryDirectory;

namespace {

// `inside` is given to obsctl; `outside` is not its business.
struct Hostile {
  Hostile() {
    fs::create_directories(inside / "real");
    fs::create_directories(outside / "tree");
    write(outside / "file", "precious");
    write(outside / "tree" / "file", "precious");
    write(inside / "real" / "file", "mine");
    fs::create_symlink("../outside", inside / "link");
    fs::create_symlink("../outside/file", inside / "linked-file");
    fs::create_symlink("../../outside", inside / "real" / "link");
  }
  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

  // Every path outside with what it holds; a file that comes or goes changes it.
  [[nodiscard]] std::map<fs::path, std::string> seen_outside() const {
    std::map<fs::path, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(outside)) {
      out[entry.path()] = entry.is_regular_file() ? *OsFileSystem().read(entry.path()) : "";
    }
    return out;
  }

  TemporaryDirectory scratch;
  fs::path inside = scratch.path() / "inside";
  fs::path outside = scratch.path() / "outside";
};

Result<void> without_value(const auto& result) {
  return result ? Result<void>() : Failure(result.error());
}

// Everything that can be done with a path, by name.
std::map<std::string, std::function<Result<void>(Directory&, const fs::path&)>> operations() {
  return {
      {"read", [](Directory& d, const fs::path& p) { return without_value(d.read(p)); }},
      {"list", [](Directory& d, const fs::path& p) { return without_value(d.list(p)); }},
      {"make", [](Directory& d, const fs::path& p) { return d.make_directory(p, 0755); }},
      {"narrow", [](Directory& d, const fs::path& p) { return d.narrow(p, 0600); }},
      {"replace", [](Directory& d, const fs::path& p) { return d.replace(p, "evil", 0644); }},
      {"stage", [](Directory& d, const fs::path& p) { return d.stage(p, "evil", 0644); }},
      {"move from", [](Directory& d, const fs::path& p) { return d.move(p, "moved"); }},
      {"move to", [](Directory& d, const fs::path& p) { return d.move("real/file", p); }},
      {"sync", [](Directory& d, const fs::path& p) { return d.sync({p}); }},
      {"remove", [](Directory& d, const fs::path& p) { return d.remove(p); }},
      {"remove tree", [](Directory& d, const fs::path& p) { return d.remove_tree(p); }},
      {"remove if empty", [](Directory& d, const fs::path& p) { return d.remove_if_empty(p); }},
      {"lock", [](Directory& d, const fs::path& p) { return without_value(d.lock(p)); }},
      {"info", [](Directory& d, const fs::path& p) { return without_value(d.info(p)); }},
  };
}

}  // namespace

TEST_CASE("no operation leaves the directory by a link in a path, by '..' or by a root") {
  for (const auto& [name, operation] : operations()) {
    for (const std::string path :
         {"link/file", "link/new", "link/tree", "real/link/file", "../outside/file",
          "real/../../outside/file", "link/tree/file"}) {
      CAPTURE(name);
      CAPTURE(path);
      const Hostile hostile;
      const auto before = hostile.seen_outside();
      const auto directory = OsFileSystem().open_directory(hostile.inside);
      REQUIRE(directory);
      const auto done = operation(**directory, path);
      REQUIRE_FALSE(done);
      CHECK(done.error().code == Code::config);
      CHECK(hostile.seen_outside() == before);
      const auto absolute = operation(**directory, hostile.outside / "file");
      CHECK_FALSE(absolute);
      CHECK(hostile.seen_outside() == before);
    }
  }
}

TEST_CASE("a link at the end of a path is seen, replaced or removed, but never followed") {
  const Hostile hostile;
  const auto before = hostile.seen_outside();
  const auto opened = OsFileSystem().open_directory(hostile.inside);
  REQUIRE(opened);
  Directory& directory = **opened;
  CHECK((*directory.info("linked-file"))->kind == FileKind::link);
  const auto read = directory.read("linked-file");
  REQUIRE_FALSE(read);
  CHECK(read.error().message == "'" + (hostile.inside / "linked-file").string() +
                                    "' is a link, and obsctl follows none in '" +
                                    hostile.inside.string() + "'");
  CHECK_FALSE(directory.stage("linked-file", "evil", 0644));
  CHECK_FALSE(directory.narrow("linked-file", 0));
  CHECK_FALSE(directory.lock("linked-file"));
  CHECK_FALSE(directory.make_directory("link", 0700));
  CHECK_FALSE(directory.list("link"));
  REQUIRE(directory.replace("linked-file", "new", 0644));
  CHECK(*directory.read("linked-file") == "new");
  REQUIRE(directory.remove_tree("link"));
  CHECK(hostile.seen_outside() == before);
  // The directory that the user names may be a link; what is in it may not.
  fs::create_symlink("inside", hostile.scratch.path() / "name");
  const auto by_link = OsFileSystem().open_directory(hostile.scratch.path() / "name");
  REQUIRE(by_link);
  CHECK(*(*by_link)->read("real/file") == "mine");
}

TEST_CASE("removing a tree removes links in it, not what they lead to") {
  const Hostile hostile;
  const auto before = hostile.seen_outside();
  const auto directory = OsFileSystem().open_directory(hostile.inside);
  REQUIRE(directory);
  REQUIRE((*directory)->remove_tree("real"));
  CHECK_FALSE(fs::exists(hostile.inside / "real"));
  CHECK(hostile.seen_outside() == before);
}

TEST_CASE("pipes, devices and endless files are errors that come at once") {
  const TemporaryDirectory dir;
  const auto directory = OsFileSystem().open_directory(dir.path());
  REQUIRE(directory);
  REQUIRE(::mkfifo((dir.path() / "pipe").c_str(), 0600) == 0);
  for (const auto& result :
       {without_value((*directory)->read("pipe")), without_value((*directory)->lock("pipe"))}) {
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("pipe' is not a file") != std::string::npos);
  }
  CHECK((*(*directory)->info("pipe"))->kind == FileKind::other);
  CHECK((*directory)->list(".")->empty());
  std::ofstream(dir.path() / "large").close();
  fs::resize_file(dir.path() / "large", (16 << 20) + 1);
  const auto large = (*directory)->read("large");
  REQUIRE_FALSE(large);
  CHECK(large.error().message.find("is larger than 16 MiB") != std::string::npos);
  fs::resize_file(dir.path() / "large", 16 << 20);
  CHECK((*directory)->read("large"));
}

TEST_CASE("another file system below the directory is seen") {
  const auto root = OsFileSystem().open_directory("/");
  REQUIRE(root);
  CHECK((*(*root)->info("proc"))->mounted);
  CHECK_FALSE((*(*root)->info("usr/bin"))->mounted);
}

TEST_CASE("what is not there is nothing, also below a file") {
  const TemporaryDirectory dir;
  const auto directory = OsFileSystem().open_directory(dir.path());
  REQUIRE(directory);
  REQUIRE((*directory)->stage("file", "x", 0644));
  for (const char* path : {"none", "none/below", "file/below"}) {
    CAPTURE(path);
    CHECK_FALSE((*(*directory)->info(path)).has_value());
    CHECK((*directory)->read(path).error().code == Code::missing);
    CHECK_FALSE((*read_beneath(OsFileSystem(), dir.path(), path)).has_value());
    CHECK((*directory)->remove_if_empty(path));
    CHECK((*directory)->remove_tree(path));
  }
  CHECK_FALSE((*read_beneath(OsFileSystem(), dir.path() / "none", "file")).has_value());
  CHECK(OsFileSystem().open_directory(dir.path() / "none").error().code == Code::missing);
}

TEST_CASE("listing is sorted and recursive, and does not follow links") {
  const Hostile hostile;
  const auto directory = OsFileSystem().open_directory(hostile.inside);
  REQUIRE(directory);
  REQUIRE((*directory)->stage("a", "", 0644));
  CHECK(*(*directory)->list(".") == std::vector<fs::path>{"a", "real/file"});
  CHECK(*(*directory)->list("real") == std::vector<fs::path>{"file"});
}

TEST_CASE("modes are what was asked for, whatever the umask says") {
  const TemporaryDirectory dir;
  const auto directory = OsFileSystem().open_directory(dir.path());
  REQUIRE(directory);
  for (const mode_t mask : {0000, 0077}) {
    CAPTURE(mask);
    const mode_t before = ::umask(mask);
    REQUIRE((*directory)->make_directory("d", 0755));
    REQUIRE((*directory)->stage("d/f", "x", 0644));
    REQUIRE((*directory)->replace("d/r", "x", 0600));
    REQUIRE(OsFileSystem().make_directories(dir.path() / "users" / "own"));
    ::umask(before);
    CHECK((*(*directory)->info("d"))->mode == 0755);
    CHECK((*(*directory)->info("d/f"))->mode == 0644);
    CHECK((*(*directory)->info("d/r"))->mode == 0600);
    CHECK((*(*directory)->info("users"))->mode == (0755 & ~mask));
    REQUIRE((*directory)->remove_tree("d"));
    REQUIRE((*directory)->remove_tree("users"));
  }
  REQUIRE((*directory)->make_directory("wide", 0777));
  REQUIRE((*directory)->make_directory("wide", 0700));
  CHECK((*(*directory)->info("wide"))->mode == 0777);
  REQUIRE((*directory)->narrow("wide", 0700));
  CHECK((*(*directory)->info("wide"))->mode == 0700);
}

TEST_CASE("many files are synced with few descriptors") {
  const TemporaryDirectory dir;
  const auto directory = OsFileSystem().open_directory(dir.path());
  REQUIRE(directory);
  std::vector<fs::path> paths;
  for (int i = 0; i < 100; ++i) {
    paths.push_back(std::to_string(i));
    REQUIRE((*directory)->stage(paths.back(), "x", 0644));
  }
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto synced = (*directory)->sync(paths);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(synced);
}

TEST_CASE("a directory in the making is closed to others until it is in its place") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  const fs::path place = dir.path() / "a" / "stack";
  const auto made = disk.new_directory(place);
  REQUIRE(made);
  REQUIRE((*made)->directory().stage("f", "x", 0644));
  const fs::path site = fs::directory_iterator(dir.path() / "a")->path();
  CHECK(site.filename().string().starts_with(".stack.obsctl-"));
  CHECK(*disk.mode(site) == 0700);
  const auto second = disk.new_directory(place);  // does not touch a living one
  REQUIRE(second);
  CHECK(fs::exists(site / "f"));
  const auto placed = (*made)->put_in_place();
  REQUIRE(placed);
  CHECK(*disk.mode(place) == (0755 & ~disk.umask()));
  CHECK(*(*placed)->read("f") == "x");
  const auto late = (*second)->put_in_place();
  REQUIRE_FALSE(late);
  CHECK(late.error().message.find("has just been created by somebody else") != std::string::npos);
  REQUIRE((*second)->discard());
  CHECK(std::distance(fs::directory_iterator(dir.path() / "a"), fs::directory_iterator()) == 1);
}

TEST_CASE("what a killed process left of a new directory is removed, and nothing else") {
  const TemporaryDirectory dir;
  OsFileSystem disk;
  fs::create_directories(dir.path() / ".stack.obsctl-left" / "tree");
  fs::create_directories(dir.path() / "project" / "tree");
  fs::create_symlink("project", dir.path() / ".stack.obsctl-link");
  const auto made = disk.new_directory(dir.path() / "stack");
  REQUIRE(made);
  CHECK_FALSE(fs::exists(dir.path() / ".stack.obsctl-left"));
  CHECK(fs::exists(dir.path() / "project" / "tree"));
}

TEST_CASE("a place that another user is making is refused" * doctest::skip(::geteuid() != 0)) {
  const TemporaryDirectory dir;
  const fs::path theirs = dir.path() / ".stack.obsctl-theirs";
  fs::create_directories(theirs);
  REQUIRE(::chown(theirs.c_str(), 61002, 61002) == 0);
  const auto made = OsFileSystem().new_directory(dir.path() / "stack");
  REQUIRE_FALSE(made);
  CHECK(made.error().message.find("another user is making") != std::string::npos);
  CHECK(fs::exists(theirs));
}
