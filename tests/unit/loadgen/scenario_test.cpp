// SPDX-License-Identifier: Apache-2.0
// Scenarios: every shipped one reads, compiles and is deterministic; broken ones are refused with a
// position.
#include "lib/loadgen/scenario.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <regex>
#include <set>

#include "lib/base/text.hpp"
#include "lib/loadgen/compile.hpp"
#include "lib/loadgen/sampling.hpp"
#include "lib/otlp/decode.hpp"
#include "templates/embedded.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;

namespace {

constexpr const char* k_small = R"(name: small
weights: {traces: 1}
roots: [{service: a, operation: in}]
services:
  - name: a
    operations:
      - {name: in, calls: [{service: b, operation: work, count: 2}]}
  - {name: b, operations: [{name: work, median: 3ms}]}
)";

// Changes to the small scenario: settings of the call, of the operation, of an attribute.
std::string with_call(const std::string& settings) {
  return replace_all(k_small, "count: 2", settings);
}
std::string with_operation(const std::string& settings) {
  return replace_all(k_small, "name: in,", "name: in, " + settings + ",");
}
std::string with_attribute(const std::string& settings) {
  return with_operation("attributes: [{key: k, " + settings + "}]");
}

std::string patched(const Ring& ring, std::int64_t number, std::uint64_t seed, std::uint64_t time) {
  const RequestTemplate& request = ring.requests[ring.index_of(number)];
  std::string bytes = request.bytes;
  patch(ring, request, Ids(seed),
        {.lap = ring.lap_of(number), .time = time, .start = time, .seconds = 0, .newest_trace = 10},
        bytes.data());
  return bytes;
}

otlp::TraceRequest traces_of(const std::string& bytes) {
  auto request =
      otlp::decode(otlp::Signal::traces, otlp::Encoding::protobuf, otlp::bytes_of(bytes));
  REQUIRE(request);
  return std::get<otlp::TraceRequest>(*request);
}

otlp::LogsRequest logs_of(const std::string& bytes) {
  auto request = otlp::decode(otlp::Signal::logs, otlp::Encoding::protobuf, otlp::bytes_of(bytes));
  REQUIRE(request);
  return std::get<otlp::LogsRequest>(*request);
}

}  // namespace

TEST_CASE("a shipped scenario names its source in words") {
  const std::regex id("[0-9]{3}:[0-9]|[A-Z][0-9]{2}|issue");
  for (const std::string& name : scenario_names()) {
    CAPTURE(name);
    const auto scenario = shipped_scenario(name);
    REQUIRE(scenario);
    CHECK_FALSE(std::regex_search(scenario->source, id));
    CHECK_FALSE(std::regex_search(scenario->description, id));
  }
}

TEST_CASE("every shipped scenario compiles, and the same seed gives the same bytes") {
  REQUIRE(scenario_names().size() >= 12);
  for (const std::string& name : scenario_names()) {
    CAPTURE(name);
    const auto scenario = shipped_scenario(name);
    if (!scenario) {
      FAIL(scenario.error().message);
    }
    CHECK(scenario->name == name);
    CHECK_FALSE(scenario->description.empty());
    CompileOptions options;
    options.traces_rate = 1000;
    const auto first = compile(*scenario, options);
    REQUIRE(first);
    const auto second = compile(*scenario, options);
    CHECK(first->fingerprint == second->fingerprint);
    options.seed = 2;
    CHECK(compile(*scenario, options)->fingerprint != first->fingerprint);
  }
}

