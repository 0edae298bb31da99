// SPDX-License-Identifier: Apache-2.0
// Evidence survives its file, and a file that is wrong says where.
#include "lib/checks/evidence_json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "readings.hpp"

using namespace obsctl;
using namespace obsctl::health;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

Evidence full() {
  Evidence out;
  out.at = *parse_time("2026-11-26T02:54:04Z");
  out.readings = {
      metrics_reading("loki", "a{x=\"1\"} 0.1\n", "a{x=\"1\"} 12345678901.25\nb 1e-9\n"),
      reading("", Source::engine, "engine_up 1\n"), reading("tempo", Source::logs, "")};
  Samples& samples = out.readings.front().samples;
  samples.push_back({.name = "nan", .value = std::nan("")});
  samples.push_back({.name = "high", .labels = {{"of", "ünï \"c\" \\"}}, .value = k_infinity});
  samples.push_back({.name = "low", .value = -k_infinity});
  out.readings.push_back({.component = "loki",
                          .source = Source::volume,
                          .from = "volume obs-loki",
                          .samples = {},
                          .error = Error{.message = "there is none", .hint = "start it"}});
  return out;
}

nlohmann::json written(const Evidence& evidence) {
  nlohmann::ordered_json out;
  add_evidence(out, evidence);
  return nlohmann::json::parse(out.dump());
}

bool equal(const Samples& a, const Samples& b) {
  return std::ranges::equal(a, b, [](const Sample& one, const Sample& other) {
    return one.name == other.name && one.labels == other.labels &&
           (one.value == other.value || (std::isnan(one.value) && std::isnan(other.value)));
  });
}

// What the file says is wrong with a change to it.
std::string wrong_with(const char* pointer, const nlohmann::json& value) {
  nlohmann::json json = written(full());
  json[nlohmann::json::json_pointer(pointer)] = value;
  std::string wrong;
  static_cast<void>(evidence_from(JsonFields(json, "", wrong)));
  return wrong;
}

}  // namespace

TEST_CASE("evidence comes back from its file as it was") {
  const Evidence before = full();
  std::string wrong;
  const nlohmann::json json = written(before);
  const Evidence after = evidence_from(JsonFields(json, "", wrong));
  CHECK(wrong.empty());
  CHECK(after.at == before.at);
  REQUIRE(after.readings.size() == before.readings.size());
  for (std::size_t i = 0; i < before.readings.size(); ++i) {
    const Reading& a = before.readings[i];
    const Reading& b = after.readings[i];
    CAPTURE(a.from);
    CHECK(a.component == b.component);
    CHECK(a.source == b.source);
    CHECK(a.from == b.from);
    CHECK(a.seconds == b.seconds);
    CHECK(equal(a.samples, b.samples));
    CHECK(equal(a.before, b.before));
    REQUIRE(a.error.has_value() == b.error.has_value());
    if (a.error) {
      CHECK(a.error->message == b.error->message);
      CHECK(a.error->hint == b.error->hint);
    }
  }
}

TEST_CASE("a file of evidence that is wrong names the key") {
  CHECK(wrong_with("/at", "yesterday") == "'at' is not a time like 2026-11-26T02:54:04Z");
  CHECK(wrong_with("/readings", 3) == "'readings' is not a list");
  CHECK(wrong_with("/readings/1", "x") == "'readings[1]' is not an object");
  CHECK(wrong_with("/readings/1/source", "rumour") ==
        "'readings[1].source' is 'rumour', which is no source");
  CHECK(wrong_with("/readings/0/component", nullptr) == "'readings[0].component' is not a text");
  CHECK(wrong_with("/readings/0/seconds", -1) ==
        "'readings[0].seconds' is not a number from 0 to 1e+09");
  CHECK(wrong_with("/readings/0/before", {{"a", 1}}) == "'readings[0].before' is not a list");
  CHECK(wrong_with("/readings/0/samples/1/value", "12") ==
        "'readings[0].samples[1].value' is neither a number nor NaN, +Inf or -Inf");
  CHECK(wrong_with("/readings/0/samples/0/labels/x", 1) ==
        "'readings[0].samples[0].labels.x' is not a text");
  CHECK(wrong_with("/readings/3/error", "broken") == "'readings[3].error' is not an object");
  CHECK(wrong_with("/more", 1).empty());
}

TEST_CASE("labels of a file are fit to be shown") {
  nlohmann::json json = written(full());
  json["readings"][0]["samples"][0]["labels"] = {{"x", "\x1b[2J" + std::string(500, 'a')}};
  std::string wrong;
  const Evidence read = evidence_from(JsonFields(json, "", wrong));
  CHECK(read.readings[0].samples[0].labels.at("x") == "?[2J" + std::string(196, 'a'));
}
