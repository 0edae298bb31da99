// SPDX-License-Identifier: Apache-2.0
// What is usual and what rose, and that stores are asked only then.
#include "lib/sources/senders.hpp"
#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

constexpr double k_now = 1795700000;

// One point a minute, the last of them now.
Arriving rates(const std::vector<double>& values) {
  Arriving out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.emplace_back(k_now - 60 * static_cast<double>(values.size() - 1 - i), values[i]);
  }
  return out;
}

std::vector<double> then(std::vector<double> first, std::size_t times, double value) {
  first.insert(first.end(), times, value);
  return first;
}

bool rose(const std::vector<double>& values) {
  const auto arrival = arrival_of(rates(values), k_now);
  return arrival && arrival->rose;
}

std::string answer(double now, const std::vector<double>& values) {
  std::string rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    rows += fmt::format("{}[{:.0f},\"{}\"]", i == 0 ? "" : ",",
                        now - 60 * static_cast<double>(values.size() - 1 - i), values[i]);
  }
  return R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[)" +
         rows + "]}]}}";
}

std::string senders(const char* label, const std::vector<std::pair<const char*, int>>& counts) {
  std::string rows;
  for (const auto& [service, count] : counts) {
    rows += fmt::format(R"({}{{"metric":{{"{}":"{}"}},"value":[1,"{}"]}})", rows.empty() ? "" : ",",
                        label, service, count);
  }
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + rows + "]}}";
}

double now_of(const FakeClock& clock) {
  return std::chrono::duration<double>(clock.now().time_since_epoch()).count();
}

}  // namespace

TEST_CASE("ten times the usual rate is a rise, from its first minute until half of a day later") {
  CHECK(rose(then(then({}, 20, 100), 1, 1000)));
  CHECK(rose(then(then({}, 60, 100), 30, 1000)));
  CHECK(rose(then(then({}, 900, 100), 300, 1000)));
  const auto arrival = arrival_of(rates(then(then({}, 60, 100), 30, 1000)), k_now);
  CHECK(arrival->now == 1000);
  CHECK(arrival->before == 100);
  CHECK(arrival->before_at == k_now - 30 * 60);
}

TEST_CASE("no rise: young, idle, steady, just begun, a trifle, or old") {
  CHECK_FALSE(arrival_of({}, k_now));
  CHECK_FALSE(arrival_of(rates({100, 1000}), k_now));              // young
  CHECK_FALSE(arrival_of(rates(then({}, 60, 100)), k_now + 600));  // nothing came lately
  CHECK_FALSE(rose(then({}, 60, 0)));                              // idle
  CHECK_FALSE(rose(then({}, 600, 5000)));                          // steady and high
  CHECK_FALSE(rose(then(then({}, 60, 0), 10, 5000)));              // the first load
  CHECK_FALSE(rose(then(then({}, 60, 2), 1, 30)));                 // a trifle
  CHECK_FALSE(rose(then(then({}, 60, 100), 5, 400)));              // four times
}

TEST_CASE("the store is asked only when more arrives, for now and for a usual minute") {
  const struct {
    std::vector<std::string> settings;
    std::string store, path, label;
  } cases[] = {{{}, "loki", "http://localhost:3100/loki/api/v1/query", "service_name"},
               {{"logs.backend=victorialogs"},
                "victorialogs",
                "http://localhost:9428/select/logsql/stats_query",
                "service.name"}};
  for (const auto& [settings, store, path, label] : cases) {
    CAPTURE(store);
    AskedStack stack(settings);
    const std::string range = "http://localhost:9090/api/v1/query_range";
    const std::string instant = "http://localhost:9090/api/v1/query?";
    stack.http.json(path, senders(label.c_str(), {{"noisy", 60600}, {"steady", 5400}}));
    const auto read = [&stack](const std::string& component) {
      return stack.samples(Source::senders, component);
    };
    const auto empty_target = [&stack]() -> std::string {
      for (const Inquiry& one : stack.questions(Source::prometheus, "prometheus")) {
        if (one.from.ends_with("/query")) {
          const auto found = one.read();
          REQUIRE(found);
          return label_of(*found, "target_empty", "job");
        }
      }
      return "nobody is asked";
    };
    stack.http.json(instant, senders("job", {{"idle", 0}}));
    CHECK(value_of(read("prometheus"), "arriving_rose") == 0);
    CHECK(read(store).empty());
    CHECK(stack.http.count(range) == 0);
    CHECK(stack.http.count(path) == 0);
    CHECK(empty_target() == "idle");

    // Prometheus may have a rise that the whole history does not show.
    stack.http.json(instant, senders("rising", {{"logs", 300}}));
    stack.http.json(range, answer(now_of(stack.clock), then({}, 60, 100)));
    CHECK(value_of(read("prometheus"), "arriving_rose") == 0);
    CHECK(value_of(read("prometheus"), "arriving_rate") == 100);
    CHECK(read(store).empty());
    CHECK(stack.http.count(path) == 0);
    CHECK(empty_target() == "-");

    stack.http.json(range, answer(now_of(stack.clock), then(then({}, 60, 100), 2, 1100)));
    CHECK(value_of(read("prometheus"), "arriving_rose") == 1);
    const Samples samples = read(store);
    CHECK(value_of(samples, "sender_rate", {{"service", "noisy"}}) == 1010);
    CHECK(value_of(samples, "sender_rate_before", {{"service", "steady"}}) == 90);
    CHECK(value_of(samples, "senders_rate") == 1100);
    CHECK(stack.http.count(path) == 2);
  }
}

TEST_CASE("a Prometheus that does not answer is said once, and the store is left alone") {
  AskedStack stack;
  CHECK(stack.error(Source::senders, "prometheus").code == Code::unreachable);
  CHECK(stack.samples(Source::senders, "loki").empty());
}
