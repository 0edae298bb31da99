// SPDX-License-Identifier: Apache-2.0
// sizing.yaml: every mistake of a file is said at once, and no rule can name what nobody computes.
#include "lib/catalog/component_sizing.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace obsctl;

namespace {

constexpr const char* k_good =
    "cpus: {floor: 0.1, per: [{of: spans, per: 1000, takes: 1}], source: x}\n"
    "memory: {floor: 64MiB, per: [{of: cores, per: 1, takes: 1GB}], source: x}\n"
    "stores: {metrics: {sample_size: 2B, source: x}}\n"
    "settings:\n"
    "  limit: {of: memory, times: 0.8, unit: MiB, round: down, why: w, in: i}\n"
    "  half: {of: limit, over: cores, times: 0.5, unit: MiB, why: w, in: i}\n";

Error error_of(const std::string& text) {
  const auto parsed = catalog::parse_component_sizing(text, "s.yaml", "x");
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the rules of a component are read") {
  const auto parsed = catalog::parse_component_sizing(k_good, "s.yaml", "x");
  REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
  CHECK(parsed->cpus.per.front().of == "spans");
  CHECK(parsed->memory.floor == 64 * 1024 * 1024);
  CHECK(parsed->stores.at(catalog::Signal::metrics).sample_size == 2);
  REQUIRE(parsed->settings.size() == 2);
  CHECK(parsed->settings[0].round == catalog::Rounding::down);
  CHECK(parsed->settings[1].over == "cores");
}

TEST_CASE("a rule can name only what is known where it stands") {
  struct {
    const char* from;
    const char* to;
    const char* message;
    const char* at;
  } const rows[] = {
      {"of: spans", "of: span", "unknown amount 'span'", "s.yaml:1:31"},
      {"of: spans", "of: cores", "unknown amount 'cores'", "s.yaml:1:31"},
      {"of: cores", "of: memory", "unknown amount 'memory'", "s.yaml:2:35"},
      {"per: [{of: cores, per: 1, takes: 1GB}]", "points: {of: lins, at: [1, 2], take: [1GB, 2GB]}",
       "unknown amount 'lins'", "s.yaml:2:37"},
      {"of: memory", "of: half", "unknown amount 'half'", "s.yaml:5:15"},
      {"over: cores", "over: half", "unknown amount 'half'", "s.yaml:6:27"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.to));
    const Error error = error_of(with(k_good, row.from, row.to));
    CHECK(error.message == row.message);
    CHECK(error.at->str() == row.at);
    CHECK(error.more.empty());
  }
  CHECK(error_of(with(k_good, "of: spans", "of: span")).hint == "did you mean 'spans'?");
  CHECK(error_of(with(k_good, "of: cores", "of: rain")).hint.ends_with("partitions, cores"));
}

TEST_CASE("a component measures only what the catalog knows") {
  const std::string text = std::string(k_good) + "measures:\n  streems: ['sum(x)']\n  series: y\n";
  const Error error = error_of(text);
  CHECK(error.message == "unknown measure 'streems'");
  CHECK(error.hint == "did you mean 'streams'?");
  CHECK(error.at->str() == "s.yaml:8:3");
  REQUIRE(error.more.size() == 1);
  CHECK(error.more.front().message == "'series' must be a list");
}

TEST_CASE("all mistakes of a file are said, each with its place") {
  const Error error = error_of(
      "cpus: {flor: 0.1, per: [{of: span, per: 0, takes: 1}]}\n"
      "memory: {floor: many, points: {of: lines, at: [2, 1], take: [1GB, 2GB]}, source: x}\n"
      "stores: {metric: {source: x}, metrics: {source: x}}\n"
      "settings: {a: {of: memory, unit: MiB, round: left, why: w, in: i}}\n");
  std::vector<std::string> said = {error.message};
  for (const auto& more : error.more) {
    REQUIRE(more.at);
    said.push_back(std::to_string(more.at->line) + " " + more.message);
  }
  CHECK(said[0] == "unknown key 'flor'");
  for (const char* part :
       {"1 missing key 'floor'", "1 unknown amount 'span'", "1 'per' must be more than 0",
        "1 missing key 'source'", "2 both points must be above 0, and the second above the first",
        "3 unknown signal 'metric'", "3 stored metrics need a 'sample_size' of more than 0",
        "4 unknown rounding 'left'"}) {
    CAPTURE(std::string(part));
    CHECK(std::ranges::find(said, part) != said.end());
  }
  CHECK(said.size() == 10);  // and the floor that is no size
}

TEST_CASE("the embedded rules and common settings are valid") {
  const auto rules = catalog::sizing_rules();
  REQUIRE_MESSAGE(rules, (rules ? "" : rules.error().message));
  const auto common = catalog::common_settings();
  REQUIRE_MESSAGE(common, (common ? "" : common.error().message));
  CHECK_FALSE(common->empty());
}

TEST_CASE("sizing rules say what a component stores, holds and cannot share") {
  const std::string limits = "cpus: {floor: 1, source: s}\nmemory: {floor: 1GiB, source: s}\n";
  const auto store = catalog::parse_component_sizing(
      limits + "runs_once: one disk\nstores: {logs: {factor: 0.2, source: s}}\n", "s.yaml", "x");
  REQUIRE(store);
  CHECK(store->stores.contains(catalog::Signal::logs));
  CHECK_FALSE(store->stores.contains(catalog::Signal::traces));
  CHECK(store->runs_once == "one disk");
  CHECK_FALSE(store->holds_objects);
  const auto objects = catalog::parse_component_sizing(limits + "holds: objects\n", "s.yaml", "x");
  REQUIRE(objects);
  CHECK(objects->holds_objects);
  const auto unknown = catalog::parse_component_sizing(limits + "holds: queue\n", "s.yaml", "x");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().at->line == 3);
}
