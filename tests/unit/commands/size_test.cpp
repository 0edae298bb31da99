// SPDX-License-Identifier: Apache-2.0
// `obsctl size` in the process: the example for tests of commands.
#include <doctest/doctest.h>

#include "cli/app.hpp"
#include "tests/support/fake_system.hpp"
#include "tests/support/owned_filesystem.hpp"

namespace obsctl::test {
namespace {

TEST_CASE("size reads the obsctl.yaml of a parent directory, and flags override it") {
  FakeSystem fake;
  fake.write("stack/obsctl.yaml", "tier: medium\n");
  fake.environment.directory = fake.directory.path() / "stack/prometheus";
  CHECK(cli::run({"size", "-o", "json"}, fake.system()) == exit_code::ok);
  CHECK(fake.terminal.out_text.find("\"tier\": \"medium\"") != std::string::npos);
  CHECK(fake.terminal.err_text.empty());

  fake.terminal.out_text.clear();
  CHECK(cli::run({"size", "--tier", "large", "-o", "json"}, fake.system()) == exit_code::ok);
  CHECK(fake.terminal.out_text.find("\"tier\": \"large\"") != std::string::npos);
}

TEST_CASE("size says that Prometheus does not answer") {
  FakeSystem fake;
  CHECK(cli::run({"size", "--from-prometheus", "http://prometheus:9090"}, fake.system()) ==
        exit_code::unavailable);
  REQUIRE_FALSE(fake.http.requests.empty());
  CHECK(fake.http.requests.front().url.starts_with("http://prometheus:9090/"));
  CHECK(fake.terminal.out_text.empty());
}

TEST_CASE("a result that cannot be written is a failure") {
  FakeSystem fake;
  fake.terminal.flushed = fail(Code::io, "cannot write to standard output");
  CHECK(cli::run({"version"}, fake.system()) == exit_code::failed);
  CHECK(fake.terminal.err_text.find("cannot write") != std::string::npos);
}

TEST_CASE("size --check gives 3 when the host is too small, with flags that fit") {
  FakeSystem fake;
  const std::vector<std::string> check = {"size",    "--spans", "300/s",   "--series",     "20k",
                                          "--lines", "300/s",   "--check", "--host-memory"};
  auto enough = check;
  enough.emplace_back("64GiB");
  CHECK(cli::run(enough, fake.system()) == exit_code::ok);
  CHECK(fake.terminal.out_text.find("everything declared is large enough") != std::string::npos);
  fake.terminal.out_text.clear();
  auto small = check;
  small.emplace_back("4GiB");
  CHECK(cli::run(small, fake.system()) == exit_code::findings);
  CHECK(fake.terminal.out_text.find("FAIL host.memory") != std::string::npos);
  CHECK(fake.terminal.out_text.find("--host-memory ") != std::string::npos);
  CHECK(fake.terminal.err_text.empty());
}

TEST_CASE("size does not read a stack of another user") {
  FakeSystem fake;
  fake.write("obsctl.yaml", "tier: medium\n");
  OwnedFileSystem files(1001);
  const System system{fake.environment, files,       fake.http,     fake.processes,
                      fake.clock,       fake.random, fake.terminal, fake.stop};
  fake.environment.user = 1001;
  CHECK(cli::run({"size"}, system) == exit_code::ok);
  fake.environment.user = 1000;
  CHECK(cli::run({"size"}, system) == exit_code::usage);
  CHECK(fake.terminal.err_text.find("belongs to another user") != std::string::npos);
}

}  // namespace
}  // namespace obsctl::test