TEST_CASE("a scenario that cannot be meant is refused with its position") {
  const std::pair<std::string, const char*> wrong[] = {
      {"name: x\nrots: []\n", "rots"},
      {std::string(k_small) + "mix: {errors: 60%, slow: 60%}\n", "100%"},
      {std::string(k_small) + "clock_skew: {nobody: 3s}\n", "nobody"},
      {std::string(k_small) + "extra: {spans: [{key: a}]}\n", "exactly one"},
      {std::string(k_small) + "extra: {spans: [{key: a, value: b, size: 3B}]}\n", "exactly one"},
      {"name: x\nbase: nosuch\n", "nosuch"},
      {"name: x\nweights: {traces: 1}\nroots: [{service: a, operation: in}]\nservices:\n"
       "  - {name: a, operations: [{name: in, calls: [{operation: in}]}]}\n",
       "lead back"},
      {"name: x\nroots: [{service: a, operation: in}]\nservices: [{name: a}]\n",
       "no operation 'in'"},
      {with_call("count: 0"), "'0' of 'count' is not a whole number from 1"},
      {with_call("count: 1.5"), "'1.5' of 'count'"},
      {with_call("count: 5000"), "'5000' of 'count'"},
      {with_operation("median: 5ms, p99: 3ms"), "'p99' of operation 'in' is below its median"},
      {with_operation("median: 0s"), "'median' of operation 'in' is shorter"},
      {with_attribute("cardinality: 0"), "'0' of 'cardinality'"},
      {with_attribute("cardinality: 1.5"), "'1.5' of 'cardinality'"},
      {with_attribute("cardinality: 9, spread: churn, churn: 0s"), "'churn' is shorter"},
      {with_attribute("value: a, prefix: b"), "'prefix' has no effect"},
      {with_attribute("size: 0"), "'0' of 'size'"},
      {with_attribute("size: 2MB"), "'2MB' of 'size'"},
      {with_attribute("values: []"), "'values' is empty"},
      {with_attribute("values: a"), "'values' is not a list"},
      {with_attribute("value: ~"), "a value is missing"},
      {with_attribute("value: 9223372036854775808"), "does not fit into 64 bits"},
      {std::string(k_small) + "series: 0\n", "'0' of 'series'"},
      {std::string(k_small) + "series: 100000000\n", "'100000000' of 'series'"},
  };
  for (const auto& [text, expected] : wrong) {
    CAPTURE(text);
    const auto scenario = parse_scenario(text, "x.yaml");
    REQUIRE_FALSE(scenario);
    CHECK(scenario.error().message.find(expected) != std::string::npos);
    CHECK(scenario.error().at);
  }
}

TEST_CASE("an attribute has the type that YAML gives its value") {
  using otlp::AnyValue;
  const std::pair<const char*, AnyValue> values[] = {
      {"404", 404},
      {"-7", -7},
      {"+7", 7},
      {"0x1f", 31},
      {"0o17", 15},
      {"\"404\"", "404"},
      {"'true'", "true"},
      {"0.5", 0.5},
      {"-1.5e3", -1500.0},
      {".inf", std::numeric_limits<double>::infinity()},
      {"true", true},
      {"False", false},
      {"yes", "yes"},
      {"1.2.3.4", "1.2.3.4"},
      {"-", "-"},
      {"+-5", "+-5"},
      {"[1, a, true]", AnyValue::Array{1, "a", true}},
      {"{a: 1, b: [x]}", AnyValue::Map{{"a", 1}, {"b", AnyValue::Array{"x"}}}},
  };
  for (const auto& [text, expected] : values) {
    CAPTURE(text);
    const auto scenario = parse_scenario(with_attribute(fmt::format("value: {}", text)), "x.yaml");
    REQUIRE(scenario);
    const auto& attributes = scenario->services.front().operations.front().attributes;
    CHECK(attributes.front().values == std::vector<AnyValue>{expected});
    const auto payload = compile(*scenario, {});
    REQUIRE(payload);
    const otlp::TraceRequest sent = traces_of(payload->traces->requests.front().bytes);
    const auto& spans = sent.resources.front().scopes.front().items;
    CHECK(spans.front().attributes.front() == otlp::KeyValue{"k", expected});
  }
}

TEST_CASE("an attribute is read from KEY=VALUE and put on every item") {
  using otlp::AnyValue;
  const std::pair<const char*, AnyValue> values[] = {
      {"k=5", 5}, {"k=\"5\"", "5"}, {"k='5'", "5"}, {"k=true", true}, {"k=a=b", "a=b"}, {"k=", ""}};
  for (const auto& [text, expected] : values) {
    CAPTURE(text);
    const auto attribute = parse_attribute(text, "x");
    REQUIRE(attribute);
    CHECK(attribute->key == "k");
    CHECK(attribute->values == std::vector<AnyValue>{expected});
  }
  for (const char* wrong : {"", "k", "=v", "k=99999999999999999999"}) {
    CHECK(parse_attribute(wrong, "x").error().code == Code::usage);
  }
  auto scenario = shipped_scenario("shop");
  REQUIRE(scenario);
  add_to_items(*scenario, {.key = "http.route", .values = {"/x"}});
  for (const Service& service : scenario->services) {
    for (const Operation& operation : service.operations) {
      CHECK(std::ranges::count(operation.attributes, "http.route", &Attribute::key) == 1);
      for (const LogLine& line : operation.logs) {
        CHECK(line.attributes.back().key == "http.route");
      }
    }
  }
  for (const Metric& metric : scenario->metrics) {
    CHECK(metric.attributes.back().key == "http.route");
  }
}

