// SPDX-License-Identifier: Apache-2.0
// Archives of somebody who wants to write elsewhere: judged before anything is touched, and held back
// by the sink as well.
#include <doctest/doctest.h>

#include <limits>

#include "lib/archive/beneath.hpp"
#include "lib/archive/policy.hpp"
#include "lib/archive/tar_reader.hpp"
#include "lib/archive/tar_source.hpp"
#include "tests/unit/archive/tree.hpp"

namespace obsctl::archive::test {
namespace {

using List = std::vector<ListSource::One>;

ListSource::One directory(std::string path) {
  return node_of(std::move(path), EntryType::directory);
}
ListSource::One symlink(std::string path, std::string to) {
  return node_of(std::move(path), EntryType::symlink, std::move(to));
}
ListSource::One hardlink(std::string path, std::string to) {
  return node_of(std::move(path), EntryType::hardlink, std::move(to));
}

struct Case {
  std::string name;
  List list;
  std::string refused;  // what is said; empty: harmless
};

std::vector<Case> cases() {
  return {
      {"absolute", {file_of("data/ok", "x"), file_of("/etc/pwned", "x")}, "is an absolute path"},
      {"upwards", {file_of("data/../../pwned", "x")}, "leads upwards"},
      {"only upwards", {file_of("..", "x")}, "leads upwards"},
      {"elsewhere", {file_of("other/x", "x")}, "is not below 'data'"},
      {"nearly", {file_of("database/x", "x")}, "is not below 'data'"},
      {"no name", {file_of("", "x")}, "has a part that is empty or '.'"},
      {"dot", {file_of("data/./x", "x")}, "has a part that is empty or '.'"},
      {"two slashes", {file_of("data//x", "x")}, "has a part that is empty or '.'"},
      {"long", {file_of("data/" + std::string(256, 'n'), "x")}, "longer than a name may be"},
      {"through a link",
       {symlink("data/d", "/tmp"), file_of("data/d/x", "x")},
       "leads through 'data/d', which is a symlink"},
      {"through a relative link",
       {symlink("data/a", "../../.."), file_of("data/a/tmp/x", "x")},
       "leads through 'data/a'"},
      {"a directory through a link",
       {symlink("data/d", "/tmp"), directory("data/d/x")},
       "leads through 'data/d'"},
      {"through a file",
       {file_of("data/f", "x"), file_of("data/f/x", "x")},
       "leads through 'data/f', which is a file"},
      {"a link to the outside", {hardlink("data/passwd", "/etc/passwd")}, "is a hard link to"},
      {"a relative one", {hardlink("data/passwd", "../etc/passwd")}, "is a hard link to"},
      {"one to nothing", {hardlink("data/h", "data/none")}, "is a hard link to"},
      {"one to a directory",
       {directory("data/d"), hardlink("data/h", "data/d")},
       "is a hard link to"},
      {"one through a link",
       {symlink("data/d", "/etc"), hardlink("data/h", "data/d/passwd")},
       "is a hard link to"},
      {"a directory below a hard link to a link",
       {symlink("data/s", "/tmp"), hardlink("data/h", "data/s"), file_of("data/h/x", "x")},
       "leads through 'data/h', which is a symlink"},
      {"device", {node_of("data/null", EntryType::character_device)}, "is a device"},
      {"disk", {node_of("data/sda", EntryType::block_device)}, "is a device"},
      {"twice", {file_of("data/f", "a"), file_of("data/f", "b")}, "is there twice"},
      {"a directory twice", {directory("data/d"), directory("data/d")}, "is there twice"},
      {"replaced by a link",
       {directory("data/d"), file_of("data/d/f", "x"), symlink("data/d", "/tmp"),
        file_of("data/d/x", "x")},
       "is there twice"},
      {"replaced though never named",
       {file_of("data/d/f", "x"), symlink("data/d", "/tmp"), file_of("data/d/x", "x")},
       "is there twice"},
      {"the top as a link",
       {symlink("data", "/tmp"), file_of("data/x", "x")},
       "is the top of the archive and no directory"},
      {"a link to nowhere", {symlink("data/l", "")}, "is a link to what no path can be"},
      // Harmless.
      {"a hard link to a link",
       {symlink("data/s", "/etc/passwd"), hardlink("data/h", "data/s")},
       ""},
      {"fifo", {node_of("data/fifo", EntryType::fifo)}, ""},
      {"directory after its file", {file_of("data/d/f", "x"), directory("data/d")}, ""},
      {"odd names",
       {file_of("data/new\nline", "x"), file_of("data/\xff\xfe", "x"), file_of("data/-rf", "x"),
        file_of("data/...", "x"), file_of("data/" + std::string(255, 'n') + "/x", "x")},
       ""},
      {"only the top", {directory("data")}, ""},
  };
}

std::vector<Entry> entries_of(const List& list) {
  std::vector<Entry> out;
  for (const auto& one : list) {
    out.push_back(one.member.entry);
  }
  return out;
}

// Unpacks a stream without asking the policy first, as far as the sink lets it.
Result<void> force(const std::string& tar, const std::string& directory,
                   DirectorySinkOptions options = {}) {
  options.durable = false;
  DirectorySink sink(*open_root(directory), options);
  TarReader reader(from(tar));
  for (;;) {
    OBS_TRY_ASSIGN(const auto member, reader.next());
    if (!member) {
      return sink.finish();
    }
    OBS_TRY(sink.begin(*member));
    std::string chunk(k_chunk, '\0');
    for (;;) {
      OBS_TRY_ASSIGN(const std::size_t n, reader.read(chunk));
      if (n == 0) {
        break;
      }
      OBS_TRY(sink.write(std::string_view(chunk).substr(0, n)));
    }
    OBS_TRY(sink.end());
  }
}

}  // namespace

TEST_CASE("hostile archives are refused as a whole, by policy, source and sink") {
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    const auto problems = problems_of(entries_of(one.list));
    const std::string tar = tar_of(one.list);
    const auto foreign = check_foreign_tar(from(tar));
    REQUIRE(foreign.has_value());
    CHECK(any(foreign->problems, Gravity::refused) == !one.refused.empty());
    const Scratch scratch;
    const std::string outside = scratch.make("outside");
    const std::string inside = scratch.make("outside/inside");
    for (const bool openat2 : {true, false}) {
      const std::string to = inside + (openat2 ? "/a" : "/b");
      fs::create_directory(to);
      const auto forced = force(tar, to, {.openat2 = openat2});
      CHECK(forced.has_value() == one.refused.empty());
    }
    // Nothing was written beside it.
    CHECK(std::distance(fs::directory_iterator(outside), fs::directory_iterator()) == 1);
    CHECK_FALSE(fs::exists("/tmp/x"));
    if (one.refused.empty()) {
      CHECK_FALSE(any(problems, Gravity::refused));
      continue;
    }
    REQUIRE_FALSE(problems.empty());
    CHECK_MESSAGE(problems.front().what.find(one.refused) != std::string::npos,
                  problems.front().str());
    if (one.refused != "is a device") {
      TarSource source(from(tar));
      CHECK(make(source).error().code == Code::integrity);
    }
  }
}

