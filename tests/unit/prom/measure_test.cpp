// SPDX-License-Identifier: Apache-2.0
// A measurement is the first query, with the longest window, that has an answer above 0.
#include "lib/prom/measure.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "lib/base/text.hpp"
#include "lib/io/clock.hpp"

using namespace obsctl;
using namespace obsctl::prom;

namespace {

// Answers the queries that it knows, and remembers how many were asked.
class Server final : public HttpClient {
 public:
  explicit Server(std::map<std::string, std::string> answers) {
    for (const auto& [query, value] : answers) {
      answers_["query=" + percent_encoded(query)] = value;
    }
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    ++asked;
    at_query();
    const auto found = answers_.find(request.body.substr(0, request.body.find('&')));
    const std::string result =
        found == answers_.end() ? "" : R"({"metric":{},"value":[1,")" + found->second + R"("]})";
    return HttpResponse{
        200, R"({"status":"success","data":{"resultType":"vector","result":[)" + result + "]}}"};
  }

  int asked = 0;
  std::function<void()> at_query = [] {};

 private:
  std::map<std::string, std::string> answers_;
};

// Stands still unless it is moved.
class StillClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return {}; }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override { return time; }
  bool sleep(Duration, const StopFlag&, StopLevel) override { return true; }

  std::chrono::steady_clock::time_point time;
};

}  // namespace

TEST_CASE("a server that is slow with every query is given up as a whole") {
  Server server(std::map<std::string, std::string>{});
  StillClock clock;
  server.at_query = [&clock] { clock.time += std::chrono::seconds(9); };
  const auto measured = measure(QueryClient(server, "http://user:word@x"),
                                {{"first", {"a[WINDOW]"}}, {"second", {"b"}}}, clock);
  REQUIRE_FALSE(measured);
  CHECK(measured.error().code == Code::unreachable);
  CHECK(measured.error().message ==
        "'http://x' was asked for 40s and has not answered all queries");
  CHECK(server.asked == 5);
}

TEST_CASE("a value that no stack has is no measurement") {
  for (const char* value : {"1e16", "1e308"}) {
    Server server(std::map<std::string, std::string>{{"a", value}});
    const auto measured = measure(QueryClient(server, "http://x"), {{"first", {"a"}}}, OsClock());
    REQUIRE_FALSE(measured);
    CHECK(measured.error().code == Code::failed);
    CHECK(measured.error().hint == "look at the query: a");
  }
}

TEST_CASE("the longest window with data decides, then the next query") {
  Server server({{"a[15m] offset 15m", "3"}, {"a[5m] offset 5m", "4"}, {"c", "0"}, {"d", "5"}});
  const QueryClient client(server, "http://x");
  const auto measured = measure(client,
                                {{"first", {"a[WINDOW] offset WINDOW", "b"}},
                                 {"second", {"b[WINDOW]", "c", "d", "e"}},
                                 {"third", {"b", "c"}}},
                                OsClock());
  REQUIRE_MESSAGE(measured, (measured ? "" : measured.error().message));
  REQUIRE(measured->size() == 3);
  CHECK((*measured)[0].name == "first");
  CHECK((*measured)[0].value == 3);
  CHECK((*measured)[0].query == "a[15m] offset 15m");
  CHECK((*measured)[1].value == 5);
  CHECK((*measured)[1].query == "d");
  CHECK_FALSE((*measured)[2].value);
  CHECK(server.asked == 3 + 5 + 2 + 2);
}
