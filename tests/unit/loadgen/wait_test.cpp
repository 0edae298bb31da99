// SPDX-License-Identifier: Apache-2.0
// Waiting for a collector and for a sink until nothing changes, on a clock that does not wait.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/sink_counts.hpp"
#include "tests/support/fake_clock.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;

namespace {

// Answers with what `body` says at that moment.
class Server final : public HttpClient {
 public:
  explicit Server(std::function<std::string()> body) : body_(std::move(body)) {}
  Result<HttpResponse> send(const HttpRequest&) override {
    HttpResponse out;
    out.status = 200;
    out.body = body_();
    return out;
  }

 private:
  std::function<std::string()> body_;
};

std::string metrics(double received, double queued) {
  return fmt::format(
      "otelcol_process_uptime 1\notelcol_receiver_accepted_spans {}\n"
      "otelcol_exporter_queue_size {}\n",
      received, queued);
}

}  // namespace

TEST_CASE("a collector has settled when its counters stand still and its queues are empty") {
  test::FakeClock clock;
  const StopFlag stop;
  const auto start = clock.monotonic();
  Server http([&] {
    const double seconds = clock.since(start).seconds;
    return metrics(seconds < 10 ? seconds : 10, seconds < 30 ? 1 : 0);
  });
  const auto settled = wait_settled(http, clock, "http://collector", 5, 60, stop);
  REQUIRE(settled);
  CHECK(settled->waited == doctest::Approx(30));
  CHECK(settled->snapshot.signals[0].accepted == 10);
}

TEST_CASE("waiting ends at its limit and at the second request to stop, not at the first") {
  test::FakeClock clock;
  StopFlag stop;
  const auto start = clock.monotonic();
  Server http([&] { return metrics(clock.since(start).seconds, 0); });
  const auto limited = wait_settled(http, clock, "http://collector", 5, 60, stop);
  REQUIRE(limited);
  CHECK(limited->waited == doctest::Approx(60));
  stop.request();
  const auto draining = wait_settled(http, clock, "http://collector", 5, 60, stop);
  REQUIRE(draining);
  CHECK(draining->waited == doctest::Approx(60));
  clock.on_sleep = [&stop] { stop.request(); };
  const auto stopped = wait_settled(http, clock, "http://collector", 5, 60, stop);
  REQUIRE(stopped);
  CHECK(stopped->waited == doctest::Approx(0.25));
}

TEST_CASE("a sink is read until it stands still") {
  test::FakeClock clock;
  const StopFlag stop;
  const auto start = clock.monotonic();
  Server http([&] {
    const int items = static_cast<int>(std::min(clock.since(start).seconds, 10.0));
    const std::string none = R"({"items":0,"distinct":0,"duplicates":0})";
    return fmt::format(
        R"({{"signals":{{"traces":{{"items":{},"distinct":1,"duplicates":0}},"metrics":{},"logs":{}}},)"
        R"("distinct_traces":1}})",
        items, none, none);
  });
  const auto last = wait_sink(http, clock, "http://sink/counts", 3, 60, stop);
  REQUIRE(last);
  CHECK(last->signals[0].items == 10);
  CHECK(clock.since(start).seconds == doctest::Approx(13));
}