TEST_CASE("shipped scenarios use the types of the semantic conventions") {
  for (const std::string& name : scenario_names()) {
    CAPTURE(name);
    const auto scenario = shipped_scenario(name);
    REQUIRE(scenario);
    std::vector<Attribute> all;
    for (const Service& service : scenario->services) {
      for (const Operation& operation : service.operations) {
        all.insert(all.end(), operation.attributes.begin(), operation.attributes.end());
      }
    }
    for (const Metric& metric : scenario->metrics) {
      all.insert(all.end(), metric.attributes.begin(), metric.attributes.end());
    }
    for (const Attribute& attribute : all) {
      CAPTURE(attribute.key);
      const bool whole =
          attribute.key == "http.response.status_code" || attribute.key == "file.size";
      for (const otlp::AnyValue& value : attribute.values) {
        CHECK(std::holds_alternative<std::int64_t>(value.value) == whole);
      }
    }
  }
}

TEST_CASE("golden S-01: of 100,000 traces 500 have errors, 2,000 are slow, 12,250 are kept") {
  const auto scenario = shipped_scenario("sampling");
  REQUIRE(scenario);
  CompileOptions options;
  options.batch = 100;
  options.whole_traces = 100'000;
  const auto payload = compile(*scenario, options);
  REQUIRE(payload);
  const Ring& ring = *payload->traces;
  RunResult result;
  result.trace_uses.assign(ring.requests.size(), 0);
  const std::int64_t requests = requests_for(ring, payload->total_spans);
  for (std::int64_t i = 0; i < requests; ++i) {
    ++result.trace_uses[ring.index_of(i)];
  }
  const SamplingReport report =
      expect_sampling(*payload, result, {.slow_threshold = 1, .keep = 0.1}, true);
  CHECK(report.traces == 100'000);
  CHECK(report.errors == 500);
  CHECK(report.slow == 2'000);
  CHECK(report.rest == 97'500);
  CHECK(report.expected == doctest::Approx(12'250));
  CHECK(report.reduction() == doctest::Approx(0.8775));
}

TEST_CASE("classes hold their shares in every prefix") {
  const Mix mix{.errors = 0.005, .slow = 0.02, .health = 0.1};
  std::array<int, 4> counts{};
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ++counts[static_cast<std::size_t>(class_of(mix, i))];
    const double errors = static_cast<double>(i + 1) * 0.005;
    REQUIRE(std::abs(counts[1] - errors) <= 1);
  }
  CHECK(counts[1] == 500);
  CHECK(counts[2] == 2000);
  CHECK(counts[3] == doctest::Approx(10'000).epsilon(0.001));
}

TEST_CASE("the described form of a scenario file is what is read, and names every setting") {
  const std::string_view text = embedded_file("catalog/scenario-format.yaml");
  const auto scenario = parse_scenario(text, "scenario-format.yaml");
  if (!scenario) {
    FAIL(scenario.error().message);
  }
  const auto payload = compile(*scenario, {});
  REQUIRE(payload);
  CHECK((payload->traces && payload->metrics && payload->logs));
  // The reader itself says which keys it knows at each place.
  for (const char* place :
       {"{}", "weights: {}", "mix: {}", "extra: {}", "roots: [{}]", "metrics: [{}]", "logs: [{}]",
        "services: [{}]", "services: [{name: a, resource: [{}]}]",
        "services: [{name: a, operations: [{}]}]",
        "services: [{name: a, operations: [{name: b, calls: [{}]}]}]"}) {
    CAPTURE(std::string(place));
    const std::string file = replace_all(place, "{}", "{no_such_setting: 1}");
    const std::string start = file.starts_with('{') ? "" : "name: x\nbase: shop\n";
    const auto wrong = parse_scenario(start + file, "x.yaml");
    REQUIRE_FALSE(wrong);
    constexpr std::string_view k_known = "known keys: ";
    REQUIRE(wrong.error().hint.starts_with(k_known));
    for (const auto& key : split(wrong.error().hint.substr(k_known.size()), ',')) {
      CHECK_MESSAGE(text.find(fmt::format("{}:", trim(key))) != std::string_view::npos, key);
    }
  }
}

TEST_CASE("VIP customers have errors and slow requests like everybody") {
  auto scenario = shipped_scenario("vip");
  REQUIRE(scenario);
  scenario->mix.vip = 0.05;
  scenario->mix.errors = 0.1;
  scenario->mix.slow = 0.1;
  scenario->mix.health = 0;
  CompileOptions options;
  options.whole_traces = 20'000;
  const auto payload = compile(*scenario, options);
  REQUIRE(payload);
  double vip = 0;
  double errors = 0;
  double slow = 0;
  const auto traces = static_cast<double>(payload->trace_records.size());
  for (const TraceRecord& trace : payload->trace_records) {
    vip += trace.vip ? 1 : 0;
    errors += trace.vip && trace.kind == TraceClass::error ? 1 : 0;
    slow += trace.vip && trace.kind == TraceClass::slow ? 1 : 0;
  }
  CHECK(vip == doctest::Approx(traces * 0.05));
  CHECK(errors == doctest::Approx(vip * 0.1).epsilon(0.7));
  CHECK(slow == doctest::Approx(vip * 0.1).epsilon(0.7));
}

TEST_CASE("a count ends in a shortened request that has exactly the rest") {
  const auto scenario = parse_scenario(k_small, "small.yaml");
  REQUIRE(scenario);
  for (const std::int64_t count : {1, 2, 99, 100, 101, 2999, 3000, 3001, 12'345}) {
    CAPTURE(count);
    CompileOptions options;
    options.spans = count;
    const auto payload = compile(*scenario, options);
    REQUIRE(payload);
    const Ring& ring = *payload->traces;
    std::int64_t sum = 0;
    const std::int64_t requests = requests_for(ring, count);
    for (std::int64_t i = 0; i < requests; ++i) {
      sum += ring.requests[ring.index_of(i)].items;
    }
    CHECK(sum == count);
  }
}

TEST_CASE("ids are unique over laps, parents exist, and times follow the schedule") {
  const auto scenario = shipped_scenario("late-split");
  REQUIRE(scenario);
  CompileOptions options;
  options.traces_rate = 5000;
  const auto payload = compile(*scenario, options);
  REQUIRE(payload);
  const Ring& ring = *payload->traces;
  std::set<std::array<std::uint8_t, 8>> spans;
  std::set<std::array<std::uint8_t, 8>> parents;
  std::size_t seen = 0;
  const auto requests = static_cast<std::int64_t>(ring.size) * 4;
  for (std::int64_t i = 0; i < requests; ++i) {
    const std::uint64_t now =
        1'800'000'000'000'000'000ULL + static_cast<std::uint64_t>(i) * 20'000'000;
    const std::string bytes = patched(ring, i, 1, now);
    const auto request = traces_of(bytes);
    for (const auto& resource : request.resources) {
      for (const auto& scope : resource.scopes) {
        for (const otlp::Span& span : scope.items) {
          ++seen;
          spans.insert(*span.span_id);
          CHECK(span.start_time <= span.end_time);
          CHECK(span.end_time <= now);
          if (span.parent_span_id) {
            parents.insert(*span.parent_span_id);
          }
        }
      }
    }
  }
  CHECK(spans.size() == seen);
  // Parents of late spans at the start belong to traces that began before the run, all others
  // exist.
  std::size_t orphans = 0;
  for (const auto& parent : parents) {
    orphans += spans.contains(parent) ? 0 : 1;
  }
  CHECK(orphans < parents.size() / 20);
}

TEST_CASE("logs carry ids of spans that exist") {
  const auto scenario = shipped_scenario("shop");
  REQUIRE(scenario);
  const auto payload = compile(*scenario, {});
  REQUIRE(payload);
  std::set<std::pair<otlp::TraceId, otlp::SpanId>> spans;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(payload->traces->size); ++i) {
    const auto request = traces_of(patched(*payload->traces, i, 1, k_time_base));
    for (const auto& resource : request.resources) {
      for (const otlp::Span& span : resource.scopes.front().items) {
        spans.insert({*span.trace_id, *span.span_id});
      }
    }
  }
  std::size_t records = 0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(payload->logs->size); ++i) {
    const auto request = logs_of(patched(*payload->logs, i, 1, k_time_base));
    for (const auto& resource : request.resources) {
      for (const otlp::LogRecord& record : resource.scopes.front().items) {
        ++records;
        REQUIRE(record.trace_id);
        CHECK(spans.contains({*record.trace_id, *record.span_id}));
      }
    }
  }
  CHECK(records > 1000);
}

TEST_CASE("sizes are exact: every span and every record has the bytes that were asked for") {
  auto scenario = shipped_scenario("shop");
  REQUIRE(scenario);
  scenario->span_size = 1000;
  scenario->log_size = 300;
  scenario->mix.errors = 0;
  scenario->mix.health = 0;
  const auto payload = compile(*scenario, {.batch = 1000});
  REQUIRE(payload);
  const auto per_span = static_cast<double>(payload->traces->body_bytes) /
                        static_cast<double>(payload->traces->items);
  const auto per_record =
      static_cast<double>(payload->logs->body_bytes) / static_cast<double>(payload->logs->items);
  // The rest is the resource and scope of every service once per request.
  CHECK(per_span == doctest::Approx(1000).epsilon(0.002));
  CHECK(per_record == doctest::Approx(300).epsilon(0.01));
}
