// SPDX-License-Identifier: Apache-2.0
// The manifest and the marks of a set come back as they were written; what is wrong is named.
#include "lib/backup/manifest.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "lib/backup/marks.hpp"
#include "lib/base/hash.hpp"

using namespace obsctl;
using namespace obsctl::backup;
using Json = nlohmann::ordered_json;

namespace {

Time at(std::string_view text) {
  return parse_time(text).value();
}

Manifest sample() {
  const std::string sha(64, 'a');
  return {.id = "20261120T020000Z-6f3a1c",
          .group = "/srv/prometheus",
          .sequence = 12,
          .version = "1.2.3",
          .host = "metrics-1",
          .started = at("2026-11-20T02:00:00Z"),
          .finished = at("2026-11-20T02:01:00Z"),
          .status = Status::partial,
          .volumes = {{.name = "prometheus",
                       .source = "directory",
                       .path = "/srv/prometheus",
                       .root = {65534, 65534, 02755},
                       .consistency = Consistency::live,
                       .bytes = 1000,
                       .entries = 10,
                       .tar = {20480, sha},
                       .blob = {300, std::string(64, 'b')},
                       .index = {100, std::string(64, 'c')},
                       .engine = EngineRecord{.driver = "local",
                                              .options = {{"o", "size=1g"}},
                                              .labels = {{"com.docker.compose.volume", "loki"}},
                                              .component = "loki",
                                              .version = "3.7.6",
                                              .image = "grafana/loki:3.7.6"},
                       .warnings = {"'wal/1' could not be read"}}},
          .warnings = {"the volume 'loki' is missing"}};
}

// What is said about the sample with `value` in the place of a field.
std::string wrong(const char* pointer, const Json& value) {
  Json json = Json::parse(print_manifest(sample()));
  json[Json::json_pointer(pointer)] = value;
  const auto parsed = parse_manifest(json.dump(), "m.json");
  REQUIRE_MESSAGE(!parsed, pointer);
  CHECK(parsed.error().at->file == "m.json");
  CHECK_FALSE(parsed.error().hint.empty());
  return parsed.error().message;
}

}  // namespace

TEST_CASE("a manifest comes back as it was written") {
  const auto parsed = parse_manifest(print_manifest(sample()), "m.json");
  REQUIRE(parsed);
  CHECK(*parsed == sample());
  CHECK(parsed->bytes() == 1000);
  CHECK(parsed->stored_bytes() == 400);
  CHECK(parsed->find("prometheus") == &parsed->volumes.front());
  CHECK(parsed->find("loki") == nullptr);
}

TEST_CASE("the first field that is wrong is named") {
  CHECK(wrong("/id", "../../etc") == "the manifest is damaged: 'id' is not the name of a set");
  CHECK(wrong("/volumes/0/name", "../x") ==
        "the manifest is damaged: 'volumes[0].name' is not the name of a volume");
  CHECK(wrong("/volumes/0/blob/sha256", "AB") ==
        "the manifest is damaged: 'volumes[0].blob.sha256' is not a SHA-256");
  CHECK(wrong("/volumes/0/entries", -1).find("'volumes[0].entries'") != std::string::npos);
  CHECK(wrong("/volumes/0/entries", 1e300).find("'volumes[0].entries'") != std::string::npos);
  CHECK(wrong("/volumes/0/root/mode", 0100000).find("'volumes[0].root.mode'") != std::string::npos);
  CHECK(wrong("/started", "yesterday").find("'started'") != std::string::npos);
  CHECK(wrong("/status", "good").find("'status' is none of complete, partial") !=
        std::string::npos);
  CHECK(wrong("/warnings", {1, 2}).find("'warnings' is not a list of texts") != std::string::npos);
  CHECK(wrong("/volumes", Json::object()).find("'volumes' is not a list") != std::string::npos);
  CHECK(wrong("/sequence", "1").find("'sequence'") != std::string::npos);
  CHECK(
      wrong("/volumes/0/engine/labels", {{"a", 7}}).find("'volumes[0].engine.labels' is not an") !=
      std::string::npos);
  CHECK(wrong("/volumes/0/engine", "x").find("'volumes[0].engine'") != std::string::npos);
  CHECK(wrong("/schema", "x").find("'schema'") != std::string::npos);
}

TEST_CASE("two volumes of one name are refused") {
  Manifest twice = sample();
  twice.volumes.push_back(twice.volumes.front());
  const auto parsed = parse_manifest(print_manifest(twice), "m.json");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find("'volumes[1].name' is there twice") != std::string::npos);
}

TEST_CASE("a newer format is not called damage") {
  Json json = Json::parse(print_manifest(sample()));
  json["format"] = 2;
  const auto parsed = parse_manifest(json.dump(), "m.json");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::config);
  CHECK(parsed.error().message == "the set was written in format 2");
}

TEST_CASE("no truncated manifest is accepted") {
  const std::string text = print_manifest(sample());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    CHECK_FALSE(parse_manifest(text.substr(0, length), "m.json"));
  }
}

TEST_CASE("what is deep or large is refused, not followed") {
  CHECK_FALSE(parse_manifest(std::string(1 << 20, '['), "m.json"));
  CHECK_FALSE(parse_manifest(std::string((16 << 20) + 1, ' '), "m.json"));
  CHECK_FALSE(parse_manifest("", "m.json"));
  CHECK_FALSE(parse_manifest("null", "m.json"));
}

TEST_CASE("texts of a manifest are fit to be shown") {
  Manifest hostile = sample();
  hostile.host = "a\x1b[2Jb\n";
  hostile.volumes.front().path = "/srv/\r";
  const auto parsed = parse_manifest(print_manifest(hostile), "m.json");
  REQUIRE(parsed);
  CHECK((parsed->host + parsed->volumes.front().path).find_first_of("\x1b\r\n") ==
        std::string::npos);
}

TEST_CASE("the checksums are lines of sha256sum, of every file") {
  const std::string text = print_manifest(sample());
  CHECK(print_checksums(text, sample()) ==
        sha256_hex(text) + "  manifest.json\n" + std::string(64, 'b') +
            "  volumes/prometheus.tar.zst\n" + std::string(64, 'c') +
            "  volumes/prometheus.idx.zst\n");
}

TEST_CASE("marks come back as they were written") {
  const Marks marks{.pinned = true,
                    .verified = Verification{at("2026-11-20T02:02:00Z"), Level::quick, true, "abc"},
                    .restored = Restoration{at("2026-11-21T02:00:00Z"), {12.5}, 1000}};
  CHECK(parse_marks(print_marks(marks), "m").value() == marks);
  CHECK(parse_marks(print_marks({}), "m").value() == Marks{});
  for (const char* text :
       {"", "{}", "[]", R"({"schema":"obsctl.backup.marks/v1","pinned":"yes"})",
        R"({"schema":"obsctl.backup.marks/v2","pinned":true})",
        R"({"schema":"obsctl.backup.marks/v1","pinned":true,"verified":{"at":"x"}})"}) {
    const auto parsed = parse_marks(text, "marks.json");
    REQUIRE_MESSAGE(!parsed, text);
    CHECK(parsed.error().code == Code::integrity);
  }
}
