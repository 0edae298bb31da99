// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen` in the process: what it refuses before it sends, and what it makes of reports.
#include "commands/loadgen.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

#include "cli/app.hpp"
#include "commands/loadgen_plan.hpp"
#include "lib/loadgen/report.hpp"
#include "tests/support/fake_system.hpp"

namespace obsctl::test {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run(FakeSystem& fake, std::vector<std::string> words) {
  words.insert(words.begin(), "loadgen");
  fake.terminal.out_text.clear();
  fake.terminal.err_text.clear();
  const int code = cli::run(words, fake.system());
  return {code, fake.terminal.out_text, fake.terminal.err_text};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A report of one shard that sent `sent` spans and had `accepted` of them accepted.
std::string report_of(std::int64_t shard, std::uint64_t sent, std::uint64_t accepted) {
  loadgen::Report report;
  report.scenario = "shop";
  report.fingerprint = "abc";
  report.endpoints = {"http://collector:4317"};
  report.shard = shard;
  report.shards = 2;
  report.result.seconds = 1;
  report.result.signals[0].sent = sent;
  report.result.signals[0].accepted = accepted;
  report.result.signals[0].refused = sent - accepted;
  report.verdicts.push_back({"errors<10%", "0%", true});
  return loadgen::report_json(report);
}

TEST_CASE("a dry run prints the plan of any target and sends nothing") {
  FakeSystem fake;
  const Ran ran = run(fake, {"--dry-run", "-e", "192.0.2.1", "-r", "5k/s", "-d", "2s"});
  CHECK(ran.code == exit_code::ok);
  CHECK(contains(ran.out, "http://192.0.2.1:4317"));
  CHECK(contains(ran.out, "Total           10000 items"));
  CHECK(ran.err.empty());
  CHECK(run(fake, {"run", "--dry-run", "--seed", "1"}).out ==
        run(fake, {"--dry-run", "--seed", "1"}).out);
}

TEST_CASE("a target beyond this machine gets no load above the safe rate unless it is allowed") {
  FakeSystem fake;
  const std::vector<std::string> fast = {"job", "-e", "192.0.2.1", "-r", "5k/s"};
  const Ran refused = run(fake, fast);
  CHECK(refused.code == exit_code::usage);
  CHECK(refused.out.empty());
  CHECK(contains(refused.err, "--yes"));
  fake.write("obsctl.yaml", "loadgen: {targets: ['192.0.2.1:4317']}\n");
  CHECK(run(fake, fast).code == exit_code::ok);
}

TEST_CASE("a job hands on every portable option as it was given") {
  FakeSystem fake;
  LoadgenPlan defaults;
  for (const Flag& flag : portable_flags(defaults)) {
    CAPTURE(flag.name);
    // Some text that the flag takes: one of its own, or one of these.
    std::vector<std::string> texts = choices_of(flag);
    std::ranges::copy(flag.suggestions, std::back_inserter(texts));
    for (const char* text : {"5", "5s", "5/s", "5KB", "k=v"}) {
      texts.emplace_back(text);
    }
    if (std::holds_alternative<bool*>(flag.into)) {
      texts = {""};
    }
    Ran ran{exit_code::usage, {}, {}};
    std::string expected;
    for (auto text = texts.begin(); ran.code != exit_code::ok && text != texts.end(); ++text) {
      expected = "--" + flag.name + (text->empty() ? "" : "=" + *text);
      ran = run(fake, {"job", "-e", "https://192.0.2.1", "--yes", "--signals", "logs", expected});
    }
    CHECK(ran.code == exit_code::ok);
    CHECK(contains(ran.out, "            - " + expected + "\n"));
  }
}

TEST_CASE("an option of another command is refused with its place") {
  FakeSystem fake;
  const Ran ran = run(fake, {"sink", "--threshold", "p99<50ms"});
  CHECK(ran.code == exit_code::usage);
  CHECK(contains(ran.err, "'obsctl loadgen run'"));
  CHECK(run(fake, {"job", "-e", "192.0.2.1", "--ledger", "http://x"}).code == exit_code::usage);
  CHECK(run(fake, {"compare", "--rate", "5/s"}).code == exit_code::usage);
}

TEST_CASE("options that contradict each other are refused") {
  FakeSystem fake;
  const std::vector<std::vector<std::string>> cases = {{"--max", "--rate", "5/s"},
                                                       {"--find-max", "--shard", "0/2"},
                                                       {"--tier", "small", "--find-max"},
                                                       {"--tier", "small", "--series", "5"},
                                                       {"--write-calibration"},
                                                       {"--cert-file", "c.pem"},
                                                       {"job", "--tier", "small", "--stack", "."}};
  for (const auto& words : cases) {
    CHECK(run(fake, words).code == exit_code::usage);
  }
}

TEST_CASE("merge adds up all shards and misses none") {
  FakeSystem fake;
  fake.write("0.json", report_of(0, 100, 100));
  fake.write("1.json", report_of(1, 100, 50));
  const Ran half = run(fake, {"merge", "0.json", "1.json", "-o", "json"});
  CHECK(half.code == exit_code::findings);  // 25 % were refused
  CHECK(contains(half.out, "\"sent\": 200"));
  const Ran lacking = run(fake, {"merge", "0.json"});
  CHECK(lacking.code == exit_code::findings);
  CHECK(contains(lacking.out, "a report from every shard (measured 1 of 2)"));
  CHECK(run(fake, {"merge", "0.json", "0.json"}).code == exit_code::failed);
  CHECK(run(fake, {"merge"}).code == exit_code::usage);
  fake.write("broken.json", "{");
  CHECK(run(fake, {"merge", "broken.json"}).code == exit_code::usage);
}

TEST_CASE("compare prints two reports side by side") {
  FakeSystem fake;
  fake.write("a.json", report_of(0, 100, 100));
  fake.write("b.json", report_of(0, 100, 50));
  const Ran ran = run(fake, {"compare", "a.json", "b.json"});
  CHECK(ran.code == exit_code::ok);
  CHECK(contains(ran.out, "a.json"));
  CHECK(contains(ran.out, "-50.0 %"));
  CHECK(run(fake, {"compare", "a.json"}).code == exit_code::usage);
  CHECK(run(fake, {"compare", "a.json", "gone.json"}).code != exit_code::ok);
}

}  // namespace
}  // namespace obsctl::test
