// SPDX-License-Identifier: Apache-2.0
// The language of conditions.
#include "lib/checks/expression.hpp"

#include "tests/unit/health/readings.hpp"

namespace obsctl::health {
namespace {

constexpr std::string_view k_before =
    "a{s=\"x\",e=\"1\"} 10\na{s=\"x\",e=\"2\"} 20\na{s=\"y\",e=\"1\"} 5\nb{s=\"x\"} 100\ng{s=\"x\"} 7\n"
    "c{s=\"x\"} 50\n";
constexpr std::string_view k_after =
    "a{s=\"x\",e=\"1\"} 30\na{s=\"x\",e=\"2\"} 20\na{s=\"y\",e=\"1\"} 5\nb{s=\"x\"} 200\ng{s=\"x\"} 2\n"
    "c{s=\"x\"} 20\nnew{s=\"x\"} 40\n";

struct Found {
  std::map<std::string, double> values;  // by the labels' values, joined
  std::optional<double> otherwise;
  std::set<std::string> missing;
};

Found found(std::string_view text, const std::vector<std::string>& by) {
  const auto expression = Expression::parse(text, {"row.yaml", 3, 5});
  REQUIRE(expression.has_value());
  const Reading reading = metrics_reading("it", k_before, k_after);
  Found out;
  const Value value = expression->evaluate({&reading}, by, out.missing);
  for (const Point& point : value.points) {
    std::string key;
    for (const auto& [name, label] : point.labels) {
      key += label;
    }
    out.values[key] = point.value;
  }
  out.otherwise = value.otherwise;
  return out;
}

using Map = std::map<std::string, double>;

TEST_CASE("a name is the sum of its samples over all labels but those that are asked for") {
  CHECK(found("a", {}).values == Map{{"", 55}});
  CHECK(found("a", {"s"}).values == Map{{"x", 50}, {"y", 5}});
  CHECK(found("a{e=\"1\"}", {"s"}).values == Map{{"x", 30}, {"y", 5}});
  CHECK(found("a{e!=\"1\"}", {"s"}).values == Map{{"x", 20}});
  CHECK(found("a{e=~\"1|2\", s=\"x\"}", {}).values == Map{{"", 50}});
  CHECK(found("max(a)", {}).values == Map{{"", 30}});
  CHECK(found("min(a)", {}).values == Map{{"", 5}});
  CHECK(found("count(a)", {"s"}).values == Map{{"x", 2}, {"y", 1}});
}

TEST_CASE("changes between the two readings") {
  CHECK(found("rate(a)", {"s"}).values == Map{{"x", 2}, {"y", 0}});
  CHECK(found("increase(b)", {}).values == Map{{"", 100}});
  CHECK(found("deriv(g)", {}).values == Map{{"", -0.5}});
  CHECK(found("before(g)", {}).values == Map{{"", 7}});
  CHECK(found("rate(c)", {}).values == Map{{"", 2}});    // it was started again
  CHECK(found("rate(new)", {}).values == Map{{"", 4}});  // it appeared with its first items
  CHECK(found("deriv(new)", {}).values.empty());         // a gauge says nothing then
}

TEST_CASE("operands meet where the labels that both have are equal") {
  CHECK(found("a / b", {"s", "e"}).values == Map{{"1x", 0.15}, {"2x", 0.1}});
  CHECK(found("rate(b) > 0 and rate(a) == 0", {"s", "e"}).values == Map{{"1x", 0}, {"2x", 1}});
  CHECK(found("2 + 3 * 4 - 6 / 2", {}).otherwise == 11);
  CHECK(found("not (a > 40)", {"s"}).values == Map{{"x", 0}, {"y", 1}});
  CHECK(found("-g + 3", {}).values == Map{{"", 1}});
  CHECK(found("b / 0", {}).values.empty());
}

TEST_CASE("what is not there makes a check unknown, or is 0") {
  CHECK(found("nothing > 0", {}).missing == std::set<std::string>{"nothing"});
  const Found optional = found("nothing? > 0", {});
  CHECK(optional.missing.empty());
  CHECK(optional.otherwise == 0);
  CHECK(found("a + rate(nothing)?", {"s"}).values == Map{{"x", 50}, {"y", 5}});
  CHECK(found("b == 200 or nothing == 1", {}).values == Map{{"", 1}});
}

TEST_CASE("a mistake is said with the place of its row") {
  for (const char* text : {"", "a >", "a b", "(a", "rate(a", "a{x}", "a{x=1}", "a{x=\"1}", "sum(a)",
                           "1 2", "a >> b", "and", "a{=\"\"}"}) {
    const auto parsed = Expression::parse(text, {"row.yaml", 3, 5});
    INFO(text);
    REQUIRE(!parsed.has_value());
    CHECK(parsed.error().at->str() == "row.yaml:3:5");
    CHECK(!parsed.error().hint.empty());
  }
  CHECK(!Expression::parse(std::string(10000, '('), {"row.yaml", 1, 1}).has_value());
}

}  // namespace
}  // namespace obsctl::health
