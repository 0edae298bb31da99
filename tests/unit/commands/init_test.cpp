// SPDX-License-Identifier: Apache-2.0
// `obsctl init` in the process: what it writes, what it leaves alone, and its exit codes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "cli/app.hpp"
#include "tests/support/fake_system.hpp"
#include "tests/support/owned_filesystem.hpp"

namespace obsctl::test {
namespace {

using Words = std::vector<std::string>;

// Runs it and returns the exit code; what was printed before is forgotten.
int run(FakeSystem& fake, const Words& words) {
  fake.terminal.out_text.clear();
  fake.terminal.err_text.clear();
  return cli::run(words, fake.system());
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t files_in(const FakeSystem& fake) {
  const auto list = (*fake.files.open_directory(fake.directory.path()))->list(".");
  REQUIRE(list);
  return list->size();
}

TEST_CASE("init --dry-run and --diff say what would be written, and write nothing") {
  FakeSystem fake;
  CHECK(run(fake, {"init", "--tier", "small", "--dir", "stack", "--dry-run"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "create    docker-compose.yml"));
  CHECK(contains(fake.terminal.out_text, "nothing has been written"));
  CHECK(run(fake, {"init", "--tier", "small", "--dir", "stack", "--diff"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "+++ b/obsctl.yaml"));
  CHECK(files_in(fake) == 0);
}

TEST_CASE("init writes a stack once; secrets stay as they are") {
  FakeSystem fake;
  CHECK(run(fake, {"init", "--tier", "small"}) == exit_code::ok);
  const std::string secret = fake.read("secrets/grafana.env");
  CHECK_FALSE(contains(fake.terminal.out_text, "token"));
  CHECK(run(fake, {"init"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, ". is up to date"));
  CHECK(fake.read("secrets/grafana.env") == secret);
}

TEST_CASE("init finds the stack above the current directory") {
  FakeSystem fake;
  REQUIRE(run(fake, {"init", "--tier", "small"}) == exit_code::ok);
  fake.environment.directory = fake.directory.path() / "configs";
  CHECK(run(fake, {"init", "--keep", "30%"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "cd .."));
  CHECK(contains(fake.read("obsctl.yaml"), "keep: 30%"));
  CHECK(run(fake, {"init", "--tier", "small"}) == exit_code::ok);  // a new one is made here
  CHECK(fake.files.exists(fake.environment.directory / "obsctl.yaml"));
}

TEST_CASE("init without a stack and a tier says what is missing") {
  FakeSystem fake;
  CHECK(run(fake, {"init"}) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "there is no obsctl.yaml in '.' and no tier is given"));
  CHECK(files_in(fake) == 0);
}

TEST_CASE("an edited file is kept, merged, or has the new version beside it: 3") {
  FakeSystem fake;
  REQUIRE(run(fake, {"init", "--tier", "small"}) == exit_code::ok);
  fake.write("docker-compose.yml", fake.read("docker-compose.yml") + "# mine\n");
  CHECK(run(fake, {"init"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "is up to date"));
  CHECK(run(fake, {"init", "--keep", "30%"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "merge     docker-compose.yml"));
  CHECK(contains(fake.read("docker-compose.yml"), "# mine\n"));
  fake.write("docker-compose.yml", "services: {}\n");
  CHECK(run(fake, {"init", "--keep", "40%"}) == exit_code::findings);
  CHECK(
      contains(fake.terminal.err_text, "1 file needs a person; everything else has been written"));
  CHECK(contains(fake.terminal.err_text, "'diff -u docker-compose.yml docker-compose.yml.new'"));
  CHECK(fake.read("docker-compose.yml") == "services: {}\n");
  CHECK(contains(fake.read("obsctl.yaml"), "keep: 40%"));
  CHECK(run(fake, {"init", "-o", "json"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, R"("wait": 1)"));
  CHECK(run(fake, {"init", "--force"}) == exit_code::ok);
  CHECK(fake.read("docker-compose.yml") != "services: {}\n");
  CHECK_FALSE(fake.files.exists(fake.directory.path() / "docker-compose.yml.new"));
}

TEST_CASE("values that cannot be edited into obsctl.yaml are refused: nothing is written") {
  FakeSystem fake;
  REQUIRE(run(fake, {"init", "--tier", "small"}) == exit_code::ok);
  const std::string flow = "{tier: small, name: shop, traces: {keep: 20%}}\n";
  fake.write("obsctl.yaml", flow);
  CHECK(run(fake, {"init"}) == exit_code::ok);
  const std::string compose = fake.read("docker-compose.yml");
  CHECK(run(fake, {"init", "--keep", "30%", "--retention-logs", "14d"}) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "cannot be edited into obsctl.yaml"));
  CHECK(fake.read("obsctl.yaml") == flow);
  CHECK(fake.read("docker-compose.yml") == compose);
  CHECK(run(fake, {"init", "--keep", "30%", "--force"}) == exit_code::ok);
  CHECK(contains(fake.read("obsctl.yaml"), "\n  keep: 30%\n"));
}

TEST_CASE("a load that does not fit is said with flags that fit; --strict writes nothing") {
  FakeSystem fake;
  const Words large = {"init", "--tier",        "small", "--spans", "50k/s", "--host-cpus",
                       "2",    "--host-memory", "8GiB",  "--dir",   "stack"};
  Words strict = large;
  strict.emplace_back("--strict");
  CHECK(run(fake, strict) == exit_code::findings);
  CHECK(contains(fake.terminal.err_text, "does not fit: "));
  CHECK(contains(fake.terminal.err_text, "hint: "));
  CHECK(contains(fake.terminal.err_text, "--host-memory "));
  CHECK(contains(fake.terminal.err_text, "the load does not fit; nothing has been written"));
  CHECK(files_in(fake) == 0);
  CHECK(run(fake, large) == exit_code::ok);
  CHECK(fake.files.exists(fake.directory.path() / "stack/docker-compose.yml"));
}

TEST_CASE("an error names the flag that was given, or the setting") {
  FakeSystem fake;
  CHECK(run(fake, {"init", "--tier", "small", "--traces", "bogus"}) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "'--traces'"));
  CHECK(run(fake, {"init", "--tier", "small", "--set", "traces.backend=bogus"}) ==
        exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "'traces.backend'"));
  CHECK(run(fake, {"init", "--tier", "small", "--port", "bogus=1"}) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "'bogus' for '--port'"));
  CHECK(run(fake, {"init", "--tier", "small", "--port", "grafana"}) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "NAME=N"));
  CHECK(files_in(fake) == 0);
}

TEST_CASE("notes name flags that change what they say") {
  FakeSystem fake;
  CHECK(run(fake, {"init", "--tier", "small", "--bind", "0.0.0.0"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "accept telemetry from anyone: --auth bearer requires"));
  CHECK(run(fake, {"init", "--auth", "bearer"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "travels unencrypted: --tls self-signed encrypts it"));
  CHECK(run(fake, {"init", "--tls", "self-signed"}) == exit_code::ok);
  CHECK_FALSE(contains(fake.terminal.out_text, "encrypts it"));
  CHECK(contains(fake.terminal.out_text, "for this host alone: --bind-ui 0.0.0.0 publishes it"));
}

TEST_CASE("a stack of another user is refused, also to look at") {
  FakeSystem fake;
  REQUIRE(run(fake, {"init", "--tier", "small"}) == exit_code::ok);
  const std::string before = fake.read("obsctl.yaml");
  OwnedFileSystem files(1001);
  fake.environment.user = 1000;
  const System system{fake.environment, files,       fake.http,     fake.processes,
                      fake.clock,       fake.random, fake.terminal, fake.stop};
  CHECK(cli::run({"init", "--keep", "30%"}, system) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "belongs to another user"));
  CHECK(cli::run({"init", "--diff"}, system) == exit_code::usage);
  CHECK(fake.read("obsctl.yaml") == before);
  fake.environment.variables["OBSCTL_SAFE_DIRECTORY"] = fake.directory.path().string();
  CHECK(cli::run({"init", "--keep", "30%"}, system) == exit_code::ok);
}

// The engine runs a container of the project `name` in `directory`, which publishes `port`.
void engine_has(FakeSystem& fake, const std::string& name, const std::string& directory, int port) {
  fake.http.answers["GET http://localhost/containers/json?all=true"] = {
      200, fmt::format(R"([{{"Names": ["/c"], "Labels": {{"com.docker.compose.project": "{}",)"
                       R"("com.docker.compose.project.working_dir": "{}"}}, "Ports":)"
                       R"([{{"IP": "0.0.0.0", "PublicPort": {}, "Type": "tcp"}}]}}])",
                       name, directory, port)};
}

TEST_CASE("two stacks of one host do not get one name") {
  FakeSystem fake;
  fake.write("blue/docker-compose.yml", "services: {}\n");
  const std::string other = (fake.directory.path() / "blue").string();
  engine_has(fake, "shop", other, 1);
  const Words shop = {"init", "--tier", "small", "--dir", "green", "--name", "shop"};
  CHECK(run(fake, shop) == exit_code::usage);
  CHECK(contains(fake.terminal.err_text, "the project in '" + other + "' is called 'shop' too"));
  CHECK(contains(fake.terminal.err_text, "--name shop-2"));
  CHECK_FALSE(fake.files.exists(fake.directory.path() / "green"));
  // Its own containers, those of a directory that is gone, and another name are no reason.
  engine_has(fake, "shop", (fake.directory.path() / "green").string(), 1);
  CHECK(run(fake, shop) == exit_code::ok);
  engine_has(fake, "shop", "/no/such/directory", 1);
  CHECK(run(fake, {"init", "--dir", "green", "--keep", "20%"}) == exit_code::ok);
  CHECK_FALSE(contains(fake.terminal.out_text, "is called"));
  // A stack that is there is told, and can be changed.
  engine_has(fake, "shop", other, 1);
  CHECK(run(fake, {"init", "--dir", "green", "--keep", "30%"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "is called 'shop' too"));
}

TEST_CASE("ports that another project holds are said with settings that move them") {
  FakeSystem fake;
  engine_has(fake, "shop", "/srv/shop", 3000);
  CHECK(run(fake, {"init", "--tier", "small", "--dir", "green"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text,
                 "port 3000 is published by 'shop' (/srv/shop) already, so that the stack cannot "
                 "start: --set ports.grafana=13000 moves it"));
  CHECK(run(fake, {"init", "--dir", "green", "--set", "ports.grafana=13000"}) == exit_code::ok);
  CHECK_FALSE(contains(fake.terminal.out_text, "already"));
  // Not its own containers, nor those of the project that its directory was before.
  for (const std::string name : {"green", "before"}) {
    engine_has(fake, name, (fake.directory.path() / "green").string(), 13000);
    CHECK(run(fake, {"init", "--dir", "green", "--keep", name == "green" ? "30%" : "40%"}) ==
          exit_code::ok);
    CHECK_FALSE(contains(fake.terminal.out_text, "already"));
  }
}

TEST_CASE("a change says what becomes of data and containers, and how to apply it") {
  FakeSystem fake;
  REQUIRE(run(fake, {"init", "--tier", "small", "--name", "shop"}) == exit_code::ok);
  CHECK(run(fake, {"init", "--metrics", "victoriametrics"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "VictoriaMetrics is new and starts empty"));
  CHECK(contains(fake.terminal.out_text, "Prometheus keeps metrics for 2d from now on, not 15d"));
  CHECK(run(fake, {"init", "--logs", "victorialogs", "--retention-traces", "3d"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "what it stored stays in the volume shop_loki-data"));
  CHECK(contains(fake.terminal.out_text, "Jaeger keeps traces for 3d from now on, not 7d"));
  CHECK(contains(fake.terminal.out_text, "\n  docker compose up -d --remove-orphans\n"));
  CHECK(run(fake, {"init", "--retention-traces", "9d"}) == exit_code::ok);
  CHECK_FALSE(contains(fake.terminal.out_text, "note:"));
  CHECK(contains(fake.terminal.out_text, "\n  docker compose up -d\n"));
  // Also when obsctl.yaml itself was edited.
  std::string spec = fake.read("obsctl.yaml");
  fake.write("obsctl.yaml", spec.replace(spec.find("name: shop"), 10, "name: mall"));
  CHECK(run(fake, {"init"}) == exit_code::ok);
  CHECK(contains(fake.terminal.out_text, "shop_jaeger-data, "));
  CHECK(contains(fake.terminal.out_text, "'mall' starts with empty ones"));
  CHECK(contains(fake.terminal.out_text, "--name shop keeps all that"));
  CHECK(contains(fake.terminal.out_text,
                 "\n  docker compose -p shop down --remove-orphans\n  docker compose up -d\n"));
}

TEST_CASE("init --export-templates writes templates and nothing else") {
  FakeSystem fake;
  CHECK(run(fake, {"init", "--export-templates", "mine"}) == exit_code::ok);
  CHECK(fake.files.is_directory(fake.directory.path() / "mine/components"));
  CHECK_FALSE(fake.files.exists(fake.directory.path() / "obsctl.yaml"));
  CHECK(run(fake, {"init", "--export-templates", "mine", "--dry-run"}) == exit_code::usage);
}

}  // namespace
}  // namespace obsctl::test
