// SPDX-License-Identifier: Apache-2.0
// A recording comes back as it was, from its JSON and from an archive, and says what is wrong with it.
#include "lib/bundle/recording.hpp"

#include <doctest/doctest.h>

#include <span>

#include "lib/bundle/tar.hpp"
#include "lib/otlp/compress.hpp"

using namespace obsctl;
using namespace obsctl::bundle;

namespace {

Recording sample() {
  Recording out{.version = "1.2.3",
                .subject = "/srv/shop",
                .spec = "schema: obsctl.stack/v1\nname: shop\n",
                .took = {3.25},
                .evidence = {}};
  out.evidence.at = *parse_time("2026-11-26T02:54:04Z");
  out.evidence.readings = {{.component = "",
                            .source = health::Source::engine,
                            .from = "engine",
                            .samples = {{.name = "engine_up", .value = 1}}}};
  return out;
}

std::string packed(const std::string& tar) {
  std::string out;
  const auto bytes = std::as_bytes(std::span(tar));
  REQUIRE(otlp::Compressor(otlp::Compression::gzip).pack(bytes, out).has_value());
  return out;
}

std::string archive_with(const std::string& path, const std::string& bytes) {
  TarWriter writer({});
  REQUIRE(writer.add("top/other", "x").has_value());
  REQUIRE(writer.add(path, bytes).has_value());
  return packed(std::move(writer).finish());
}

std::string error_of(const std::string& bytes) {
  const auto read = read_recording(bytes, "f");
  return read ? "" : read.error().message;
}

std::string with(const char* key, const nlohmann::ordered_json& value) {
  auto json = recording_json(sample());
  json[key] = value;
  return json.dump();
}

}  // namespace

TEST_CASE("a recording comes back as it was") {
  const Recording before = sample();
  const std::string json = recording_json(before).dump();
  for (const std::string& bytes : {json, archive_with("top/evidence.json", json)}) {
    const auto after = read_recording(bytes, "f");
    REQUIRE(after.has_value());
    CHECK(after->version == before.version);
    CHECK(after->subject == before.subject);
    CHECK(after->spec == before.spec);
    CHECK(after->given.empty());
    CHECK(after->took == before.took);
    CHECK(recording_json(*after) == recording_json(before));
  }
}

TEST_CASE("programs that were given come back without their passwords") {
  Recording before = sample();
  before.given = {{.component = "loki", .url = "http://u:p@h:3100"}};
  const auto after = read_recording(recording_json(before).dump(), "f");
  REQUIRE(after.has_value());
  REQUIRE(after->given.size() == 1);
  CHECK(after->given[0].component == "loki");
  CHECK(after->given[0].url == "http://h:3100");
  CHECK(after->spec.empty());
}

TEST_CASE("a file that is none says why") {
  const std::string start = "'f' is no evidence of health: ";
  CHECK(error_of("") == start + "it is neither a .tar.gz archive nor JSON");
  CHECK(error_of("[]") == start + "its schema is not 'obsctl.health.evidence/v1'");
  CHECK(error_of(with("schema", "obsctl.health/v1")) ==
        start + "its schema is not 'obsctl.health.evidence/v1'");
  CHECK(error_of(with("subject", 1)) == start + "'subject' is not a text");
  CHECK(error_of(with("spec", "")) == start + "'given' is missing");
  CHECK(error_of(with("readings", {1})) == start + "'readings[0]' is not an object");
  CHECK(error_of("\x1f\x8b broken").starts_with(start));
  CHECK(error_of(archive_with("top/report.json", "{}")) == start + "it has no evidence.json");
  CHECK(error_of(packed("no tar")) == start + "it is no tar archive: it is too short");
  CHECK(error_of(packed(std::string(40'000'000, '\0'))).starts_with(start));
}

TEST_CASE("a document that is too deep or has too many parts is refused") {
  const std::string refused = "'f' is no evidence of health: it is too deep or has too many parts";
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(error_of(std::string(1'000'000, '[')) == refused);
  CHECK(error_of("{\"schema\":" + deep + "}") == refused);
  std::string many = "[0";
  for (int i = 0; i < 2'000'000; ++i) {
    many += ",0";
  }
  CHECK(error_of(many + "]") == refused);
}
