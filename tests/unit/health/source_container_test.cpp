// SPDX-License-Identifier: Apache-2.0
// What is learned about containers, and how few questions that takes.
#include <doctest/doctest.h>

#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

constexpr auto k_engine = "http://localhost";

std::string row(const std::string& service, const std::string& state, const std::string& status) {
  return R"({"Id":"id0)" + service.substr(0, 1) + R"(","State":")" + state + R"(","Status":")" +
         status + R"(","Labels":{"com.docker.compose.service":")" + service + R"("}})";
}

// A stack with one container, of the component `loki`.
struct OneContainer : AskedStack {
  OneContainer() { list(row("loki", "running", "Up 2 hours")); }

  void list(const std::string& rows) {
    http.json(std::string(k_engine) + "/containers/json", "[" + rows + "]");
  }
  void inspection(const std::string& body) {
    http.json(std::string(k_engine) + "/containers/id0l/json", body);
  }
  void running(const std::string& more = "", int seconds_ago = 7200) {
    inspection(R"({"RestartCount":0,"State":{"Status":"running","Running":true,"StartedAt":")" +
               moment(clock, seconds_ago) + R"(","FinishedAt":"0001-01-01T00:00:00Z"},)" + more +
               R"("HostConfig":{"Memory":1000}})");
  }
  void stats(int periods = 0) {
    http.json(std::string(k_engine) + "/containers/id0l/stats",
              R"({"memory_stats":{"usage":900,"stats":{"inactive_file":100}},
                  "cpu_stats":{"throttling_data":{"periods":)" +
                  std::to_string(periods) + R"(,"throttled_periods":2}}})");
  }
};

}  // namespace

TEST_CASE("a running container: state, limits and use") {
  OneContainer stack;
  const std::string wanted = stack.subject.stack.topology.find("loki")->image;
  stack.running(R"("Config":{"Image":")" + wanted + R"(","StopTimeout":45},)");
  stack.stats(50);
  const Samples samples = stack.samples(Source::container, "loki");
  for (const char* name : {"container_exists", "container_running", "container_image_as_wanted"}) {
    CAPTURE(name);
    CHECK(value_of(samples, name) == 1);
  }
  for (const char* name :
       {"container_restarting", "container_paused", "container_oom_killed", "container_unhealthy",
        "container_probe_impossible", "container_restarts", "container_nofile"}) {
    CAPTURE(name);
    CHECK(value_of(samples, name) == 0);
  }
  CHECK(value_of(samples, "container_age_seconds") == 7200);
  CHECK(value_of(samples, "container_memory_bytes") == 800);
  CHECK(value_of(samples, "container_memory_limit_bytes") == 1000);
  CHECK(value_of(samples, "container_cpu_periods") == 50);
  CHECK(value_of(samples, "container_cpu_throttled_periods") == 2);
  CHECK(value_of(samples, "container_stop_seconds") == 45);
  CHECK(label_of(samples, "container_image", "wanted") == wanted);
  CHECK_FALSE(value_of(samples, "container_life_seconds"));
  CHECK_FALSE(value_of(samples, "container_restarts_by_itself"));  // the answer did not say
}

TEST_CASE("without statistics the rest is still known") {
  OneContainer stack;
  stack.running();
  const Samples samples = stack.samples(Source::container, "loki");
  CHECK(value_of(samples, "container_running") == 1);
  CHECK_FALSE(value_of(samples, "container_memory_bytes"));
}

