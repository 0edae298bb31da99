// SPDX-License-Identifier: Apache-2.0
// A directory that came from somebody else, as a cloned repository does: opening and changing it
// does nothing outside, and nothing that it asks for by itself.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "lib/apply/journal.hpp"
#include "lib/apply/stack_directory.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using namespace obsctl::apply;

namespace {

namespace fs = std::filesystem;

const FileTree k_wanted = {{"obsctl.yaml", {.bytes = "tier: small\n"}},
                           {"configs/a/a.yml", {.bytes = "a: 1\n"}},
                           {"configs/a/b.yml", {.bytes = "b: 1\n"}},
                           {"secrets/token", {.bytes = "t", .mode = 0600, .secret = true}}};

// `repository` is what is given to obsctl, `home` is beside it.
struct Clone {
  Clone() {
    fs::create_directories(repository / ".obsctl" / "staging" / "files");
    fs::create_directories(home);
    write(home / "file", "precious");
  }
  static void write(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void write_journal(const Journal& journal, mode_t mode = 0600) const {
    const fs::path file = repository / ".obsctl" / "journal.json";
    write(file, print_journal(journal));
    REQUIRE(::chmod(file.c_str(), mode) == 0);
  }
  [[nodiscard]] DirectoryIdentity identity() const {
    return *identify(**OsFileSystem().open_directory(repository));
  }
  [[nodiscard]] bool untouched() const {
    return *OsFileSystem().read(home / "file") == "precious" &&
           std::distance(fs::directory_iterator(home), fs::directory_iterator()) == 1;
  }

  test::TemporaryDirectory scratch;
  fs::path repository = scratch.path() / "repository";
  fs::path home = scratch.path() / "home";
};

Result<void> init(const fs::path& dir) {
  OsFileSystem files;
  OBS_TRY_ASSIGN(StackDirectory stack, StackDirectory::open(files, dir, Access::read_write));
  OBS_TRY_ASSIGN(const DiskState disk, stack.read(k_wanted));
  return stack.apply(make_plan(k_wanted, disk, stack.manifest(), true), "1");
}

std::string error_of(const Result<void>& result) {
  REQUIRE_FALSE(result);
  std::string out = result.error().message + " | " + result.error().hint;
  for (const auto& more : result.error().more) {
    out += " | " + more.message;
  }
  return out;
}

}  // namespace

TEST_CASE("a journal counts only where it was written, and then only with its owner and mode") {
  const Journal asks{.own = {}, .remove = {"wanted-by-nobody"}, .directories = {}, .put = {"x"}};
  struct Case {
    const char* why;
    std::function<void(const Clone&, Journal)> make;
  };
  const std::vector<Case> cases = {
      {"another directory", [](const Clone& c, Journal j) { c.write_journal(j); }},
      {"another directory",
       [](const Clone& c, Journal j) {
         j.own = c.identity();
         ++j.own.inode;
         c.write_journal(j);
       }},
      {"another directory",
       [](const Clone& c, Journal j) {
         j.own = c.identity();
         ++j.own.born;
         c.write_journal(j);
       }},
      {"obsctl has not written it",
       [](const Clone& c, Journal j) {
         j.own = c.identity();
         c.write_journal(j, 0644);
       }},
      {"is a link",
       [](const Clone& c, Journal) {
         fs::create_symlink("../../home/file", c.repository / ".obsctl" / "journal.json");
       }},
      {"is not a file",
       [](const Clone& c, Journal) {
         REQUIRE(::mkfifo((c.repository / ".obsctl" / "journal.json").c_str(), 0600) == 0);
       }},
      {"is damaged",
       [](const Clone& c, Journal j) {
         j.own = c.identity();
         j.directories = {{"wide", 07777}};
         c.write_journal(j);
       }},
  };
  for (const auto& [why, make] : cases) {
    CAPTURE(why);
    const Clone clone;
    Clone::write(clone.repository / "wanted-by-nobody", "kept");
    Clone::write(clone.repository / ".obsctl" / "staging" / "files" / "x", "evil");
    make(clone, asks);
    for (const Access access : {Access::read_only, Access::read_write}) {
      OsFileSystem files;
      const auto opened = StackDirectory::open(files, clone.repository, access);
      REQUIRE_FALSE(opened);
      CHECK((opened.error().message + " | " + opened.error().hint).find(why) != std::string::npos);
      CHECK_FALSE(opened.error().hint.empty());
    }
    CHECK(fs::exists(clone.repository / "wanted-by-nobody"));
    CHECK_FALSE(fs::exists(clone.repository / "x"));
    CHECK_FALSE(fs::exists(clone.repository / "wide"));
    CHECK(clone.untouched());
  }
  // The same journal with everything right is executed, so the cases above fail for their reasons.
  const Clone clone;
  Clone::write(clone.repository / "wanted-by-nobody", "kept");
  Clone::write(clone.repository / ".obsctl" / "staging" / "files" / "x", "new");
  Journal own = asks;
  own.own = clone.identity();
  clone.write_journal(own);
  OsFileSystem files;
  CHECK(StackDirectory::open(files, clone.repository, Access::read_write));
  CHECK_FALSE(fs::exists(clone.repository / "wanted-by-nobody"));
  CHECK(fs::exists(clone.repository / "x"));
}

TEST_CASE("a copy of a directory with an interrupted change does not continue it") {
  const Clone clone;
  Journal journal;
  journal.own = clone.identity();
  journal.put = {"x"};
  clone.write_journal(journal);
  const fs::path copy = clone.scratch.path() / "copy";
  fs::copy(clone.repository, copy, fs::copy_options::recursive);
  CHECK(error_of(init(copy)).find("another directory or on another machine") != std::string::npos);
}

TEST_CASE(
    "links, pipes and files where something is to be written stop the change before it begins") {
  struct Case {
    const char* place;
    std::function<void(const Clone&)> make;
  };
  const auto link = [](const char* to, const char* at) {
    return [to, at](const Clone& c) {
      fs::create_directories((c.repository / at).parent_path());
      fs::create_symlink(to, c.repository / at);
    };
  };
  const std::vector<Case> cases = {
      {"configs", link("../home", "configs")},
      {"configs/a", link("../../home", "configs/a")},
      {"configs/a/a.yml", link("../../../home/file", "configs/a/a.yml")},
      {"secrets", link("../home", "secrets")},
      {"secrets/token", link("../../home/file", "secrets/token")},
      {"obsctl.yaml", link("../home/none", "obsctl.yaml")},
      {"configs", [](const Clone& c) { Clone::write(c.repository / "configs", "a file"); }},
      {"obsctl.yaml",
       [](const Clone& c) {
         REQUIRE(::mkfifo((c.repository / "obsctl.yaml").c_str(), 0600) == 0);
       }},
  };
  for (const auto& [place, make] : cases) {
    CAPTURE(place);
    const Clone clone;
    make(clone);
    const std::string error = error_of(init(clone.repository));
    CHECK(error.find((clone.repository / place).string() + "' is") != std::string::npos);
    CHECK(error.find("move it away") != std::string::npos);
    CHECK(clone.untouched());
    CHECK_FALSE(fs::exists(clone.repository / ".obsctl" / "manifest.json"));
  }
}

TEST_CASE("every obstacle is named at once, and each once") {
  const Clone clone;
  fs::create_symlink("../home", clone.repository / "configs");
  fs::create_symlink("../home", clone.repository / "secrets");
  const auto done = init(clone.repository);
  const std::string error = error_of(done);
  CHECK(done.error().more.size() == 1);
  CHECK(error.find("configs' is a link") != std::string::npos);
  CHECK(error.find("secrets' is a link") != std::string::npos);
}

TEST_CASE("an .obsctl that is a link, or holds links, leads nowhere") {
  for (const bool whole : {true, false}) {
    const Clone clone;
    Clone::write(clone.home / "staging" / "important", "x");
    if (whole) {
      fs::remove_all(clone.repository / ".obsctl");
      fs::create_symlink("../home", clone.repository / ".obsctl");
    } else {
      fs::remove_all(clone.repository / ".obsctl" / "staging");
      fs::create_symlink("../../home/staging", clone.repository / ".obsctl" / "staging");
    }
    const auto done = init(clone.repository);
    CHECK(done.has_value() != whole);  // a link below .obsctl/staging is removed like any left-over
    CHECK(fs::exists(clone.home / "staging" / "important"));
    CHECK(*OsFileSystem().read(clone.home / "file") == "precious");
  }
}

TEST_CASE("a manifest that knows a file outside does not remove it through a link") {
  const Clone clone;
  fs::create_symlink("../home", clone.repository / "x");
  Manifest manifest{.version = "1", .files = {}};
  manifest.files["x/file"] = entry_of({.bytes = "precious"});
  Clone::write(clone.repository / ".obsctl" / "manifest.json", print_manifest(manifest));
  CHECK(error_of(init(clone.repository)).find("x' is a link") != std::string::npos);
  CHECK(clone.untouched());
}

TEST_CASE(
    "a directory of secrets that others can enter is closed, also when nothing else changes") {
  const Clone clone;
  fs::create_directories(clone.repository / "secrets");
  for (int i = 0; i < 2; ++i) {
    REQUIRE(::chmod((clone.repository / "secrets").c_str(), 0777) == 0);
    REQUIRE(init(clone.repository));
    CHECK(*OsFileSystem().mode(clone.repository / "secrets") == 0700);
  }
}
