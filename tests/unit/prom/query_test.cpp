// SPDX-License-Identifier: Apache-2.0
// Answers of the query API as the real servers give them, and what is not one.
#include "lib/prom/query.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace obsctl;
using namespace obsctl::prom;

TEST_CASE("a vector is read with labels, times and values") {
  const auto samples = parse_query_answer(
      R"({"status":"success","data":{"resultType":"vector","result":[)"
      R"({"metric":{"__name__":"up","job":"prometheus"},"value":[1763712000.123,"1"]},)"
      R"({"metric":{},"value":[1763712000,"NaN"]},)"
      R"({"metric":{},"value":[1763712000,"+Inf"]},)"
      R"({"metric":{},"value":[1763712000,"1.5e-05"]}]}})");
  REQUIRE_MESSAGE(samples, samples.error().message);
  REQUIRE(samples->size() == 4);
  CHECK((*samples)[0].name == "up");
  CHECK((*samples)[0].labels.size() == 1);
  CHECK((*samples)[0].labels.at("job") == "prometheus");
  CHECK((*samples)[0].time == doctest::Approx(1763712000.123));
  CHECK((*samples)[0].value == 1);
  CHECK(std::isnan((*samples)[1].value));
  CHECK(std::isinf((*samples)[2].value));
  CHECK((*samples)[3].value == doctest::Approx(1.5e-5));
}

TEST_CASE("a scalar and an empty vector are answers") {
  const auto scalar = parse_query_answer(
      R"({"status":"success","data":{"resultType":"scalar","result":[1763712000,"42"]}})");
  REQUIRE(scalar);
  CHECK(scalar->front().value == 42);
  const auto empty =
      parse_query_answer(R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  REQUIRE(empty);
  CHECK(empty->empty());
}

TEST_CASE("a refused query keeps the server's words") {
  const auto refused = parse_query_answer(
      R"({"status":"error","errorType":"bad_data","error":"parse error: unexpected end of input"})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "prometheus refused the query: parse error: unexpected end of input");
}

TEST_CASE("anything else is named as not being Prometheus") {
  for (
      const char* body :
      {"", "<html>", "[]", "{}", R"({"status":"success"})", R"({"status":"success","data":{}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}})",
       R"({"status":"success","data":{"resultType":"scalar","result":[1]}})"}) {
    CAPTURE(std::string(body));
    const auto answer = parse_query_answer(body);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.starts_with("this is not the answer"));
    CHECK_FALSE(answer.error().hint.empty());
  }
}
