// SPDX-License-Identifier: Apache-2.0
// What goes into an archive comes out of it, with everything that a file system knows about it.
#include <doctest/doctest.h>
#include <sys/sysmacros.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "lib/archive/tar_reader.hpp"
#include "lib/archive/tar_sink.hpp"
#include "lib/archive/tar_source.hpp"
#include "tests/unit/archive/tree.hpp"

namespace obsctl::archive::test {
namespace {

using Random = std::mt19937_64;

std::string bytes(Random& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) {
    c = static_cast<char>(random());
  }
  return out;
}

std::string random_name(Random& random) {
  static const std::vector<std::string> k_odd = {"new\nline", "tab\t",    " ",         "-rf",
                                                 "*",         "\xff\xfe", "e\xcc\x81", "\xc3\xa9",
                                                 "a=b%3D",    "'\"\\"};
  return (random() % 4 == 0 ? k_odd[random() % k_odd.size()] : "f") +
         std::to_string(random() % 1000) +
         (random() % 8 == 0 ? std::string(120 + random() % 100, 'n') : "");
}

void set_time(const std::string& path, std::int64_t seconds, long ns) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = seconds, .tv_nsec = ns}};
  ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

void own(const std::string& path, Random& random) {
  if (::geteuid() == 0) {
    [[maybe_unused]] const int done =
        ::lchown(path.c_str(), static_cast<uid_t>(random() % 70000),
                 static_cast<gid_t>(random() % 3 == 0 ? 3'000'000'000 : random() % 70000));
  }
}

// Fills a directory with something of every kind.
void grow(const std::string& top, Random& random, int depth) {
  std::vector<std::string> files;
  for (int i = 0; i < 8; ++i) {
    const std::string path = top + "/" + random_name(random);
    if (fs::exists(fs::symlink_status(path))) {
      continue;
    }
    switch (random() % 6) {
      case 0:
        if (depth < 4) {
          fs::create_directory(path);
          grow(path, random, depth + 1);
          ::chmod(path.c_str(), static_cast<mode_t>(0700 | (random() % 010000)));
        }
        break;
      case 1:
        fs::create_symlink(random() % 2 == 0 ? "/etc/passwd" : random_name(random), path);
        break;
      case 2:
        if (!files.empty()) {
          fs::create_hard_link(files[random() % files.size()], path);
        }
        continue;  // its metadata is that of the file
      case 3: ::mkfifo(path.c_str(), 0640); break;
      default:
        put(path, bytes(random, random() % 3 == 0 ? 0 : random() % 5000));
        files.push_back(path);
        ::setxattr(path.c_str(), "user.k=%3D", "v\0\n", 3, 0);
    }
    own(path, random);
    if (fs::is_regular_file(fs::symlink_status(path))) {
      ::chmod(path.c_str(), static_cast<mode_t>(0400 | (random() % 010000)));
    }
    set_time(path, static_cast<std::int64_t>(random() % 5'000'000'000) - 1'000'000'000,
             static_cast<long>(random() % 2 == 0 ? 0 : random() % 1'000'000'000));
  }
}

Extent extent(std::uint64_t offset, std::uint64_t size) {
  return {.offset = offset, .size = size};
}

}  // namespace

TEST_CASE("random trees come back equal in content and in metadata") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  Random random(seed);
  for (int round = 0; round < 20; ++round) {
    const Scratch scratch;
    const std::string tree = scratch.make("tree");
    grow(tree, random, 0);
    const auto before = tree_of(tree);
    const auto made = make(tree, {.threads = 3, .frame = std::size_t{1} << (10 + random() % 8)});
    REQUIRE(made.has_value());
    CHECK_FALSE(any(made->problems, Gravity::incomplete));
    const auto verified = verify(*made, Level::full);
    REQUIRE_MESSAGE(verified.has_value(), verified.error().message);
    CHECK(verify(*made, Level::quick).has_value());
    CHECK(verified->entries == before.size());
    for (const bool openat2 : {true, false}) {
      const std::string out = scratch.make(openat2 ? "a" : "b");
      const auto extracted = unpack(*made, out, {.openat2 = openat2});
      REQUIRE_MESSAGE(extracted.has_value(), extracted.error().message);
      CHECK(tree_of(out) == before);
    }
    // And through the stream that the engine takes and gives.
    std::string tar;
    TarSink sink(into(tar), {.sparse = round % 2 == 0});
    REQUIRE(extract(Opened(*made).stored, sink).has_value());
    TarSource source(from(tar));
    const auto again = make(source);
    REQUIRE_MESSAGE(again.has_value(), again.error().message);
    CHECK(read_index(Opened(*again).stored)->entries == read_index(Opened(*made).stored)->entries);
    CHECK(again->summary.tar_sha256 == made->summary.tar_sha256);
  }
}

TEST_CASE("the distribution's tar unpacks an archive, and obsctl takes what that tar packs") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  Random random(seed);
  const Scratch scratch;
  const std::string tree = scratch.make("data");
  for (int i = 0; i < 5; ++i) {
    grow(tree, random, 0);
  }
  put(tree + "/hole", "begin");
  fs::resize_file(tree + "/hole", 3 << 20);
  const auto run = [&](const std::string& command) {
    CAPTURE(command);
    return std::system(("cd " + (scratch / ".") + " && " + command).c_str());
  };
  const auto made = make(tree, {.frame = 64 << 10});
  REQUIRE(made.has_value());
  put(scratch / "blob.tar.zst", made->blob);
  const std::string out = scratch.make("out");
  // Needs the program zstd. Two frames and more are one stream to it.
  REQUIRE(run("tar --zstd --xattrs --xattrs-include='*' -xpf blob.tar.zst -C " + out +
              " 2>messages") == 0);
  CHECK(tree_of(out + "/data") == tree_of(tree));

  for (const std::string format : {"pax", "gnu"}) {
    const std::string options = format == "pax" ? "--sparse --xattrs" : "";
    REQUIRE(run("tar " + options + " --format=" + format + " -cf back.tar data") == 0);
    const std::string tar = get(scratch / "back.tar");
    TarSource source(from(tar));
    const auto back = make(source);
    REQUIRE_MESSAGE(back.has_value(), back.error().message);
    const std::string to = scratch.make("to-" + format);
    REQUIRE(unpack(*back, to).has_value());
    auto wanted = tree_of(tree);
    auto found = tree_of(to);
    if (format == "gnu") {  // knows neither fractions of seconds nor attributes
      for (auto* entries : {&wanted, &found}) {
        for (auto& [path, entry] : *entries) {
          entry.xattrs.clear();
          entry.mtime_ns = std::int64_t(std::floor(double(entry.mtime_ns) / 1e9));
        }
      }
    }
    CHECK(found.size() == wanted.size());
    for (const auto& [path, entry] : wanted) {
      CAPTURE(path);
      // The tar chooses for itself which of several names comes first.
      if (found[path].type == entry.type) {
        Entry other = found[path];
        other.link = entry.link;
        CHECK(other == entry);
      } else {
        CHECK((entry.type == EntryType::hardlink || found[path].type == EntryType::hardlink));
      }
    }
  }
}

TEST_CASE("two thousand small files") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  for (int i = 0; i < 2000; ++i) {
    put(fmt::format("{}/{}", tree, i), fmt::format("content {}", i));
  }
  const auto made = make(tree);
  REQUIRE(made.has_value());
  CHECK(made->summary.entries == 2001);
  CHECK(verify(*made, Level::full)->files == 2000);
  const std::string out = scratch.make("out");
  CHECK(unpack(*made, out)->entries == 2001);
  CHECK(tree_of(out) == tree_of(tree));
}

TEST_CASE("a sparse file of 1 GiB stays one") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  const std::string path = tree + "/vlog";
  put(path, "begin");
  fs::resize_file(path, std::uint64_t{1} << 30U);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500 << 20);
    file << "middle";
  }
  const auto made = make(tree);
  REQUIRE(made.has_value());
  CHECK(made->summary.raw_bytes < 1 << 20);
  REQUIRE(verify(*made, Level::full).has_value());
  const std::string out = scratch.make("out");
  REQUIRE(unpack(*made, out).has_value());
  struct stat info {};
  REQUIRE(::stat((out + "/vlog").c_str(), &info) == 0);
  CHECK(info.st_size == 1 << 30);
  CHECK(info.st_blocks * 512 < 1 << 20);
  CHECK(tree_of(out) == tree_of(tree));
}

