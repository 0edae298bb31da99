// SPDX-License-Identifier: Apache-2.0
// Pages as real servers write them, and lines that are none.
#include "lib/prom/exposition.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace obsctl;
using namespace obsctl::prom;

namespace {

std::vector<Family> parsed(std::string_view text) {
  auto out = parse_exposition(text, "page");
  REQUIRE_MESSAGE(out, out.error().message);
  return std::move(*out);
}

std::string file(const std::string& name) {
  std::ifstream in(OBSCTL_SOURCE_DIR "/tests/" + name);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

const Family& named(const std::vector<Family>& families, std::string_view name) {
  const auto found = std::ranges::find(families, name, &Family::name);
  REQUIRE(found != families.end());
  return *found;
}

}  // namespace

TEST_CASE("families have type, help and samples with labels, values and times") {
  const auto page = parsed(file("fuzz/corpus/exposition/types"));
  const Family& requests = named(page, "http_requests_total");
  CHECK(requests.type == MetricType::counter);
  CHECK(requests.help == "The total number of HTTP requests.");
  REQUIRE(requests.samples.size() == 2);
  CHECK(requests.samples[0].labels.at("method") == "post");
  CHECK(requests.samples[0].value == 1027);
  CHECK(requests.samples[0].time == 1395066363);
  const auto& dos = named(page, "msdos_file_access_time_seconds").samples.front().labels;
  CHECK(dos.at("path") == "C:\\DIR\\FILE.TXT");
  CHECK(dos.at("error") == "Cannot find file:\n\"FILE.TXT\"");
  const Sample& weird = named(page, "something_weird").samples.front();
  CHECK(std::isinf(weird.value));
  CHECK(weird.time == doctest::Approx(-3982.045));
  CHECK(named(page, "metric_without_timestamp_and_labels").type == MetricType::untyped);
}

TEST_CASE("the series of a histogram and of a summary are one family") {
  const auto page = parsed(file("fuzz/corpus/exposition/types"));
  const Family& histogram = named(page, "http_request_duration_seconds");
  CHECK(histogram.type == MetricType::histogram);
  REQUIRE(histogram.samples.size() == 4);
  CHECK(histogram.samples[1].labels.at("le") == "+Inf");
  CHECK(histogram.samples[3].name == "http_request_duration_seconds_count");
  const Family& summary = named(page, "rpc_duration_seconds");
  CHECK(summary.type == MetricType::summary);
  CHECK(summary.samples.size() == 3);
  // Without a type they are no family.
  CHECK(parsed("a_sum 1\na_count 2\n").size() == 2);
}

TEST_CASE("a page of Prometheus itself is read whole") {
  const std::string text = file("fuzz/corpus/exposition/prometheus");
  const auto page = parsed(text);
  std::size_t samples = 0;
  for (const Family& family : page) {
    CHECK_FALSE(family.samples.empty());
    CHECK_FALSE(family.help.empty());
    CHECK(family.type != MetricType::untyped);
    samples += family.samples.size();
  }
  const auto lines = std::ranges::count(text, '\n');
  const auto comments = 2 * page.size();  // HELP and TYPE
  CHECK(samples + comments == static_cast<std::size_t>(lines));
  CHECK(named(page, "prometheus_engine_query_duration_seconds").type == MetricType::summary);
  CHECK(named(page, "prometheus_build_info").samples.front().labels.contains("version"));
}

TEST_CASE("OpenMetrics is read as far as it says the same") {
  const auto page = parsed(file("fuzz/corpus/exposition/openmetrics"));
  CHECK(named(page, "acme_http_router_request_seconds").samples.size() == 3);
  const Family& foo = named(page, "foo");
  REQUIRE(foo.samples.size() == 1);
  CHECK(foo.samples[0].name == "foo_total");
  CHECK(foo.samples[0].time == doctest::Approx(1520879607.789));
  CHECK(named(page, "go").type == MetricType::other);
  CHECK_FALSE(parse_exposition("a 1\n# EOF\n\nb 2\n# EOF\n", "page"));
}

TEST_CASE("names in quotes may have any character") {
  const auto page = parsed(file("fuzz/corpus/exposition/quoted"));
  const Family& dotted = named(page, "my.dotted.metric");
  CHECK(dotted.type == MetricType::gauge);
  REQUIRE(dotted.samples.size() == 1);
  CHECK(std::isnan(dotted.samples[0].value));
  CHECK(dotted.samples[0].labels ==
        std::map<std::string, std::string>{{"server.address", "jaeger"}, {"env", "a"}});
  CHECK(named(page, "other.metric").samples[0].value < 0);
}

TEST_CASE("an empty page is one, and so is one without a last newline") {
  CHECK(parsed("").empty());
  CHECK(parsed("\n\n# a comment\n#\n").empty());
  CHECK(parsed("a 1").front().samples.front().value == 1);
  CHECK(parsed("a{} 1").front().samples.front().labels.empty());
  CHECK(parsed("a\t{ b=\"c\" }\t1\t2").front().samples.front().time == 0.002);
}

TEST_CASE("a wrong line is an error with its number") {
  const std::pair<const char*, const char*> rows[] = {
      {"a", "'' is not a number"},
      {"a b", "'b' is not a number"},
      {"a 1e999", "'1e999' is not a number"},
      {"a ++1", "'++1' is not a number"},
      {"a 1 now", "'now' is not a time"},
      {"a 1 2 3", "'3' is too much"},
      {"a 1 # {x=\"y\"} 2", "'# {x=\"y\"} 2' is too much"},
      {"1a 1", "the name of a metric is missing"},
      {"{b=\"c\"} 1", "the name of a metric is missing"},
      {"a{ 5", "the name of a label is missing"},
      {"a{b} 1", "'=' is missing after label 'b'"},
      {"a{b=c} 1", "a value in double quotes is missing"},
      {"a{b=\"c} 1", "the closing quote is missing"},
      {"a{b=\"c\\\"} 1", "the closing quote is missing"},
      {"a{b=\"\\t\"} 1", "only \\\\, \\\" and \\n are escapes"},
      {"a{b=\"c\" d=\"e\"} 1", "',' or '}' is missing after a label"},
      {"a{b=\"c\",b=\"d\"} 1", "label 'b' is there twice"},
      {"# TYPE a counters", "'counters' is not a type of metrics"},
      {"# TYPE", "the name of a metric is missing after 'TYPE'"},
      {"# TYPE first gauge", "the type of 'first' comes after its samples"},
      {"# TYPE h histogram\nh_bucket 1", "a bucket has no label 'le' with a number"},
      {"# TYPE h histogram\nh_bucket{le=\"x\"} 1", "a bucket has no label 'le' with a number"},
      {"<html>", "the name of a metric is missing"},
      {"a 1\r", "'1\r' is not a number"},
  };
  for (const auto& [line, what] : rows) {
    CAPTURE(line);
    const auto page = parse_exposition(fmt::format("first 1\n\n{}\nlast 1\n", line), "page");
    REQUIRE_FALSE(page);
    CHECK(page.error().message == fmt::format("this is not a page of metrics: {}", what));
    CHECK(page.error().code == Code::failed);
    const auto more = std::ranges::count(std::string_view(line), '\n');
    CHECK(page.error().at == SourcePos{"page", 3 + static_cast<int>(more), 0});
  }
}

TEST_CASE("a counter has one name, whoever exports it") {
  CHECK(without_total("otelcol_receiver_accepted_spans_total") ==
        "otelcol_receiver_accepted_spans");
  CHECK(without_total("otelcol_receiver_accepted_spans") == "otelcol_receiver_accepted_spans");
}