TEST_CASE("a container that restarts for want of memory says how long it lives") {
  OneContainer stack;
  stack.list(row("loki", "restarting", "Restarting (137) 3 seconds ago"));
  stack.inspection(R"({"RestartCount":6,"State":{"Status":"restarting","Running":true,
    "Restarting":true,"OOMKilled":true,"ExitCode":137,"StartedAt":"2023-11-14T22:10:00Z",
    "FinishedAt":"2023-11-14T22:11:22Z"},"HostConfig":{"Memory":4294967296,
    "RestartPolicy":{"Name":"unless-stopped"},"LogConfig":{"Type":"json-file","Config":{}}},
    "Config":{"Image":"other:1"}})");
  const Samples samples = stack.samples(Source::container, "loki");
  CHECK(value_of(samples, "container_restarting") == 1);
  CHECK(value_of(samples, "container_oom_killed") == 1);
  CHECK(value_of(samples, "container_exit_code") == 137);
  CHECK(value_of(samples, "container_restarts") == 6);
  CHECK(value_of(samples, "container_life_seconds") == 82);
  CHECK(value_of(samples, "container_memory_limit_bytes") == 4294967296);
  CHECK(value_of(samples, "container_restart_policy", {{"policy", "unless-stopped"}}) == 1);
  CHECK(value_of(samples, "container_restarts_by_itself") == 1);
  CHECK(value_of(samples, "container_log_rotated") == 0);
  CHECK(value_of(samples, "container_image_as_wanted") == 0);
  CHECK(stack.http.count("/stats") == 0);
}

TEST_CASE("a health check that the image cannot run is told from one that fails") {
  const std::pair<const char*, const char*> outputs[] = {
      {R"(OCI runtime exec failed: exec: \"wget\": executable file not found in $PATH: unknown)",
       "wget"},
      {"executable file `curl` not found in $PATH: No such file or directory", "curl"},
      {R"(exec: \"/bin/sh\": stat /bin/sh: no such file or directory)", "/bin/sh"},
      {"HTTP 503 not found", nullptr},
      {R"(exec: \")", nullptr}};
  for (const auto& [output, program] : outputs) {
    CAPTURE(output);
    OneContainer stack;
    stack.inspection(
        R"({"State":{"Running":true,"Health":{"Status":"unhealthy","Log":[{"Output":")" +
        std::string(output) + R"("}]}}})");
    const Samples samples = stack.samples(Source::container, "loki");
    CHECK(value_of(samples, "container_unhealthy") == 1);
    CHECK(value_of(samples, "container_health", {{"status", "unhealthy"}}) == 1);
    CHECK(value_of(samples, "container_probe_impossible") == (program != nullptr ? 1 : 0));
    CHECK(label_of(samples, "container_probe_impossible", "program") ==
          (program != nullptr ? program : "-"));
  }
}

TEST_CASE("a component without a container, and an engine that does not answer") {
  OneContainer stack;
  const Samples none = stack.samples(Source::container, "grafana");
  CHECK(value_of(none, "container_exists") == 0);
  CHECK(value_of(none, "container_running") == 0);

  AskedStack dead;
  CHECK(dead.error(Source::container, "loki").code == Code::unreachable);
  const Samples engine = dead.samples(Source::engine);
  CHECK(value_of(engine, "engine_up") == 0);
  CHECK(label_of(engine, "engine_up", "error").find("refused") != std::string::npos);
}

TEST_CASE("the container that runs counts, where one that ended is beside it") {
  OneContainer stack;
  std::string old = row("loki", "exited", "Exited (0) 2 days ago");
  old.replace(old.find("id0l"), 4, "id9l");
  stack.list(old + "," + row("loki", "running", "Up 2 hours"));
  stack.running();
  CHECK(value_of(stack.samples(Source::container, "loki"), "container_running") == 1);
}

TEST_CASE("one that looks the same in the second round is not inspected again") {
  OneContainer stack;
  stack.running();
  stack.stats(10);
  const auto asked = stack.questions(Source::container, "loki");
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().twice);
  REQUIRE(asked.front().read());
  stack.stats(20);
  const auto second = asked.front().read();
  REQUIRE(second);
  CHECK(value_of(*second, "container_cpu_periods") == 20);
  CHECK(stack.http.count("/id0l/json") == 1);
  CHECK(stack.http.count("/containers/json") == 2);

  SUBCASE("but one whose status changed is") {
    const auto again = stack.questions(Source::container, "loki");
    REQUIRE(again.front().read());
    stack.list(row("loki", "running", "Up Less than a second"));
    REQUIRE(again.front().read());
    CHECK(stack.http.count("/id0l/json") == 3);
  }
  SUBCASE("and one that is young is") {
    stack.running("", 5);
    const auto again = stack.questions(Source::container, "loki");
    REQUIRE(again.front().read());
    REQUIRE(again.front().read());
    CHECK(stack.http.count("/id0l/json") == 3);
  }
}

