// SPDX-License-Identifier: Apache-2.0
// The template language: what each tag yields, clean lines, and every mistake with its position.
#include "lib/template/template.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace obsctl;

namespace {

std::string render(const std::string& text, const Values& values) {
  const auto out = render_template({"a.yml", "embedded", text}, values);
  REQUIRE_MESSAGE(out, (out ? "" : out.error().message));
  return *out;
}

Error mistake(const std::string& text, const Values& values = Values::object()) {
  const auto out = render_template({"a.yml", "embedded", text}, values);
  REQUIRE_FALSE(out);
  return out.error();
}

}  // namespace

TEST_CASE("values are inserted as they are") {
  const Values values = {{"text", "<\"&'>"},
                         {"n", 42},
                         {"x", 0.5},
                         {"yes", true},
                         {"images", {{"otel-collector", "otel:1"}}}};
  CHECK(render("[% text %]|[%n%]|[% x %]|[% yes %]|[% images.otel-collector %]", values) ==
        "<\"&'>|42|0.5|true|otel:1");
  CHECK(render("{{ $labels.job }} << $[[ # [ %", values) == "{{ $labels.job }} << $[[ # [ %");
}

TEST_CASE("sections repeat, switch and look outwards") {
  const Values values = Values::parse(R"({"stack": "s", "on": true, "off": false, "none": null,
      "empty": [], "blank": "", "names": ["a", "b"],
      "ports": [{"name": "grpc", "n": 1}, {"name": "http", "n": 2, "stack": "inner"}]})");
  CHECK(render("[%# ports %][% stack %].[% name %]=[% n %];[%/ ports %]", values) ==
        "s.grpc=1;inner.http=2;");
  CHECK(render("[%# names %]<[% . %]>[%/ names %]", values) == "<a><b>");
  CHECK(render("[%# on %]1[%/ on %][%# off %]2[%/ off %][%# none %]3[%/ none %]", values) == "1");
  CHECK(render("[%^ on %]1[%/ on %][%^ off %]2[%/ off %][%^ empty %]3[%/ empty %]", values) ==
        "23");
  CHECK(render("[%# blank %]1[%/ blank %][%^ blank %]2[%/ blank %]", values) == "2");
}

TEST_CASE("a tag alone on its line leaves no line, everything else keeps its lines") {
  const Values values = {{"on", true}, {"off", false}, {"list", {1, 2}}};
  CHECK(render("a\n  [%# on %]\n\n  b\n  [%/ on %]\nc\n", values) == "a\n\n  b\nc\n");
  CHECK(render("a\n  [%# off %]\n  b\n  [%/ off %]\nc\n", values) == "a\nc\n");
  CHECK(render("[%# list %]\n- [% . %]\n[%/ list %]\nend", values) == "- 1\n- 2\nend");
  CHECK(render("a\n[%! a comment\n over two lines %]\nb\n", values) == "a\nb\n");
  CHECK(render("a\r\n[%# on %]\r\nb\r\n[%/ on %]\r\n", values) == "a\r\nb\r\n");
  CHECK(render("x [%# on %]y[%/ on %]\nz", values) == "x y\nz");
  CHECK(render("[%# off %]\nb\n[%/ off %]", values).empty());
}

TEST_CASE("an unknown name is an error at its tag, wherever it stands") {
  const Values values =
      Values::parse(R"({"ports": [{"name": "a"}, {"nam": "b"}], "image": {"tag": "1"}})");
  const Error plain = mistake("a\n  b: [% tagg %] [% image.tga %]\n", values);
  CHECK(plain.at->str() == "templates/a.yml:2:6");
  CHECK(plain.message == "the template uses 'tagg', which has no value here");
  CHECK(mistake("[% image.tga %]", values).hint == "did you mean 'image.tag'?");
  CHECK(mistake("[%# ports %]\n[% name %]\n[%/ ports %]\n", values).at->str() ==
        "templates/a.yml:2:1");
  CHECK(mistake("[%# nope %][%/ nope %]", values).at->line == 1);
  CHECK(mistake("\n[%^ nope %][%/ nope %]", values).at->line == 2);
  CHECK(mistake("[% ports %]", values).message == "'ports' is array, not a text");
}

TEST_CASE("a malformed template is an error at the tag") {
  CHECK(mistake("a\n[%# on %]\n").message == "section 'on' is never closed");
  CHECK(mistake("a\n[%# on %]\n").at->str() == "templates/a.yml:2:1");
  CHECK(mistake("a\n b [%/ on %]\n").at->str() == "templates/a.yml:2:4");
  CHECK(mistake("[%# a %]\n[%# b %]\n[%/ a %]\n[%/ b %]").message ==
        "'[%/ a %]' closes section 'b'");
  CHECK(mistake("a\nb [% open").at->str() == "templates/a.yml:2:3");
  CHECK(mistake("a %] b").at->str() == "templates/a.yml:1:3");
  CHECK(mistake("[%> two words %]").message == "'two words' is not a tag");
  CHECK(mistake("[%= <% %> =%]").message == "'= <% %> =' is not a tag");
  CHECK(mistake("[% %]").message == "'' is not a tag");
  std::string deep;
  for (int i = 0; i < 50; ++i) {
    deep += "[%# a %]";
  }
  CHECK(mistake(deep).message == "sections are nested too deeply");
}

namespace {

// A template directory that exists as long as the object.
struct TemplateFiles {
  std::filesystem::path path;