TEST_CASE("devices only where they are allowed") {
  const List list = {node_of("data/null", EntryType::character_device)};
  CHECK(problems_of(entries_of(list), {.devices = true}).empty());
  const Scratch scratch;
  CHECK(force(tar_of(list), scratch.make("a")).error().code == Code::integrity);
  if (::geteuid() == 0) {
    const auto made = force(tar_of(list), scratch.make("b"), {.devices = true});
    // Some containers may not make any.
    CHECK((made.has_value() || made.error().code == Code::io));
  }
}

TEST_CASE("setuid programs are named, and lose the bit where it is not wanted") {
  const List list = {file_of("data/su", "x", 04755), file_of("data/sg", "x", 02755),
                     file_of("data/plain", "x", 0755)};
  const auto problems = problems_of(entries_of(list));
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].str() == "'data/su' runs as its owner whoever starts it (mode 4755)");
  CHECK_FALSE(any(problems, Gravity::refused));
  const Scratch scratch;
  REQUIRE(force(tar_of(list), scratch.make("kept")).has_value());
  REQUIRE(force(tar_of(list), scratch.make("lost"), {.special_bits = false}).has_value());
  struct stat info {};
  ::stat((scratch / "kept/su").c_str(), &info);
  CHECK((info.st_mode & 07777U) == 04755);
  ::stat((scratch / "lost/su").c_str(), &info);
  CHECK((info.st_mode & 07777U) == 0755);
}

TEST_CASE("links that are in the directory already are not followed") {
  const Scratch scratch;
  for (const bool openat2 : {true, false}) {
    const std::string outside = scratch.make(openat2 ? "o1" : "o2");
    const std::string to = scratch.make(openat2 ? "t1" : "t2");
    fs::create_symlink(outside, to + "/d");
    fs::create_symlink(outside + "/f", to + "/f");
    const DirectorySinkOptions options{.openat2 = openat2};
    CHECK_FALSE(force(tar_of({directory("data/d"), file_of("data/d/x", "x")}), to, options));
    CHECK_FALSE(force(tar_of({file_of("data/d/x", "x")}), to, options));
    CHECK_FALSE(force(tar_of({file_of("data/f", "x")}), to, options));
    CHECK(fs::is_empty(outside));
    // Nor where they may be replaced: the link goes, not what it leads to.
    const DirectorySinkOptions replace{.replace = true, .openat2 = openat2};
    CHECK(force(tar_of({file_of("data/f", "new")}), to, replace).has_value());
    CHECK(get(to + "/f") == "new");
    CHECK(fs::is_empty(outside));
  }
}

