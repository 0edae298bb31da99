// SPDX-License-Identifier: Apache-2.0
// Each format of findings is what its readers expect, whatever a message contains.
#include "lib/findings/print.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace obsctl;
using Json = nlohmann::ordered_json;

namespace {

const CheckInfo k_info = {.name = "size --check", .passed = "Everything fits.", .version = "1.2.3"};

Findings samples() {
  return {{.id = "network.ingress",
           .severity = Severity::warning,
           .subject = "network",
           .message = "520 Mbit/s arrive and the tier plans for 500"},
          {.id = "disk.loki",
           .subject = "loki",
           .place = SourcePos{"my stack/obsctl.yaml", 7, 11},
           .message = "loki needs 200 GB and has 100 GB",
           .evidence = "disk = daily x days",
           .hint = "a larger disk: --set components.loki.disk=200GB",
           .settings = {{"components.loki.disk", "200GB"}},
           .alternatives = {{{"logs.retention", "3d"}}}},
          {.id = "disk.loki",
           .severity = Severity::note,
           .place = SourcePos{"/etc/a.yaml"},
           .message = "seen"}};
}

// A message that tries to leave its place in every format.
Findings hostile() {
  return {{.id = "a,b:c",
           .subject = "x",
           .place = SourcePos{"a:b,c.yaml", 1},
           .message = "<\"&'>]]>\x1b[31m\x01\nsecond\xff % ::error::",
           .hint = "100%"}};
}

}  // namespace

TEST_CASE("severities are counted and sorted, and only errors fail") {
  Findings all = samples();
  CHECK(count(all).errors == 1);
  CHECK(count(all).warnings == 1);
  CHECK(count(all).notes == 1);
  CHECK(any_error(all));
  sort_by_severity(all);
  CHECK(all[0].severity == Severity::error);
  CHECK(all[2].severity == Severity::note);
  all.erase(all.begin());
  CHECK_FALSE(any_error(all));
}

TEST_CASE("mistakes of a file become findings with their places") {
  Error error{.code = Code::config, .message = "a", .at = SourcePos{"f", 1, 2}};
  error.more.push_back({.message = "b", .hint = "c", .subject = "logs.retention"});
  const Findings all = findings_of(error, "spec");
  REQUIRE(all.size() == 2);
  CHECK(all[0].place == SourcePos{"f", 1, 2});
  CHECK(all[1].subject == "logs.retention");
  CHECK(all[1].hint == "c");
}

