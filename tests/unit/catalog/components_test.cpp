// SPDX-License-Identifier: Apache-2.0
// component.yaml: what stands in it is read, and every mistake of a file is said at once.
#include "lib/catalog/components.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/catalog/component_sizing.hpp"

using namespace obsctl;

TEST_CASE("every component pins its image and has sizing rules") {
  const auto all = catalog::components();
  REQUIRE_MESSAGE(all, (all ? "" : all.error().message));
  const auto rules = catalog::sizing_rules();
  REQUIRE(rules);
  for (const auto& [name, component] : *all) {
    CAPTURE(name);
    CHECK(component.reference().find(":latest") == std::string::npos);
    CHECK(rules->contains(name));
    for (const auto& provided : component.provides) {
      CHECK(component.port(provided.port) != nullptr);
    }
  }
}

TEST_CASE("all mistakes of a component are said, each with its place") {
  const auto bad = catalog::parse_component(
      "title: X\nimage: x/x\nversion: latest\nuid: 0\nporpose: y\n"
      "ports:\n  - {name: web, number: 0, exposure: public, purpose: p}\n"
      "probe: {port: wep, path: /}\n",
      "x.yaml", "x");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().at->line == 5);
  CHECK(bad.error().hint == "did you mean 'purpose'?");
  REQUIRE(bad.error().more.size() == 5);
  CHECK(bad.error().more.back().message == "there is no port 'wep'");
  CHECK(bad.error().more.back().at->line == 8);
}

TEST_CASE("what a configuration declares is a known fact in a file that there is") {
  const std::string head =
      "title: X\nimage: x/x\nversion: 1.0.0\nuid: 0\npurpose: y\n"
      "configs: {mount: /etc/x, files: [x.yaml]}\ndeclares:\n";
  const auto good = catalog::parse_component(
      head + "  size_limit: {file: x.yaml, key: storage.size, unit: powers of 1024}\n", "x.yaml",
      "x");
  REQUIRE_MESSAGE(good, (good ? "" : good.error().message));
  REQUIRE(good->declares.size() == 1);
  CHECK(good->declares.front().fact == catalog::Fact::size_limit);
  CHECK(good->declares.front().key == std::vector<std::string>{"storage", "size"});
  CHECK(good->declares.front().notation == catalog::Notation::powers_of_1024);
  const auto bad = catalog::parse_component(head +
                                                "  num_trace: {file: x.yaml, key: a}\n"
                                                "  num_traces: {file: y.yaml, key: a, unit: MiB}\n"
                                                "  memory_limit: {file: x.yaml, kee: a}\n"
                                                "  size_limit: {file: x.yaml, key: a, unit: GB}\n",
                                            "x.yaml", "x");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "unknown fact 'num_trace'");
  CHECK(bad.error().hint == "did you mean 'num_traces'?");
  CHECK(bad.error().at->str() == "x.yaml:8:3");
  std::vector<std::string> more;
  for (const auto& error : bad.error().more) {
    more.push_back(error.at->str() + ": " + error.message);
  }
  CHECK(more == std::vector<std::string>{"x.yaml:9:22: there is no configuration file 'y.yaml'",
                                         "x.yaml:9:3: 'num_traces' is a count and has no unit",
                                         "x.yaml:10:32: unknown key 'kee'",
                                         "x.yaml:10:17: missing key 'key'",
                                         "x.yaml:10:3: 'memory_limit' is a size and needs a unit",
                                         "x.yaml:11:44: unknown unit 'GB'"});
}

TEST_CASE("runbook, log, backup and new secrets are read strictly") {
  const std::string head = "title: X\nimage: x/x\nversion: 1.0.0\nuid: 0\npurpose: y\n";
  const auto good = catalog::parse_component(
      head +
          "role: reader\nstop_grace: 1m\n"
          "volumes: [{name: v, mount: /v, holds: data, backup: none}]\n"
          "secrets: [{environment: secrets/x.env, content: \"A=[% token %]\\n\"}]\n"
          "runbook: {upgrade: [back up first]}\nlogs: [{says: a, means: b, remedy: c}]\n",
      "x.yaml", "x");
  REQUIRE_MESSAGE(good, (good ? "" : good.error().message));
  CHECK(good->role == "reader");
  CHECK(good->stop_grace.seconds == 60);
  CHECK(good->volumes.front().backup == Backup::none);
  CHECK(good->secrets.front().content == "A=[% token %]\n");
  CHECK(good->runbook.at("upgrade") == std::vector<std::string>{"back up first"});
  CHECK(good->logs.front().remedy == "c");
  const auto bad = catalog::parse_component(
      head +
          "volumes: [{name: v, mount: /v, holds: data, backup: nome}]\n"
          "secrets: [{volume: s, mount: /s, files: [a, b], holds: h, content: x}]\n"
          "runbook: {upgrades: [x]}\nlogs: [{says: a, means: b}]\n",
      "x.yaml", "x");
  REQUIRE_FALSE(bad);
  std::vector<std::string> all = {bad.error().at->str() + ": " + bad.error().message};
  for (const auto& error : bad.error().more) {
    all.push_back(error.at->str() + ": " + error.message);
  }
  CHECK(all == std::vector<std::string>{"x.yaml:6:53: unknown backup 'nome'",
                                        "x.yaml:7:11: 'content' is of one file",
                                        "x.yaml:8:11: the runbook has no topic 'upgrades'",
                                        "x.yaml:9:8: missing key 'remedy'"});
}

TEST_CASE("a list or a map where a single value belongs is said, never left out") {
  const auto bad = catalog::parse_component(
      "title: X\nimage: x/x\nversion: 1.0.0\nuid: 0\npurpose: y\nrole: [a]\n"
      "command:\n  - --a: b\n  - plain\nenvironment: {A: [1]}\nports: [web]\n",
      "x.yaml", "x");
  REQUIRE_FALSE(bad);
  std::vector<std::string> all = {bad.error().at->str() + ": " + bad.error().message};
  for (const auto& error : bad.error().more) {
    all.push_back(error.at->str() + ": " + error.message);
  }
  const auto said = [&all](const std::string& text) {
    return std::ranges::find(all, text) != all.end();
  };
  CHECK(said("x.yaml:6:7: 'role' takes single values here"));
  CHECK(said("x.yaml:8:5: 'command' takes single values here"));
  CHECK(said("x.yaml:10:18: 'A' takes single values here"));
  CHECK(said("x.yaml:11:9: this must be a map"));
  const auto sizing = catalog::parse_component_sizing(
      "cpus: {floor: 1, source: s}\nmemory: {floor: 1GiB, source: s}\nsettings: [a]\n", "s.yaml",
      "x");
  REQUIRE_FALSE(sizing);
  CHECK(sizing.error().message == "'settings' must be a map");
}
