// SPDX-License-Identifier: Apache-2.0
// Units: what is accepted, what is refused, and that printing is exact.
#include "lib/base/units.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace obsctl;

TEST_CASE("sizes are decimal unless binary is written") {
  CHECK(parse_bytes("1KB", "x")->value == 1000);
  CHECK(parse_bytes("2 GiB", "x")->value == 2147483648.0);
  CHECK(parse_bytes("0.5MB", "x")->value == 500000);
  CHECK(parse_bytes("0", "x")->value == 0);
}

TEST_CASE("a bare number is refused where its unit would be a guess") {
  CHECK(parse_bytes("100", "x").error().message == "'100' needs a unit for 'x'");
  CHECK(parse_duration("30", "x").error().message == "'30' needs a unit for 'x'");
  CHECK(parse_rate("50k", "x").error().message == "'50k' needs a unit for 'x'");
  CHECK(parse_share("10", "x").error().message == "'10' exceeds 100 % for 'x'");
}

TEST_CASE("nonsense is refused") {
  for (const std::string text :
       {"", "-1s", "1e999s", "nan s", "inf", "5 apples", "s", "1..2s", "1s2"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text, "x"));
  }
  for (const std::string text : {"", "5/", "/s", "k/s", "5/apple", "-5/s", "5//s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rate(text, "x"));
  }
  CHECK_FALSE(parse_integer("1.5", "x", 0, 10));
  CHECK_FALSE(parse_integer("11", "x", 0, 10));
  CHECK_FALSE(parse_bool("yes", "x"));
}

TEST_CASE("rates, durations and shares") {
  CHECK(parse_rate("50k/s", "x")->per_second == 50000);
  CHECK(parse_rate("3000/min", "x")->per_second == 50);
  CHECK(parse_duration("14d", "x")->days() == 14);
  CHECK(parse_duration("500ms", "x")->seconds == 0.5);
  CHECK(parse_share("0.5%", "x")->value == 0.005);
  CHECK(parse_share("0.1", "x")->value == 0.1);
  CHECK(*parse_count("1.2M", "x") == 1.2e6);
}

TEST_CASE("what people write is read") {
  CHECK(parse_duration("14days", "x")->days() == 14);
  CHECK(parse_duration("1y", "x")->days() == 365);
  CHECK(parse_duration("1d12h", "x")->hours() == 36);
  CHECK(parse_duration("2 weeks", "x")->days() == 14);
  CHECK(parse_bytes("16gib", "x")->value == parse_bytes("16GiB", "x")->value);
  CHECK(parse_bytes("5Gb", "x")->value == 5e9);
  CHECK(parse_duration("1mo", "x").error().hint ==
        "write days, such as 30d: months differ in length");
  CHECK_FALSE(parse_duration("5M", "x"));
  CHECK_FALSE(parse_duration("1d12", "x"));
}

TEST_CASE("a duration for another program is a whole number of one unit") {
  CHECK(config_duration({1.5}) == "1500ms");
  CHECK(config_duration({1.3 * 86400}) == "1872m");
  CHECK(config_duration({90}) == "90s");
  CHECK(config_duration({86400 * 15}) == "15d");
  CHECK(config_duration({5400}) == "90m");
  CHECK(config_duration({0.0004}) == "0ms");
}

TEST_CASE("exact printing reads back to the same value") {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(-3, 15);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::pow(10.0, exponent(random));
    CHECK(parse_bytes(print_bytes({value}), "x")->value == value);
    CHECK(parse_duration(print_duration({value}), "x")->seconds == value);
    CHECK(parse_rate(print_rate({value}), "x")->per_second == value);
    CHECK(*parse_count(print_count(value), "x") == value);
  }
  CHECK(print_duration({604800}) == "7d");
  CHECK(print_duration({1209600}) == "14d");
  CHECK(print_bytes({2147483648.0}) == "2GiB");
  CHECK(print_share({0.1}) == "10%");
}

TEST_CASE("readable printing has three significant digits") {
  CHECK(human_bytes({8.64e9}) == "8.64 GB");
  CHECK(human_bytes({864e9}) == "864 GB");
  CHECK(human_bytes({1.5e12}) == "1.5 TB");
  CHECK(human_rate({50000}) == "50k/s");
  CHECK(human_duration({604800}) == "7 d");
  CHECK(human_count(999960) == "1M");
}
