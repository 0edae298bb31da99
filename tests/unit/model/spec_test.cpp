// SPDX-License-Identifier: Apache-2.0
// obsctl.yaml survives a round trip, and every mistake in it is found with its position.
#include "lib/model/spec.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "lib/base/text.hpp"

using namespace obsctl;

namespace {

StackSpec spec_of(const std::vector<std::string>& assignments) {
  StackSpec spec;
  for (const auto& assignment : assignments) {
    const auto set = set_field(spec, assignment);
    REQUIRE_MESSAGE(set, (set ? "" : set.error().message));
  }
  return spec;
}

StackSpec read(const std::string& text) {
  auto spec = read_spec(text, "obsctl.yaml");
  REQUIRE_MESSAGE(spec, (spec ? "" : spec.error().message));
  return *spec;
}

// The lines that are neither blank nor a comment.
std::vector<std::string> active_lines(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [](const std::string& line) {
    const auto shown = trim(line);
    return shown.empty() || shown.front() == '#';
  });
  return lines;
}

// A value that the field takes.
std::string random_value(const SpecField& field, std::mt19937& random) {
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  const std::string number = fmt::to_string(static_cast<double>(random() % 100000) / 1000);
  if (!field.choices.empty()) {
    return pick(field.choices);
  }
  if (field.form == "text") {
    return pick(
        {"", "off", "plain", "with space", "a: b # c", "\"quoted\"", "back\\slash", "ü…", "7"});
  }
  if (field.form == "true or false") {
    return pick({"true", "false"});
  }
  return number + (field.form == "rate"       ? pick({"/s", "k/s", "/min"})
                   : field.form == "size"     ? pick({"B", "KB", "GiB"})
                   : field.form == "duration" ? pick({"ms", "s", "h", "d"})
                   : field.form == "share"    ? "%"
                                              : pick({"", "k"}));
}

}  // namespace

TEST_CASE("a field that is set was asked for, by hand or by file") {
  StackSpec spec;
  CHECK(spec.asked.empty());
  REQUIRE(set_field(spec, "traces.keep=20%"));
  REQUIRE(set_field(spec, "metrics.scrape_interval=15s"));  // also when it is the default
  CHECK_FALSE(set_field(spec, "logs.retention=30"));
  CHECK_FALSE(set_field(spec, "logs.nonsense=30"));
  REQUIRE(set_field(spec, "loadgen.targets=a.example"));
  REQUIRE(set_field(spec, "ports.grafana=3001"));
  CHECK(spec.asked == std::set<std::string>{"traces.keep", "metrics.scrape_interval"});

  const StackSpec back =
      read("tier: small\ntraces:\n  retention:\n  keep: 10%\nlogs:\nports:\n  grafana: 3001\n");
  CHECK(back.asked == std::set<std::string>{"tier", "traces.keep"});
}

TEST_CASE("a written spec holds what was asked for and shows the rest") {
  CHECK(
      active_lines(write_spec(spec_of({"tier=small", "logs.retention=14d", "security.tls=off"}))) ==
      std::vector<std::string>{"schema: obsctl.stack/v1", "tier: small", "traces:", "metrics:",
                               "logs:", "  retention: 14d", "sizing:", "security:", "  tls: 'off'",
                               "forward:", "alerting:", "host:"});
  const std::string text = write_spec(StackSpec{});
  CHECK(text.find("\n  # the bytes of a span (size)\n  # span_size: 1KB\n") != std::string::npos);
  CHECK(text.find("\n# tier: small\n") != std::string::npos);
  CHECK(text.find("\n  # retention:\n") != std::string::npos);
  CHECK(text.find("\n  # tls: 'off'\n") != std::string::npos);
  CHECK(read(text) == StackSpec{});
}

TEST_CASE("each field is there and reads as its default once it is uncommented") {
  const std::vector<std::string> lines = split(write_spec(StackSpec{}), '\n');
  for (const auto& field : spec_fields()) {
    CAPTURE(field.key);
    const auto dot = field.key.find('.');
    std::vector<std::string> edited = lines;
    const std::string head = dot == std::string::npos ? "" : field.key.substr(0, dot) + ":";
    const std::string pad = head.empty() ? "" : "  ";
    const std::string start = pad + "# " + field.key.substr(dot + 1) + ":";
    auto line = head.empty() ? edited.begin() : std::ranges::find(edited, head);
    line = std::find_if(line, edited.end(), [&](const auto& l) { return l.starts_with(start); });
    REQUIRE(line != edited.end());
    line->erase(pad.size(), 2);
    StackSpec expected;
    if (field.get(expected)) {
      expected.asked.insert(field.key);
    }
    CHECK(read(join(edited, "\n")) == expected);
  }
}

TEST_CASE("a written spec reads back to the same value and the same text") {
  StackSpec spec = spec_of({"traces.spans=5k/s", "logs.retention=7d", "ports.grafana=3001",
                            "security.cors_origins=https://a.example", "loadgen.targets=b.example",
                            "components.loki.memory=2GiB", "calibration.span_size_bytes=612.5"});
  spec.calibration.measured_at = "2026-11-21T00:00:00Z";
  const std::string text = write_spec(spec);
  CHECK(read(text) == spec);
  CHECK(write_spec(read(text)) == text);
}

