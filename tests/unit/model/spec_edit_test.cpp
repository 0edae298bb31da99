// SPDX-License-Identifier: Apache-2.0
// A value changes, the user's comments and order stay.
#include "lib/model/spec_edit.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

namespace {

std::optional<std::string> edited(const std::string& text,
                                  const std::vector<std::string>& assignments) {
  const auto from = read_spec(text, "obsctl.yaml");
  REQUIRE(from);
  StackSpec to = *from;
  for (const auto& assignment : assignments) {
    REQUIRE(set_field(to, assignment));
  }
  return edit_spec(text, *from, to);
}

}  // namespace

TEST_CASE("values are replaced, uncommented or added, comments stay") {
  const std::string text =
      "# ours\ntier: small\ntraces:\n  keep: 10%  # agreed with finance\n  # retention:\n\n"
      "logs:\n    retention: 7d\n";
  CHECK(edited(text, {"traces.keep=25%"}) ==
        "# ours\ntier: small\ntraces:\n  keep: 25%  # agreed with finance\n  # retention:\n\n"
        "logs:\n    retention: 7d\n");
  CHECK(edited(text, {"traces.retention=3d", "name=shop", "ports.grafana=3001"}) ==
        "name: shop\n# ours\ntier: small\ntraces:\n  keep: 10%  # agreed with finance\n"
        "  retention: 3d\n\nlogs:\n    retention: 7d\n\nports:\n  grafana: 3001\n");
  CHECK(edited(text, {"traces.slow=3%"}) ==
        "# ours\ntier: small\ntraces:\n  slow: 3%\n  keep: 10%  # agreed with finance\n"
        "  # retention:\n\n"
        "logs:\n    retention: 7d\n");
}

TEST_CASE("names with dots and colons stand in a line of their own") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto text = edited(
      "tier: small\n", {"digests.ghcr.io/a/b:1.2.3=" + digest, "public_urls.grafana=https://a"});
  REQUIRE(text);
  CHECK(*text == "tier: small\n\ndigests:\n  ghcr.io/a/b:1.2.3: " + digest +
                     "\n\npublic_urls:\n  grafana: 'https://a'\n");
  const auto read = read_spec(*text, "obsctl.yaml");
  REQUIRE(read);
  CHECK(read->digests.at("ghcr.io/a/b:1.2.3") == digest);
  CHECK(read_spec(write_spec(*read), "obsctl.yaml") == *read);
}

TEST_CASE("a ' #' in quotes is no comment") {
  CHECK(edited("environment: 'a # b'\n", {"environment=c # d"}) == "environment: 'c # d'\n");
  CHECK(edited("environment: it's  # why\n", {"environment=x"}) == "environment: x  # why\n");
}

TEST_CASE("a section is made, or uncommented, for its first value") {
  CHECK(edited("tier: small\nlogs:\n  # retention:\ntraces:\n", {"logs.retention=8d"}) ==
        "tier: small\nlogs:\n  retention: 8d\ntraces:\n");
  CHECK(edited("# traces:\n#   keep: 10%\n# logs:\n#   retention: 7d\ntier: small\n",
               {"traces.keep=20%", "logs.lines=5/s"}) ==
        "traces:\n  keep: 20%\n#   keep: 10%\nlogs:\n  lines: 5/s\n#   retention: 7d\n"
        "tier: small\n");
  CHECK(edited("tier: small", {"logs.retention=8d"}) == "tier: small\n\nlogs:\n  retention: 8d");
}

TEST_CASE("asking for a default is a change too") {
  CHECK(edited("tier: small\ntraces:\n  # keep: 10%\n", {"traces.keep=10%"}) ==
        "tier: small\ntraces:\n  keep: 10%\n");
  CHECK(edited("tier: small\ntraces:\n  keep: 10%\n", {"traces.keep=10%"}) ==
        "tier: small\ntraces:\n  keep: 10%\n");
}

TEST_CASE("what is not asked for any more becomes a comment") {
  const std::string text =
      "name: \"shop\"\ntier: small\ntraces:\n  keep: 25%  # agreed\nports:\n  grafana: 3001\n";
  const auto from = read_spec(text, "obsctl.yaml");
  const auto to = read_spec("tier: small\nlogs:\n  retention: 9d\n", "obsctl.yaml");
  REQUIRE((from && to));
  CHECK(
      edit_spec(text, *from, *to) ==
      "# name: \"shop\"\ntier: small\ntraces:\n  # keep: 25%  # agreed\nports:\n  # grafana: 3001\n"
      "\nlogs:\n  retention: 9d\n");
}

TEST_CASE("what a line edit cannot do is refused, never done wrongly") {
  CHECK_FALSE(edited("tier: small\nlogs: {retention: 7d}\n", {"logs.retention=8d"}));
  CHECK_FALSE(edited("tier: small\n", {"security.cors_origins=https://a.example"}));
  CHECK_FALSE(edited("logs:\n    retention: 7d\n", {"logs.retention=8d"}));
}

TEST_CASE("obsctl's own form can always be edited") {
  StackSpec spec;
  const std::string text = "# mine\n" + write_spec(spec);
  for (const auto& field : spec_fields()) {
    CAPTURE(field.key);
    std::string value = field.choices.empty() ? "" : field.choices.back();
    if (field.choices.empty()) {
      value = field.form == "text"       ? "some text"
              : field.form == "duration" ? "9d"
              : field.form == "share"    ? "7%"
              : field.form == "rate"     ? "70/s"
              : field.form == "size"     ? "7KB"
              : field.form == "count"    ? "7"
                                         : "true";
    }
    const auto out = edited(text, {field.key + "=" + value});
    REQUIRE(out);
    CHECK(out->starts_with("# mine\n"));
    StackSpec set;
    REQUIRE(set_field(set, field.key, value));
    CHECK(*out == "# mine\n" + write_spec(set));
    CHECK(edit_spec(*out, set, spec));
  }
}

TEST_CASE("a calibration takes the place of the old one and nothing else changes") {
  const Calibration to{"2026-11-21T00:00:00Z", "http://p:9090", {{"series", 3000}}};
  const std::string block =
      "\n# measured on the running stack by 'obsctl size --from-prometheus'\ncalibration:\n"
      "  measured_at: '2026-11-21T00:00:00Z'\n  source: 'http://p:9090'\n  series: 3k\n";
  const std::string ours = "# ours\ntier: small # why\n\ntraces:\n  # keep: 10%\n";
  for (const std::string& text :
       {ours, ours + block, ours + "\ncalibration:\n\n  series: 1\n\n",
        "calibration: {series: 1}\n" + ours, "calibration:\n  # old\n  series: 1\n" + ours}) {
    CAPTURE(text);
    CHECK(edit_calibration(text, to, "obsctl.yaml") == ours + block);
  }
  const StackSpec spec;
  CHECK(edit_calibration(write_spec(spec), to, "obsctl.yaml") == write_spec(spec) + block);
}

TEST_CASE("a calibration that cannot be told from the rest is left alone") {
  for (const char* text : {"{tier: small, calibration: {series: 1}}\n",
                           "calibration:\n# old\n  series: 1\n", "tier: smal\n"}) {
    CAPTURE(text);
    CHECK_FALSE(edit_calibration(text, {.measured_at = "x", .source = "y", .values = {}}, "f"));
  }
}
