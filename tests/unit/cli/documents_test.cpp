// SPDX-License-Identifier: Apache-2.0
// Man pages, reference and completion of nested commands.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/cli/sample.hpp"

namespace obsctl::test {
namespace {

std::vector<std::string> completed(const std::vector<std::string>& words) {
  Values values;
  std::vector<std::string> out;
  for (const auto& candidate : cli::complete(sample_commands(values), words)) {
    out.push_back(candidate.value);
  }
  return out;
}

using Words = std::vector<std::string>;

bool offers(const Words& words, const std::string& value) {
  const auto all = completed(words);
  return std::ranges::find(all, value) != all.end();
}

TEST_CASE("commands of a group are completed directly behind it") {
  CHECK(completed({"se"}) == Words{"send"});
  CHECK(completed({"send", "s"}) == Words{"sink"});
  CHECK(completed({"send", ""}) == Words{"run", "sink", "merge"});
  CHECK(completed({"-q", "send", "-v", "m"}) == Words{"merge"});
  CHECK(completed({"group", ""}) == Words{"one"});
  CHECK(completed({"send", "--fast", "s"}).empty());
  CHECK(completed({"nothing", ""}).empty());
}

TEST_CASE("options are completed for the command that is meant") {
  CHECK(offers({"send", "--r"}, "--rate"));
  CHECK(offers({"send", "run", "--r"}, "--rate"));
  CHECK(completed({"send", "sink", "--p"}) == Words{"--print", "--port"});
  CHECK(offers({"send", "sink", "--c"}, "--color"));
  CHECK_FALSE(offers({"send", "--p"}, "--print"));
}

TEST_CASE("values are completed, those of an enum from its table") {
  CHECK(completed({"send", "--kind", ""}) == Words{"round", "square"});
  CHECK(completed({"send", "--kind=s"}) == Words{"--kind=square"});
  CHECK(completed({"send", "--kind", "=", "s"}) == Words{"square"});
  CHECK(completed({"send", "--file", ""}) == Words{":file"});
  CHECK(completed({"send", "merge", ""}) == Words{":file"});
  CHECK(completed({"send", "--color", "n"}) == Words{"never"});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("every command has a man page, and a group refers to those of its commands") {
  Values values;
  const auto commands = sample_commands(values);
  const auto files = cli::generated_files(commands);
  for (const auto* page : {"obsctl", "obsctl-send", "obsctl-send-run", "obsctl-send-sink",
                           "obsctl-send-merge", "obsctl-group", "obsctl-group-one"}) {
    CHECK_MESSAGE(files.contains(std::string("man/") + page + ".1"), page);
  }
  CHECK_FALSE(files.contains("man/obsctl-hidden.1"));
  CHECK_FALSE(files.contains("man/obsctl-send-secret.1"));

  const std::string& group = files.at("man/obsctl-send.1");
  CHECK(contains(group, ".Nm obsctl send\n.Op Ar command\n"));
  CHECK(contains(group, ".It Cm sink\nreceive items.\nSee\n.Xr obsctl-send-sink 1 .\n"));
  CHECK(contains(group, ".Cm run\nis meant"));

  const std::string& sink = files.at("man/obsctl-send-sink.1");
  CHECK(contains(sink, ".Dt OBSCTL-SEND-SINK 1\n"));
  CHECK(contains(sink, ".Xr obsctl 1 ,\n.Xr obsctl-send 1 ,\n.Xr obsctl-send-merge 1\n"));
  CHECK(contains(files.at("man/obsctl-send-run.1"), "Needs\n.Fl \\-rate .\n"));
  CHECK(contains(files.at("man/obsctl-send-merge.1"), ".Ar FILE ...\n"));
}

TEST_CASE("the reference has every command with its options") {
  Values values;
  const std::string text = cli::reference(sample_commands(values));
  CHECK(contains(text, "\n## `obsctl send`\n"));
  CHECK(contains(text, "\n### `obsctl send sink`\n"));
  CHECK(contains(text, "| `-p`, `--print` | print |"));
  CHECK(contains(text, "| `--timeout DURATION` | wait this long | 10s |"));
  CHECK(contains(text, "\n## Global options\n"));
  CHECK_FALSE(contains(text, "secret"));
}

}  // namespace
}  // namespace obsctl::test