TEST_CASE("text: errors first, hints below, a line that counts") {
  CHECK(findings_text(samples(), k_info, false) ==
        "error    disk.loki: loki needs 200 GB and has 100 GB\n"
        "  in: my stack/obsctl.yaml:7:11\n"
        "  hint: a larger disk: --set components.loki.disk=200GB\n"
        "warning  network.ingress: 520 Mbit/s arrive and the tier plans for 500\n"
        "note     disk.loki: seen\n"
        "  in: /etc/a.yaml\n"
        "1 error, 1 warning, 1 note\n");
  CHECK(findings_text({}, k_info, false) == "Everything fits.\n");
  CHECK(findings_text(samples(), k_info, true).starts_with("\x1b[31merror   \x1b[0m disk.loki"));
  const std::string text = findings_text(hostile(), k_info, false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\x1b[31m\\x01\\nsecond") != std::string::npos);
}

TEST_CASE("JSON: a document with a schema; absent parts are left out") {
  const Json root = Json::parse(findings_document(samples(), k_info));
  CHECK(root["schema"] == "obsctl.findings/v1");
  CHECK(root["check"] == "size --check");
  CHECK(root["counts"] == Json({{"errors", 1}, {"warnings", 1}, {"notes", 1}}));
  CHECK(root["findings"][0] == Json::parse(R"({"id":"network.ingress","severity":"warning",
      "subject":"network","message":"520 Mbit/s arrive and the tier plans for 500"})"));
  const Json& disk = root["findings"][1];
  CHECK(disk["place"] == Json({{"file", "my stack/obsctl.yaml"}, {"line", 7}, {"column", 11}}));
  CHECK(disk["settings"] == Json({{"components.loki.disk", "200GB"}}));
  CHECK(disk["alternatives"] == Json::parse(R"([{"logs.retention":"3d"}])"));
  CHECK(root["findings"][2]["place"] == Json({{"file", "/etc/a.yaml"}}));
  CHECK(Json::accept(findings_document(hostile(), k_info)));
}

TEST_CASE(
    "JUnit: errors fail, the rest passes with an output; no finding is one test that passed") {
  CHECK(findings_junit(samples(), k_info) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"size --check\" tests=\"3\" failures=\"1\">\n"
        "  <testcase classname=\"size --check\" name=\"network.ingress (network)\">\n"
        "    <system-out>warning: 520 Mbit/s arrive and the tier plans for 500</system-out>\n"
        "  </testcase>\n"
        "  <testcase classname=\"size --check\" name=\"disk.loki (loki)\">\n"
        "    <failure type=\"disk.loki\" message=\"loki needs 200 GB and has 100 GB\">"
        "loki needs 200 GB and has 100 GB\nin: my stack/obsctl.yaml:7:11\n"
        "hint: a larger disk: --set components.loki.disk=200GB</failure>\n"
        "  </testcase>\n"
        "  <testcase classname=\"size --check\" name=\"disk.loki\">\n"
        "    <system-out>note: seen\nin: /etc/a.yaml</system-out>\n"
        "  </testcase>\n"
        "</testsuite>\n");
  CHECK(findings_junit({}, k_info) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"size --check\" tests=\"1\" failures=\"0\">\n"
        "  <testcase classname=\"size --check\" name=\"size --check\"/>\n"
        "</testsuite>\n");
  const std::string xml = findings_junit(hostile(), k_info);
  CHECK(xml.find("&lt;&quot;&amp;'&gt;]]&gt;\uFFFD[31m\uFFFD\nsecond\uFFFD % ::error::") !=
        std::string::npos);
}

TEST_CASE("SARIF 2.1.0: what its schema requires, and results that point to their rules") {
  for (const Findings& findings : {samples(), hostile(), Findings{}}) {
    const Json root = Json::parse(findings_sarif(findings, k_info));
    CHECK(root["version"] == "2.1.0");
    REQUIRE(root["runs"].size() == 1);
    const Json& run = root["runs"][0];
    const Json& driver = run["tool"]["driver"];
    CHECK(driver["name"] == "obsctl");
    CHECK(driver["version"] == "1.2.3");
    std::set<std::string> ids;
    for (const auto& rule : driver["rules"]) {
      CHECK(ids.insert(rule["id"]).second);
    }
    REQUIRE(run["results"].size() == findings.size());
    for (const auto& result : run["results"]) {
      CHECK_FALSE(result["message"]["text"].get<std::string>().empty());
      CHECK(driver["rules"][result["ruleIndex"].get<std::size_t>()]["id"] == result["ruleId"]);
      CHECK(std::set<std::string>{"error", "warning", "note"}.contains(result["level"]));
    }
  }
}

TEST_CASE("SARIF: places are URIs with regions, subjects are logical locations") {
  const Json results = Json::parse(findings_sarif(samples(), k_info))["runs"][0]["results"];
  CHECK(results[1]["message"]["text"] ==
        "loki needs 200 GB and has 100 GB. Hint: a larger disk: --set components.loki.disk=200GB.");
  CHECK(results[1]["locations"] == Json::parse(R"([{"physicalLocation":
      {"artifactLocation":{"uri":"my%20stack/obsctl.yaml"},
       "region":{"startLine":7,"startColumn":11}},
      "logicalLocations":[{"fullyQualifiedName":"loki"}]}])"));
  CHECK(results[0]["locations"] ==
        Json::parse(R"([{"logicalLocations":[{"fullyQualifiedName":"network"}]}])"));
  CHECK(results[2]["locations"] ==
        Json::parse(R"([{"physicalLocation":{"artifactLocation":{"uri":"file:///etc/a.yaml"}}}])"));
  const Json odd = Json::parse(findings_sarif(hostile(), k_info))["runs"][0]["results"][0];
  CHECK(odd["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%3Ab,c.yaml");
}

TEST_CASE("GitHub: one line per finding, and nothing in a message starts another") {
  CHECK(findings_github(samples()) ==
        "::warning title=network.ingress::520 Mbit/s arrive and the tier plans for 500\n"
        "::error title=disk.loki,file=my stack/obsctl.yaml,line=7,col=11::"
        "loki needs 200 GB and has 100 GB%0Ahint: a larger disk: --set "
        "components.loki.disk=200GB\n"
        "::notice title=disk.loki,file=/etc/a.yaml::seen\n");
  const std::string text = findings_github(hostile());
  CHECK(text.find('\n') == text.size() - 1);
  CHECK(text.starts_with("::error title=a%2Cb%3Ac,file=a%3Ab%2Cc.yaml,line=1::"));
  CHECK(text.find("%25 ::error::%0Ahint: 100%25\n") != std::string::npos);
}
