// SPDX-License-Identifier: Apache-2.0
// Files that run the checks regularly: every path survives its reader, and nothing secret is in them.
#include "lib/health/schedule.hpp"

#include "lib/yaml/read.hpp"
#include "tests/unit/health/source_fixture.hpp"

namespace obsctl::test {
namespace {

using namespace health;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<ScheduleFile> files_of(const Subject& subject, const ScheduleOptions& options) {
  auto files = schedule(subject, options);
  REQUIRE_MESSAGE(files, (files ? "" : files.error().message));
  return *files;
}

std::string refusal(const Subject& subject, const ScheduleOptions& options) {
  const auto files = schedule(subject, options);
  REQUIRE_FALSE(files);
  CHECK(files.error().code == Code::usage);
  return files.error().message;
}

}  // namespace

TEST_CASE("a word of a unit means itself") {
  CHECK(unit_word("/srv/shop", true) == "/srv/shop");
  CHECK(unit_word("", true) == "\"\"");
  CHECK(unit_word("--dir=/srv/my 100% \"$shop\"\\", true) ==
        R"("--dir=/srv/my 100%% \"$$shop\"\\")");
  CHECK(unit_word("a $b", false) == "\"a $b\"");
}

TEST_CASE("cron keeps what divides an hour or a day") {
  const auto expression = [](Duration every) {
    const auto out = cron_expression(every);
    return out ? *out : out.error().message;
  };
  CHECK(expression({60}) == "* * * * *");
  CHECK(expression({300}) == "*/5 * * * *");
  CHECK(expression({3600}) == "0 * * * *");
  CHECK(expression({6 * 3600}) == "0 */6 * * *");
  CHECK(expression({86400}) == "0 0 * * *");
  for (const double seconds : {0.5, 30.0, 90.0, 420.0, 5400.0, 5 * 3600.0, 2 * 86400.0, 1e18}) {
    CHECK(has(expression({seconds}), "cron cannot keep '--every "));
  }
}

TEST_CASE("a service is held to what it needs, and its timer starts it") {
  const AskedStack stack;
  ScheduleOptions options{.words = {"--dir=/srv/my shop"},
                          .environment = {{"DOCKER_HOST", "unix:///run/user/1000/docker.sock"}},
                          .user = 1000};
  const auto files = files_of(stack.subject, options);
  REQUIRE(files.size() == 2);
  const std::string name = "obsctl-health-" + stack.subject.stack.topology.name;
  CHECK(files[0].name == name + ".service");
  CHECK(files[1].name == name + ".timer");
  const std::string& service = files[0].text;
  CHECK(has(service, "\nExecStart=obsctl health \"--dir=/srv/my shop\" --output=text\n"));
  CHECK(has(service, "\nEnvironment=DOCKER_HOST=unix:///run/user/1000/docker.sock\n"));
  CHECK(has(service, "\nUser=1000\n"));
  CHECK(has(service, "\nSuccessExitStatus=3 4\n"));
  CHECK(has(service, "\nProtectSystem=strict\n"));
  CHECK(has(service, "\nDocumentation=man:obsctl-health(1)\n"));
  CHECK_FALSE(has(service, "ReadWritePaths"));
  CHECK_FALSE(has(service, "OnFailure"));
  CHECK(has(files[1].text, "\nOnUnitActiveSec=5m\n"));
  CHECK(has(files[1].text, "\nRandomizedDelaySec=30s\n"));

  options.textfile = "/var/lib/node exporter";
  options.metrics = "metrics";
  options.on_failure = "pager@%n.service";
  options.every = {86400};
  const auto written = files_of(stack.subject, options);
  CHECK(has(written[0].text,
            " --output=metrics \"--to=/var/lib/node exporter/" + name + ".prom\"\n"));
  CHECK(has(written[0].text, "\nReadWritePaths=\"/var/lib/node exporter\"\n"));
  CHECK(has(written[0].text, "\nOnFailure=pager@%n.service\n"));
  CHECK_FALSE(has(written[0].text, "SuccessExitStatus"));
  CHECK(has(written[1].text, "\nRandomizedDelaySec=1m\n"));
}

TEST_CASE("a line of a crontab prints only what is wrong") {
  const AskedStack stack;
  ScheduleOptions options{.by = Scheduler::cron, .words = {"--dir=/srv/100% it's"}};
  const auto mailed = files_of(stack.subject, options);
  REQUIRE(mailed.size() == 1);
  CHECK(has(mailed[0].text,
            "\n*/5 * * * * out=$(obsctl health '--dir=/srv/100\\% it'\\''s' --output=short) || "
            "echo \"$out\"\n"));
  options.textfile = "/var/lib/x";
  options.metrics = "metrics";
  options.every = {3600};
  CHECK(has(files_of(stack.subject, options)[0].text,
            "\n0 * * * * obsctl health '--dir=/srv/100\\% it'\\''s' --output=metrics "
            "--to=/var/lib/x/obsctl-health-"));
}

TEST_CASE("a cluster's pod asks the services, and its policy lets it in") {
  const AskedStack stack({"target=helm"});
  const auto files = files_of(
      stack.subject, {.by = Scheduler::kubernetes, .image = "obsctl:1", .words = {"--dir=/srv"}});
  REQUIRE(files.size() == 1);
  const std::string& text = files[0].text;
  CHECK(yaml::check(text, files[0].name));
  CHECK(has(text, "- --endpoint=loki=http://loki:3100\n"));
  CHECK(has(text, "- --endpoint=otel-collector=http://otel-collector:8888\n"));
  CHECK_FALSE(has(text, "--dir"));
  CHECK(has(text, "schedule: \"*/5 * * * *\"\n"));
  CHECK(has(text, "kind: NetworkPolicy\n"));
  CHECK(has(text, "automountServiceAccountToken: false\n"));
}

TEST_CASE("programs that are given by their URLs are asked by them") {
  const AskedStack stack({}, {{"loki", "http://logs.example:3100"}});
  const auto files = files_of(stack.subject, {.by = Scheduler::kubernetes,
                                              .image = "obsctl:1",
                                              .words = {"--endpoint=loki=http://$(X):3100"}});
  CHECK(has(files[0].text, "- --endpoint=loki=http://$$(X):3100\n"));
  CHECK_FALSE(has(files[0].text, "NetworkPolicy"));
  CHECK_FALSE(has(files[0].text, "namespace:"));
  CHECK(files_of(stack.subject, {})[0].name == "obsctl-health.service");
}

TEST_CASE("what a scheduler cannot do is refused") {
  const AskedStack stack;
  const Subject& own = stack.subject;
  CHECK(has(refusal(own, {.by = Scheduler::kubernetes}), "is not in a cluster"));
  CHECK(has(refusal(own, {.by = Scheduler::cron, .every = {420}}), "cron cannot keep"));
  CHECK(has(refusal(own, {.by = Scheduler::cron, .on_failure = "a.service"}), "systemd only"));
  CHECK(has(refusal(own, {.by = Scheduler::kubernetes, .textfile = "/x"}), "a pod has none"));
  CHECK(has(refusal(own, {.words = {"--dir=/srv/a\nUser=0"}}), "has a control character"));
  const AskedStack given({}, {{"loki", "http://me:s3cret@logs:3100"}});
  const std::string words = refusal(given.subject, {});
  CHECK(has(words, "has a password"));
  CHECK_FALSE(has(words, "s3cret"));
}

}  // namespace obsctl::test