  explicit TemplateFiles(const std::vector<std::pair<std::string, std::string>>& files)
      : path(std::filesystem::temp_directory_path() / "obsctl-partial-test") {
    std::filesystem::remove_all(path);
    for (const auto& [name, text] : files) {
      std::filesystem::create_directories((path / name).parent_path());
      std::ofstream(path / name) << text;
    }
  }
  TemplateFiles(const TemplateFiles&) = delete;
  TemplateFiles& operator=(const TemplateFiles&) = delete;
  ~TemplateFiles() { std::filesystem::remove_all(path); }

  [[nodiscard]] Result<std::string> render(const std::string& text, const Values& values) const {
    const OsFileSystem files;
    const TemplateStore store(files, {path});
    return render_template({"main.yml", "embedded", text}, values, store);
  }
};

}  // namespace

TEST_CASE("a partial is the other file with the values and the indentation of its place") {
  const TemplateFiles dir(
      {{"p/url.yaml", "url: [% url %]\n\nn: [% n %]\n"}, {"p/word", "<[% n %]>"}});
  const Values values =
      Values::parse(R"({"n": 1, "url": "u", "list": [{"url": "a"}, {"url": "b"}]})");
  CHECK(*dir.render("a:\n  [%> p/url.yaml %]\nb\n", values) == "a:\n  url: u\n\n  n: 1\nb\n");
  CHECK(*dir.render("[%# list %]\n  [%> p/url.yaml %]\n[%/ list %]\n", values) ==
        "  url: a\n\n  n: 1\n  url: b\n\n  n: 1\n");
  CHECK(*dir.render("x [%> p/word %] y\n", values) == "x <1> y\n");
}

TEST_CASE("an error in a partial names the partial's line and where it is included") {
  const TemplateFiles dir({{"a.yaml", "x\n y: [% nope %]\n"},
                           {"b.yaml", "[%> a.yaml %]\n"},
                           {"open.yaml", "\n[%# x %]\n"},
                           {"loop.yaml", "[%> back.yaml %]\n"},
                           {"back.yaml", "ok\n[%> loop.yaml %]\n"}});
  const auto mistake = [&dir](const std::string& text) {
    const auto out = dir.render(text, Values::object());
    REQUIRE_FALSE(out);
    return out.error();
  };
  const Error deep = mistake("\n[%> b.yaml %]\n");
  CHECK(deep.at->str() == (dir.path / "a.yaml").string() + ":2:5");
  CHECK(deep.context ==
        std::vector<std::string>{"including it at " + (dir.path / "b.yaml").string() + ":1:1",
                                 "including it at templates/main.yml:2:1"});
  CHECK(mistake("[%> open.yaml %]").at->str() == (dir.path / "open.yaml").string() + ":2:1");
  CHECK(mistake("a [%> none.yaml %]").at->str() == "templates/main.yml:1:3");
  CHECK(mistake("a [%> none.yaml %]").message == "there is no template 'none.yaml'");
  CHECK(mistake("[%> loop.yaml %]").message == "'loop.yaml' includes itself");
  CHECK(mistake("[%> loop.yaml %]").at->str() == (dir.path / "back.yaml").string() + ":2:1");
  const auto alone = render_template({"a.yml", "embedded", "[%> a.yaml %]"}, Values::object());
  REQUIRE_FALSE(alone);
  CHECK(alone.error().message == "'a.yaml' cannot be included here");
}

TEST_CASE("templates are listed once, wherever they are") {
  const TemplateFiles dir({{"components/mine/alerts.yaml", ""},
                           {"components/loki/sizing.yaml", ""},
                           {"components/.git/alerts.yaml", ""}});
  const OsFileSystem files;
  const auto listed = TemplateStore(files, {"/nonexistent", dir.path}).list("components/", ".yaml");
  REQUIRE(listed);
  CHECK(std::ranges::count(*listed, "components/mine/alerts.yaml") == 1);
  CHECK(std::ranges::count(*listed, "components/loki/sizing.yaml") == 1);
  CHECK(std::ranges::count(*listed, "components/tempo/sizing.yaml") == 1);
  CHECK(std::ranges::count(*listed, "components/.git/alerts.yaml") == 0);
  CHECK(std::ranges::is_sorted(*listed));
}

TEST_CASE("an override directory wins over the embedded template and names its file in errors") {
  const auto dir = std::filesystem::temp_directory_path() / "obsctl-template-test";
  std::filesystem::create_directories(dir / "catalog");
  std::ofstream(dir / "catalog" / "tiers.yaml") << "x: [% nope %]\n";
  const OsFileSystem files;
  const auto embedded = TemplateStore(files, {}).find("catalog/tiers.yaml");
  REQUIRE(embedded);
  CHECK(embedded->origin == "embedded");
  CHECK(embedded->file() == "templates/catalog/tiers.yaml");
  const auto mine = TemplateStore(files, {"/nonexistent", dir}).find("catalog/tiers.yaml");
  REQUIRE(mine);
  CHECK(mine->text == "x: [% nope %]\n");
  const auto rendered = render_template(*mine, Values::object());
  REQUIRE_FALSE(rendered);
  CHECK(rendered.error().at->str() == (dir / "catalog/tiers.yaml").string() + ":1:4");
  CHECK_FALSE(TemplateStore(files, {}).find("catalog/nope.yaml"));
  std::filesystem::remove_all(dir);
}