// No kernel gives a process such a high number: one of this machine would be looked at.
TEST_CASE("a port that only its own container reaches, where its process is one of this host") {
  OneContainer stack;
  stack.inspection(R"({"State":{"Running":true,"Pid":400004711}})");
  stack.files.texts["/proc/400004711/net/tcp"] = "0: 0100007F:0C1C 0:0 0A\n";
  stack.files.texts["/proc/400004711/cgroup"] = "0::/system.slice/docker-other.scope\n";
  CHECK_FALSE(value_of(stack.samples(Source::container, "loki"), "container_loopback_only"));
  stack.files.texts["/proc/400004711/cgroup"] = "0::/system.slice/docker-id0l.scope\n";
  CHECK(value_of(stack.samples(Source::container, "loki"), "container_loopback_only",
                 {{"port", "3100"}}) == 1);
  stack.files.texts["/proc/400004711/net/tcp"] = "0: 00000000:0C1C 0:0 0A\n";
  CHECK(value_of(stack.samples(Source::container, "loki"), "container_loopback_only") == 0);
}

// With a question about the log of each component that is 60.
TEST_CASE("the whole of a stack of seven components takes 60 questions") {
  AskedStack stack;
  std::string rows;
  for (const Component& component : stack.subject.stack.topology.components) {
    std::string one = row(component.name, "running", "Up 2 hours");
    one.insert(1, R"("NetworkSettings":{"Networks":{"n":{"IPAddress":"10.0.0.2"}}},)");
    rows += (rows.empty() ? "" : ",") + one;
    stack.http.json(
        std::string(k_engine) + "/containers/id0" + component.name.substr(0, 1),
        R"({"State":{"Running":true,"StartedAt":")" + moment(stack.clock, 9000) + R"("}})");
  }
  REQUIRE(stack.subject.stack.topology.components.size() == 7);
  stack.http.json(std::string(k_engine) + "/containers/json", "[" + rows + "]");
  for (const char* url : {"http://localhost:", "http://10.0.0.2:"}) {
    stack.http.answers[url] = {.status = 200, .body = "a 1\n"};
  }
  stack.http.json("http://localhost:9090/api/v1", R"({"status":"success","data":
    {"groups":[{"rules":[{"type":"alerting","alerts":[]}]}]}})");
  stack.http.answers[std::string(k_engine) + "/info"] = {
      .status = 200,
      .body = R"({"NCPU":2,"MemTotal":1000,"Name":"h","DockerRootDir":"/docker"})",
      .headers = {{"api-version", "1.52"}}};
  const auto evidence =
      gather(stack.services, inquiries(stack.services, stack.subject, {}), Duration{3});
  REQUIRE(evidence);
  CHECK(stack.http.requests.size() == 60);
  CHECK(stack.http.count("/stats") == 14);
}

TEST_CASE("what needs a longer look is read a third time, counted from the first") {
  AskedStack stack;
  double items = 0;
  stack.clock.on_sleep = [&items] { items += 10; };
  const auto counted = [&](bool twice) {
    return Inquiry{
        .component = "it", .from = "page", .twice = twice, .read = [&items] {
          return Result<Samples>(Samples{{.name = "items", .labels = {}, .value = items}});
        }};
  };
  const std::vector<Inquiry> questions = {counted(true), counted(true), counted(false)};
  const auto evidence = gather(stack.services, questions, {3}, [](const Evidence& so_far) {
    CHECK(so_far.readings[0].seconds == 3);
    return std::vector<Duration>{{10}, {2}, {10}};
  });
  REQUIRE(evidence);
  const auto& readings = evidence->readings;
  CHECK(readings[0].seconds == 10);
  CHECK(readings[0].before[0].value == 0);
  CHECK(readings[0].samples[0].value == 20);
  CHECK(readings[1].seconds == 3);
  CHECK(readings[1].samples[0].value == 10);
  CHECK(readings[2].before.empty());
}
