// SPDX-License-Identifier: Apache-2.0
// A measurement is the first query, with the longest window, that has an answer above 0.
#include "lib/prom/measure.hpp"

#include <doctest/doctest.h>

#include <map>

#include "lib/base/text.hpp"

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
    const auto found = answers_.find(request.body.substr(0, request.body.find('&')));
    const std::string result =
        found == answers_.end() ? "" : R"({"metric":{},"value":[1,")" + found->second + R"("]})";
    return HttpResponse{
        200, R"({"status":"success","data":{"resultType":"vector","result":[)" + result + "]}}"};
  }

  int asked = 0;

 private:
  std::map<std::string, std::string> answers_;
};

}  // namespace

TEST_CASE("the longest window with data decides, then the next query") {
  Server server({{"a[15m] offset 15m", "3"}, {"a[5m] offset 5m", "4"}, {"c", "0"}, {"d", "5"}});
  const QueryClient client(server, "http://x");
  const auto measured = measure(client, {{"first", {"a[WINDOW] offset WINDOW", "b"}},
                                         {"second", {"b[WINDOW]", "c", "d", "e"}},
                                         {"third", {"b", "c"}}});
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
