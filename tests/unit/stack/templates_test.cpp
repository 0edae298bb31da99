// SPDX-License-Identifier: Apache-2.0
// Template directories of others: nothing is read or written through a link in one.
#include "lib/stack/templates.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "lib/stack/paths.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
namespace fs = std::filesystem;

namespace {

constexpr auto k_template = "targets/compose/docker-compose.yml";

struct Given {
  Given() {
    fs::create_directories(outside);
    std::ofstream(outside / "key") << "PRIVATE KEY\n";
  }
  [[nodiscard]] Result<std::string> find(const std::vector<std::string>& directories) {
    OBS_TRY_ASSIGN(const auto loaded,
                   stack::load_templates(files, environment, directories, stack));
    OBS_TRY_ASSIGN(auto found, loaded.store.find(k_template));
    return std::move(found.text);
  }

  test::TemporaryDirectory scratch;
  Environment environment{.variables = {}, .directory = scratch.path()};
  OsFileSystem files;
  fs::path outside = scratch.path() / "outside";
  fs::path mine = scratch.path() / "mine";
  fs::path stack = scratch.path() / "stack";
};

}  // namespace

TEST_CASE("a template that is a link, or below one, is refused") {
  for (const bool whole : {true, false}) {
    Given given;
    const fs::path link = given.mine / (whole ? "targets" : k_template);
    fs::create_directories(link.parent_path());
    fs::create_symlink(whole ? given.outside : given.outside / "key", link);
    const auto found = given.find({"mine"});
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find(link.string() + "' is a link") != std::string::npos);
  }
}

TEST_CASE("templates of a stack are found, but not where a link leads") {
  Given given;
  const fs::path own = given.stack / stack_paths::templates / k_template;
  fs::create_directories(own.parent_path());
  std::ofstream(own) << "mine: 1\n";
  CHECK(*given.find({}) == "mine: 1\n");
  CHECK(*stack::own_templates(given.files, given.stack) == std::vector<fs::path>{k_template});
  fs::rename(given.stack / stack_paths::templates, given.outside / "templates");
  CHECK(stack::own_templates(given.files, given.stack)->empty());
  fs::create_symlink("../../outside/templates", given.stack / stack_paths::templates);
  CHECK_FALSE(given.find({}));
}

TEST_CASE("templates are not exported through a link") {
  Given given;
  fs::create_directories(given.mine);
  fs::create_symlink("../outside", given.mine / "targets");
  for (const bool force : {false, true}) {
    const auto written = stack::export_templates(given.files, given.mine, force);
    REQUIRE_FALSE(written);
    CHECK(written.error().message.find("targets' is a link") != std::string::npos);
    CHECK(std::distance(fs::directory_iterator(given.outside), fs::directory_iterator()) == 1);
  }
}