TEST_CASE("headers say everything that a member is") {
  std::vector<Member> members;
  Entry odd;
  odd.path = "data/" + std::string(200, 'd') + "/" + std::string(200, '\xff');
  odd.mode = 07777;
  odd.uid = 4'000'000'000;
  odd.gid = 2'097'152;
  odd.mtime_ns = -1;
  odd.size = std::uint64_t{9} << 40U;
  odd.xattrs = {{"user.a=b", std::string("\0=\n", 3)}, {"trusted.%", ""}};
  members.push_back({.entry = odd, .data = {extent(512, 1), extent(4096, 100'000)}});
  members.push_back({.entry = odd, .data = {}});
  odd.mtime_ns = 1'700'000'000'123'456'789;
  members.push_back({.entry = odd, .data = whole(odd.size)});
  odd.type = EntryType::hardlink;
  odd.size = 0;
  odd.link = "data/" + std::string(300, 'l');
  members.push_back({.entry = odd, .data = {}});
  odd.type = EntryType::block_device;
  odd.link = "";
  odd.device_major = 259;
  odd.device_minor = 0x12345678;
  members.push_back({.entry = odd, .data = {}});
  for (const Member& member : members) {
    const std::string header = header_of(member);
    CHECK(header.size() % k_block == 0);
    TarReader reader(from(header));
    const auto read = reader.next();
    REQUIRE_MESSAGE(read.has_value(), read.error().message);
    CHECK((*read)->entry == member.entry);
    CHECK((*read)->data == member.data);
    CHECK(reader.position() == header.size());
  }
}

TEST_CASE("one file, one directory, a link without its file") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  Random random(7);
  for (int i = 0; i < 50; ++i) {
    put(fmt::format("{}/{:02}", tree, i), bytes(random, 100'000));
  }
  fs::create_directories(tree + "/a/b/c");
  put(tree + "/a/b/c/file", "deep");
  ::chmod((tree + "/a").c_str(), 0711);
  put(tree + "/hole", "x");
  fs::resize_file(tree + "/hole", 1 << 20);
  fs::create_hard_link(tree + "/00", tree + "/z1");
  fs::create_hard_link(tree + "/00", tree + "/z2");
  const auto made = make(tree, {.frame = 64 << 10});
  REQUIRE(made.has_value());
  const Opened opened(*made);
  for (const std::string name : {"49", "00", "25", "z1", "hole", "a/b/c/file"}) {
    std::string content;
    const auto read = read_file(opened.stored, "data/" + name, into(content));
    REQUIRE_MESSAGE(read.has_value(), read.error().message);
    CHECK(content == get(tree + "/" + name));
  }
  std::string content;
  CHECK(read_file(opened.stored, "data/a", into(content)).error().code == Code::usage);
  CHECK(read_file(opened.stored, "data/none", into(content)).error().code == Code::usage);

  const std::string out = scratch.make("out");
  REQUIRE(unpack(*made, out, {}, {.paths = {"data/a/b", "data/z1", "data/z2"}}).has_value());
  CHECK(get(out + "/a/b/c/file") == "deep");
  CHECK((fs::status(out + "/a").permissions() & fs::perms::mask) == fs::perms(0711));
  CHECK(get(out + "/z1") == get(tree + "/00"));
  CHECK(fs::equivalent(out + "/z1", out + "/z2"));
  CHECK_FALSE(fs::exists(out + "/00"));
}

TEST_CASE("a tree that changes while it is read is not called whole") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  for (const char* name : {"a-grows", "b-shrinks", "c-vanishes", "d-becomes-a-link", "e-stays"}) {
    put(tree + "/" + name, std::string(1 << 20, 'x'));
  }
  DirectorySource source(*open_root(tree));
  std::string blob;
  std::string index;
  int calls = 0;
  WriteOptions options;
  options.progress = [&](std::uint64_t) -> Result<void> {
    if (++calls == 3) {  // in the first file
      std::ofstream(tree + "/a-grows", std::ios::app) << "more";
      fs::resize_file(tree + "/b-shrinks", 1000);
      fs::remove(tree + "/c-vanishes");
      fs::remove(tree + "/d-becomes-a-link");
      fs::create_symlink("/etc/passwd", tree + "/d-becomes-a-link");
    }
    return {};
  };
  const auto written = write_archive(source, into(blob), into(index), options);
  REQUIRE(written.has_value());
  std::map<std::string, std::string> said;
  for (const Problem& problem : written->problems) {
    said[problem.path] = problem.what;
  }
  CHECK(said["data/a-grows"].starts_with("changed its size from 1048576 to 1048580"));
  CHECK(said["data/c-vanishes"] == "vanished before it was read");
  CHECK(any(written->problems, Gravity::incomplete));
  CHECK_FALSE(said.contains("data/e-stays"));
  const Made made{.blob = blob, .index = index, .summary = written->summary, .problems = {}};
  CHECK(verify(made, Level::full).has_value());
}

TEST_CASE("a file that shrinks while it is read is filled up and named") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  put(tree + "/shrinks", std::string(4 << 20, 'x'));
  put(tree + "/z", "behind");
  DirectorySource source(*open_root(tree));
  std::string blob;
  std::string index;
  WriteOptions options;
  options.progress = [&, cut = false](std::uint64_t bytes) mutable -> Result<void> {
    if (bytes > 1 << 20 && !cut) {
      cut = true;
      fs::resize_file(tree + "/shrinks", 2000);
    }
    return {};
  };
  const auto written = write_archive(source, into(blob), into(index), options);
  REQUIRE(written.has_value());
  REQUIRE(written->problems.size() == 1);
  CHECK(written->problems[0].str() ==
        "'data/shrinks' changed its size from 4194304 to 2000 while it was read");
  const Made made{.blob = blob, .index = index, .summary = written->summary, .problems = {}};
  REQUIRE(verify(made, Level::full).has_value());
  std::string behind;
  CHECK(read_file(Opened(made).stored, "data/z", into(behind)).has_value());
  CHECK(behind == "behind");
}

TEST_CASE("what cannot be read is named, and so is what no archive holds") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  put(tree + "/secret", "x");
  ::chmod((tree + "/secret").c_str(), 0);
  ::mknod((tree + "/socket").c_str(), S_IFSOCK | 0600, 0);
  const auto made = make(tree);
  REQUIRE(made.has_value());
  const std::size_t others = ::geteuid() == 0 ? 0 : 1;  // root reads everything
  REQUIRE(made->problems.size() == 1 + others);
  CHECK(made->problems.back().str() == "'data/socket' is a socket, which no archive holds");
  CHECK(any(made->problems, Gravity::incomplete) == (others == 1));
  CHECK(made->summary.entries == 2 - others);
}

TEST_CASE("an error of a sink or of the progress ends the work") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  put(tree + "/f", std::string(3 << 20, 'x'));
  const ByteSink full = [](std::string_view) -> Result<void> {
    return fail(Code::io, "no space left on device");
  };
  std::string other;
  DirectorySource first(*open_root(tree));
  CHECK(write_archive(first, full, into(other), {.frame = 1 << 16}).error().message ==
        "no space left on device");
  DirectorySource second(*open_root(tree));
  CHECK(write_archive(second, into(other), full).error().code == Code::io);
  WriteOptions options;
  options.progress = [](std::uint64_t) -> Result<void> { return fail(Code::interrupted, "stop"); };
  DirectorySource third(*open_root(tree));
  CHECK(write_archive(third, into(other), into(other), options).error().code == Code::interrupted);
  const auto made = make(tree);
  CHECK(verify_archive(Opened(*made).stored, Level::full, options.progress).error().code ==
        Code::interrupted);
}

TEST_CASE("what is excluded is not there") {
  const Scratch scratch;
  const std::string tree = scratch.make("tree");
  fs::create_directory(tree + "/wal");
  put(tree + "/wal/0", "x");
  put(tree + "/wally", "y");
  DirectorySource source(*open_root(tree),
                         [](std::string_view path) { return path == "data/wal"; });
  const auto made = make(source);
  REQUIRE(made.has_value());
  const auto index = read_index(Opened(*made).stored);
  REQUIRE(index->entries.size() == 2);
  CHECK(index->entries[1].path == "data/wally");
}

}  // namespace obsctl::archive::test