TEST_CASE("a directory that is exchanged for a link while its files are restored") {
  const Scratch scratch;
  const std::string outside = scratch.make("outside");
  const std::string to = scratch.make("to");
  DirectorySink sink(*open_root(to));
  const auto give = [&](const ListSource::One& one) -> Result<void> {
    OBS_TRY(sink.begin(one.member));
    OBS_TRY(sink.write(one.content));
    return sink.end();
  };
  REQUIRE(give(directory("data/d")));
  REQUIRE(give(directory("data/d/e")));
  fs::rename(to + "/d", to + "/gone");
  fs::create_symlink(outside, to + "/d");
  CHECK(give(file_of("data/d/x", "x")));  // into the directory that is open
  CHECK(get(to + "/gone/x") == "x");
  CHECK_FALSE(give(file_of("data/d/e/x", "x")));
  CHECK_FALSE(sink.finish());
  CHECK(fs::is_empty(outside));
}

TEST_CASE("only what is below is opened") {
  const Scratch scratch;
  fs::create_directories(scratch / "a/b/c");
  fs::create_symlink("b", scratch / "a/link");
  fs::create_symlink("/", scratch / "a/root");
  const Fd root = *open_root(scratch / "a");
  for (const bool openat2 : {true, false}) {
    CHECK(open_beneath(root.get(), "", openat2).open());
    CHECK(open_beneath(root.get(), "b/c", openat2).open());
    for (const char* path :
         {"link", "link/c", "root", "root/etc", "..", "b/../..", "../a", "/", "/etc"}) {
      CAPTURE(path);
      CHECK_FALSE(open_beneath(root.get(), path, openat2).open());
    }
  }
}

TEST_CASE("headers of strangers are taken exactly or not at all") {
  const auto first = [](const std::string& tar) { return TarReader(from(tar)).next(); };
  const std::string good = tar_of({file_of("data/f", "x")});
  REQUIRE(first(good).has_value());
  const auto with = [&](std::size_t at, std::string_view bytes) {
    std::string out = good;
    out.replace(at, bytes.size(), bytes);
    out.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < k_block; ++i) {
      sum += static_cast<unsigned char>(out[i]);
    }
    out.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return out;
  };
  REQUIRE(first(with(0, "data/g")).has_value());
  CHECK_FALSE(first(with(124, "9999")).has_value());                            // no octal digit
  CHECK_FALSE(first(with(124, "-0000000001")).has_value());                     // below zero
  CHECK_FALSE(first(with(124, std::string(12, '\xff'))).has_value());           // GNU's -1
  CHECK_FALSE(first(with(124, "\x80" + std::string(11, '\x7f'))).has_value());  // beyond 63 bits
  CHECK_FALSE(first(with(257, "xxxxx")).has_value());                           // no magic
  CHECK_FALSE(first(with(156, "Z")).has_value());                               // no type
  CHECK_FALSE(first(with(156, "5")).has_value());                               // with content
  CHECK_FALSE(first(with(156, "S")).has_value());                               // GNU's old holes
  CHECK_FALSE(first(with(156, "x")).has_value());  // records that are none
  // GNU's large numbers are right ones.
  const auto uid = first(with(108, std::string("\x80\0\0\0\xee\x6b\x28\0", 8)));
  REQUIRE(uid.has_value());
  CHECK((*uid)->entry.uid == 4'000'000'000);
  CHECK_FALSE(parse_records("5 a=b\n").has_value());
  CHECK_FALSE(parse_records("99 a=b\n").has_value());
  CHECK_FALSE(parse_records("6 =ab\n").has_value());
  CHECK(parse_records("6 a=b\n").has_value());
  CHECK(parse_pax_time("-0.5") == -500'000'000);
  CHECK_FALSE(parse_pax_time("1e9").has_value());
  CHECK_FALSE(parse_pax_time("99999999999").has_value());
  CHECK_FALSE(parse_pax_time("").has_value());
}

TEST_CASE("a pax header cannot lead a harmless name elsewhere") {
  Entry entry;
  entry.path = "/" + std::string(150, 'p') + "/" + std::string(150, 'q');
  const std::string tar = header_of({.entry = entry, .data = {}}) + std::string(k_trailer, '\0');
  const auto foreign = check_foreign_tar(from(tar));
  REQUIRE(foreign.has_value());
  REQUIRE(foreign->problems.size() == 1);
  CHECK(foreign->problems[0].what == "is an absolute path");
}

}  // namespace obsctl::archive::test
