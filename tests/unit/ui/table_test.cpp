// SPDX-License-Identifier: Apache-2.0
// Tables: alignment counts characters, not bytes; CSV follows RFC 4180.
#include "lib/ui/table.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("columns are aligned by what a terminal shows") {
  Table table{{{"name"}, {"n", Align::right}}, {}};
  table.add({"é", "1"});
  table.add({"\x1b[31mred\x1b[0m", "100"});
  CHECK(render_text(table) == "name    n\né       1\n\x1b[31mred\x1b[0m   100\n");
}

TEST_CASE("the same cells as CSV and Markdown") {
  Table table{{{"a"}, {"b", Align::right}}, {{"x,\"y\"", "p|q"}}};
  CHECK(render_csv(table) == "a,b\r\n\"x,\"\"y\"\"\",p|q\r\n");
  CHECK(render_markdown(table) == "| a | b |\n|---|---:|\n| x,\"y\" | p\\|q |\n");
}
