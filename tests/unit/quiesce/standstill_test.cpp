// SPDX-License-Identifier: Apache-2.0
// What was stopped runs again: at the end, after a death at any moment, and by the next run.
#include "lib/quiesce/standstill.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "tests/support/fake_clock.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using namespace obsctl::quiesce;

namespace {

// An engine of containers by id, each running or not.
class FakeEngine final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    if (dead) {
      return fail(Code::unreachable, "no answer");
    }
    for (const std::string verb : {"stop", "start"}) {
      const auto at = request.url.find("/" + verb);
      if (at == std::string::npos) {
        continue;
      }
      const auto begin = request.url.rfind('/', at - 1) + 1;
      const std::string id = request.url.substr(begin, at - begin);
      order.push_back(verb + " " + id);
      if (!running.contains(id)) {
        return HttpResponse{404, R"({"message": "No such container"})"};
      }
      if (verb == "start" && id == refuses) {
        return HttpResponse{500, R"({"message": "port is already allocated"})"};
      }
      running[id] = verb == "start";
      return HttpResponse{204};
    }
    return HttpResponse{200, list};
  }
  std::map<std::string, bool> running = {{"a1", true}, {"b1", true}};
  std::vector<std::string> order;
  std::string list = "[]";  // of the project's containers
  std::string refuses;
  bool dead = false;
};

struct Bed {
  test::TemporaryDirectory directory;
  OsFileSystem files;
  FakeEngine engine;
  Environment environment;
  test::FakeClock clock;
  int companions = 0;
  Parts parts{files, engine, environment, clock};

  Result<std::unique_ptr<Standstill>> begin() {
    return Standstill::begin(parts, directory.path(),
                             [this](const auto&) -> Result<std::unique_ptr<Companion>> {
                               ++companions;
                               return std::make_unique<Companion>();
                             });
  }
  [[nodiscard]] bool has_journal() const { return files.exists(directory.path() / k_journal); }
};

const Stopped k_a{.id = "a1", .name = "shop-loki-1"};
const Stopped k_b{.id = "b1", .name = "shop-grafana-1"};

}  // namespace

TEST_CASE("containers are stopped in order, started in reverse, and the journal is gone") {
  Bed bed;
  auto still = bed.begin();
  REQUIRE(still);
  CHECK(bed.companions == 0);
  REQUIRE((*still)->stop(k_a, {10}));
  CHECK(bed.has_journal());
  REQUIRE((*still)->stop(k_b, {10}));
  CHECK(bed.companions == 1);
  CHECK_FALSE(bed.engine.running["a1"]);
  REQUIRE((*still)->end());
  CHECK(bed.engine.order == std::vector<std::string>{"stop a1", "stop b1", "start b1", "start a1"});
  CHECK_FALSE(bed.has_journal());
  still->reset();
  CHECK(bed.engine.order.size() == 4);
}

TEST_CASE("a standstill that is given up starts what it stopped") {
  Bed bed;
  {
    auto still = bed.begin();
    REQUIRE(still);
    REQUIRE((*still)->stop(k_a, {10}));
  }
  CHECK(bed.engine.running["a1"]);
  CHECK_FALSE(bed.has_journal());
}

TEST_CASE("the next run starts what a killed one left, and only that") {
  Bed bed;
  bed.engine.running = {{"a1", false}, {"b1", false}};
  const Journal journal{.at = *parse_time("2026-11-26T02:00:00Z"), .stopped = {k_a}};
  REQUIRE(bed.files.write_atomic(bed.directory.path() / k_journal, print_journal(journal), 0600));
  const auto settled = settle(bed.parts, bed.directory.path());
  REQUIRE(settled);
  CHECK(*settled == std::vector{k_a});
  CHECK(bed.engine.running["a1"]);
  CHECK_FALSE(bed.engine.running["b1"]);
  CHECK_FALSE(bed.has_journal());
}

TEST_CASE("where Compose made a new container of the service, that one is started") {
  Bed bed;
  bed.engine.running = {{"a2", false}};
  bed.engine.list = R"([{"Id": "a2", "Labels": {"com.docker.compose.service": "loki"}}])";
  const Stopped of_service{.id = "a1", .name = "n", .project = "shop", .service = "loki"};
  const Journal journal{.at = {}, .stopped = {of_service}};
  REQUIRE(bed.files.write_atomic(bed.directory.path() / k_journal, print_journal(journal), 0600));
  REQUIRE(settle(bed.parts, bed.directory.path()));
  CHECK(bed.engine.running["a2"]);
}

TEST_CASE("what cannot be started stays in the journal; what was removed is not missed") {
  Bed bed;
  bed.engine.refuses = "a1";
  auto still = bed.begin();
  REQUIRE(still);
  REQUIRE((*still)->stop(k_a, {10}));
  REQUIRE((*still)->stop(k_b, {10}));
  bed.engine.running.erase("b1");
  const auto ended = (*still)->end();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().message == "the container cannot be started: port is already allocated");
  CHECK(ended.error().context == std::vector<std::string>{"starting 'shop-loki-1' again"});
  const auto left = bed.files.read(bed.directory.path() / k_journal);
  REQUIRE(left);
  CHECK(parse_journal(*left, "j")->stopped == std::vector{k_a});
  bed.engine.refuses.clear();
  still->reset();
  REQUIRE(settle(bed.parts, bed.directory.path()));
  CHECK(bed.engine.running["a1"]);
}

TEST_CASE("an engine that died keeps the journal") {
  Bed bed;
  auto still = bed.begin();
  REQUIRE(still);
  REQUIRE((*still)->stop(k_a, {10}));
  bed.engine.dead = true;
  CHECK_FALSE((*still)->end());
  CHECK(bed.has_journal());
}

TEST_CASE("a run that lives is not settled by another") {
  Bed bed;
  auto still = bed.begin();
  REQUIRE(still);
  REQUIRE((*still)->stop(k_a, {10}));
  CHECK_FALSE(settle(bed.parts, bed.directory.path()));
  CHECK_FALSE(bed.begin());
  CHECK_FALSE(bed.engine.running["a1"]);
}

TEST_CASE("a journal is read strictly") {
  const Journal journal{.at = *parse_time("2026-11-26T02:00:00Z"), .stopped = {k_a, k_b}};
  CHECK(*parse_journal(print_journal(journal), "j") == journal);
  for (const char* text :
       {"", "[]", "{}", R"({"schema": "obsctl.stopped/v2", "at": "2026-11-26T02:00:00Z"})",
        R"({"schema": "obsctl.stopped/v1", "at": "soon", "stopped": []})",
        R"({"schema": "obsctl.stopped/v1", "at": "2026-11-26T02:00:00Z", "stopped": [7]})",
        R"({"schema": "obsctl.stopped/v1", "at": "2026-11-26T02:00:00Z",
            "stopped": [{"id": "../x", "name": "", "project": "", "service": ""}]})"}) {
    CAPTURE(text);
    const auto read = parse_journal(text, "stopped.json");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::integrity);
    CHECK_FALSE(read.error().hint.empty());
  }
}
