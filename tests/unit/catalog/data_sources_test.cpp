// SPDX-License-Identifier: Apache-2.0
// The head of a data source, and where its fragment stands.
#include "lib/catalog/data_sources.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

namespace {

const std::string k_source =
    "serves: traces\nuid: loki\ntype: loki\norder: 20\n---\n  - name: Loki\n    url: [% nope %]\n";

Error mistake(const std::string& text) {
  const auto source = catalog::parse_data_source(text, "datasource.yaml", "loki");
  REQUIRE_FALSE(source);
  REQUIRE(source.error().at);
  return source.error();
}

}  // namespace

TEST_CASE("a data source says what it is for, and keeps the lines of its fragment") {
  const auto source = catalog::parse_data_source(k_source, "datasource.yaml", "loki");
  REQUIRE(source);
  CHECK(source->component == "loki");
  CHECK(source->serves == "traces");
  CHECK(source->uid == "loki");
  CHECK(source->order == 20);
  CHECK(source->fragment == "\n\n\n\n\n  - name: Loki\n    url: [% nope %]\n");
}

TEST_CASE("mistakes in the head of a data source are all reported") {
  const Error all = mistake("serves: log\nuid: loki\nordr: 20\n---\n  - name: Loki\n");
  CHECK(all.message == "unknown key 'ordr'");
  CHECK(all.at->str() == "datasource.yaml:3:1");
  REQUIRE(all.more.size() == 3);
  CHECK(all.more[0].message == "'log' is not a signal");
  CHECK(all.more[1].message == "missing key 'type'");
  CHECK(all.more[2].message == "missing key 'order'");
  CHECK(mistake("serves: traces\nuid: loki\norder: 1\n").message ==
        "there is no fragment for Grafana");
}

TEST_CASE("a drop-down of services belongs to logs, and nothing replaces itself") {
  const std::string rest = "\nuid: x\ntype: x\norder: 1\n";
  CHECK(mistake("serves: traces" + rest + "services: '{}'\n---\n  - name: X\n").message ==
        "'services' is of a source of logs");
  CHECK(mistake("serves: traces" + rest + "instead_of: loki\n---\n  - name: X\n").message ==
        "a source cannot replace itself");
}

TEST_CASE("a source of logs answers every question of the dashboards") {
  std::string head = "serves: logs\nuid: x\ntype: x\norder: 1\nservices: '{}'\nqueries:\n";
  for (const auto& question : catalog::log_questions()) {
    CHECK(mistake(head + "---\n  - name: X\n").message ==
          "'queries' does not say how to ask for '" + question + "'");
    head += "  " + question + ": q\n";
  }
  CHECK(catalog::parse_data_source(head + "---\n  - name: X\n", "datasource.yaml", "x"));
  CHECK(mistake(head + "  erors: q\n---\n  - name: X\n").message == "unknown key 'erors'");
}