TEST_CASE("so does any other") {
  std::mt19937 random(20261121);
  for (int round = 0; round < 300; ++round) {
    StackSpec spec;
    for (const auto& field : spec_fields()) {
      if (random() % 3 == 0) {
        const std::string value = random_value(field, random);
        CAPTURE(field.key);
        CAPTURE(value);
        REQUIRE(set_field(spec, field.key, value));
      }
    }
    const std::string text = write_spec(spec);
    CAPTURE(text);
    CHECK(read(text) == spec);
    CHECK(write_spec(read(text)) == text);
  }
}

// The first versions wrote every default out.
TEST_CASE("all that an old file says was asked for") {
  const StackSpec spec = read(
      "schema: obsctl.stack/v1\n\n# project name\nname: observability\ntier: small\n"
      "target: compose\nenvironment: production\n\ntraces:\n  # spans received per second\n"
      "  # spans:\n  span_size: 1KB\n  # retention:\n  keep: 10%\n\nmetrics:\n  sample_size: 3B\n\n"
      "logs:\n  storage_factor: 1\n\nsecurity:\n  tls: 'off'\n  tls_cert: ''\n");
  CHECK(spec.asked == std::set<std::string>{"name", "tier", "target", "environment",
                                            "traces.span_size", "traces.keep",
                                            "metrics.sample_size", "logs.storage_factor",
                                            "security.tls", "security.tls_cert"});
  CHECK(spec.metrics.sample_size == Bytes{3});
  CHECK(spec.logs.storage_factor == 1);
  CHECK(spec.profile == "recommended");
}

TEST_CASE("mistakes are named with file, line and column") {
  const auto unknown = read_spec("tier: small\ntraces:\n  retenton: 7d\n", "obsctl.yaml");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().at->str() == "obsctl.yaml:3:3");
  CHECK(unknown.error().hint == "did you mean 'traces.retention'?");

  const auto unit = read_spec("logs:\n  retention: 30\n", "obsctl.yaml");
  REQUIRE_FALSE(unit);
  CHECK(unit.error().at->str() == "obsctl.yaml:2:14");

  const auto twice = read_spec("tier: small\ntier: large\n", "obsctl.yaml");
  REQUIRE_FALSE(twice);
  CHECK(twice.error().at->str() == "obsctl.yaml:2:1");
}

TEST_CASE("all mistakes of a file are found in one reading, each with its place and subject") {
  const auto wrong = read_spec(
      "tier: smal\n"
      "traces:\n"
      "  retenton: 7d\n"
      "  keep: 200%\n"
      "logs:\n"
      "  retention: 30\n"
      "tier: large\n"
      "ports:\n"
      "  grafana: many\n"
      "components:\n"
      "  loki:\n"
      "    colour: red\n",
      "obsctl.yaml");
  REQUIRE_FALSE(wrong);
  std::vector<std::string> found = {wrong.error().at->str() + " " + wrong.error().subject};
  for (const auto& error : wrong.error().more) {
    CHECK(error.code == Code::config);
    found.push_back(error.at->str() + " " + error.subject);
  }
  CHECK(found == std::vector<std::string>{
                     "obsctl.yaml:7:1 ", "obsctl.yaml:1:7 tier", "obsctl.yaml:3:3 traces.retenton",
                     "obsctl.yaml:4:9 traces.keep", "obsctl.yaml:6:14 logs.retention",
                     "obsctl.yaml:9:12 ports.grafana", "obsctl.yaml:12:5 components.loki.colour"});
  CHECK(wrong.error().message == "duplicate key 'tier'");
}

TEST_CASE("a section is not a value, and a value is not a section") {
  const auto value = read_spec("traces: 5\n", "f");
  REQUIRE_FALSE(value);
  CHECK(value.error().message == "'traces' is a section, not a value");
  const auto section = read_spec("traces:\n  keep:\n    all: 1\n", "f");
  REQUIRE_FALSE(section);
  CHECK(section.error().message == "'traces.keep' takes a single value");
  CHECK(section.error().at->str() == "f:3:5");
  // An unknown section is one mistake, not one for each of its keys.
  const auto unknown = read_spec("trace:\n  keep: 1%\n  slow: 1%\n", "f");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().more.empty());
  CHECK(unknown.error().at->str() == "f:1:1");
}

TEST_CASE("a setting has its place until something else sets it") {
  StackSpec spec = read("logs:\n  retention: 7d\nports:\n  grafana: 3001\n");
  CHECK(spec.places.of.at("logs.retention").str() == "obsctl.yaml:2:14");
  CHECK(spec.places.of.at("ports.grafana").str() == "obsctl.yaml:4:12");
  const StackSpec same = spec;
  REQUIRE(set_field(spec, "logs.retention=7d"));
  CHECK_FALSE(spec.places.of.contains("logs.retention"));
  CHECK(spec == same);
  const auto set = set_field(spec, "logs.retention=7");
  REQUIRE_FALSE(set);
  CHECK(set.error().subject == "logs.retention");
}

TEST_CASE("a closed choice takes its names only") {
  StackSpec spec;
  REQUIRE(set_field(spec, "security.tls=self-signed"));
  CHECK(spec.security.tls == Tls::self_signed);
  const auto wrong = set_field(spec, "security.tls=self-sigend");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().hint == "did you mean 'self-signed'?");
  CHECK(set_field(spec, "sizing.provider=ibm").error().hint ==
        "one of: all, vps, aws, gcp, azure, onprem");
}
