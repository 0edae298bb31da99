// SPDX-License-Identifier: Apache-2.0
// From words to an exit code: help, errors as text and JSON, colour, documents.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cli/app.hpp"
#include "tests/support/fake_system.hpp"

namespace obsctl::test {
namespace {

struct Ran {
  FakeSystem fake;
  int code;

  explicit Ran(const std::vector<std::string>& words,
               const std::map<std::string, std::string>& variables = {}) {
    fake.environment.variables = variables;
    code = cli::run(words, fake.system());
  }
  [[nodiscard]] const std::string& out() const { return fake.terminal.out_text; }
  [[nodiscard]] const std::string& err() const { return fake.terminal.err_text; }
};

TEST_CASE("no command, --help and help are the same; -V is version") {
  CHECK(Ran({}).out() == Ran({"help"}).out());
  CHECK(Ran({"--help"}).out() == Ran({"help"}).out());
  CHECK(Ran({"-V"}).out() == Ran({"version"}).out());
  CHECK(Ran({"--version"}).code == exit_code::ok);
  CHECK(Ran({"help", "version"}).out() == Ran({"version", "--help"}).out());
  CHECK(Ran({"-q", "help", "init", "nothing"}).code == exit_code::usage);
}

TEST_CASE("what an error quotes cannot move the cursor") {
  const Ran ran(
      {"a\x1b]0;x\x07\xc2\x9b"
       "31m"});
  CHECK(ran.err().starts_with("obsctl: error: unknown command 'a\\x1b]0;x\\x07\\x9b31m'\n"));
}

TEST_CASE("an error goes to stderr, as JSON when the result would be JSON") {
  const Ran text({"versoin"});
  CHECK(text.code == exit_code::usage);
  CHECK(text.out().empty());
  CHECK(text.err() ==
        "obsctl: error: unknown command 'versoin'\n  hint: did you mean 'version'?\n");

  const Ran json({"version", "--nonsense", "-o", "json"});
  CHECK(json.code == exit_code::usage);
  const auto document = nlohmann::json::parse(json.err());
  CHECK(document["schema"] == "obsctl.error/v1");
  CHECK(document["message"] == "unknown option '--nonsense'");
}

TEST_CASE("colour is decided by the flag, then the variables, then the terminal") {
  const auto colored = [](const Ran& ran) { return ran.out().find('\x1b') != std::string::npos; };
  CHECK_FALSE(colored(Ran({"help"})));
  CHECK(colored(Ran({"help", "--color", "always"})));
  CHECK(colored(Ran({"help"}, {{"CLICOLOR_FORCE", "1"}})));
  CHECK_FALSE(colored(Ran({"help"}, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}})));
  CHECK(colored(Ran({"help"}, {{"OBSCTL_COLOR", "always"}, {"NO_COLOR", "1"}})));
  FakeSystem terminal;
  terminal.terminal.is_terminal = true;
  terminal.environment.variables = {{"TERM", "xterm"}};
  CHECK(cli::run({"help"}, terminal.system()) == exit_code::ok);
  CHECK(terminal.terminal.out_text.find('\x1b') != std::string::npos);
}

TEST_CASE("a page of a command that is gone is stale, and removed") {
  FakeSystem fake;
  const std::string root = fake.directory.path().string();
  for (const auto* file : {"man/obsctl-gone.1", "completions/x", "docs/x"}) {
    fake.write(file, "");
  }
  CHECK(cli::run({"__docs", "--check", root}, fake.system()) == exit_code::findings);
  CHECK(fake.terminal.err_text.find("stale: man/obsctl-gone.1\n") != std::string::npos);
  CHECK(cli::run({"__docs", root}, fake.system()) == exit_code::ok);
  CHECK_FALSE(fake.files.exists(fake.directory.path() / "man/obsctl-gone.1"));
  CHECK(fake.read("docs/reference.md").find("## `obsctl init`") != std::string::npos);
  CHECK(cli::run({"__docs", "--check", root}, fake.system()) == exit_code::ok);
}

}  // namespace
}  // namespace obsctl::test
