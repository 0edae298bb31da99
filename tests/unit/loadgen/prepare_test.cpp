// SPDX-License-Identifier: Apache-2.0
// Options become a plan: rates, counts, targets, the safe rate, tiers and jobs.
#include "lib/loadgen/prepare.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lib/loadgen/job.hpp"
#include "lib/loadgen/load_test.hpp"
#include "lib/loadgen/target.hpp"
#include "lib/loadgen/tier.hpp"
#include "tests/support/fake_system.hpp"

namespace obsctl::loadgen {
namespace {

using test::FakeSystem;

Local local_of(FakeSystem& fake) {
  return {fake.files, fake.environment.directory, fake.random, fake.environment};
}

Result<PreparedRun> prepared(const RunOptions& options, FakeSystem& fake,
                             const StackTarget* stack = nullptr) {
  OBS_TRY_ASSIGN(PreparedRun run, plan_run(options, stack, local_of(fake)));
  OBS_TRY(compile_payload(options, run));
  return run;
}

StackTarget stack_at(const std::string& host) {
  StackTarget out;
  out.grpc_endpoint = "https://" + host + ":4317";
  out.http_endpoint = "https://" + host + ":4318";
  out.ca_file = "ca.crt";
  out.metrics_url = "http://localhost:8888/metrics";
  out.sampling.keep = 0.25;
  out.load = {.tier = "small", .spans = 600, .series = 1000, .records = 300, .interval = {10}};
  return out;
}

TEST_CASE("counts and shards are read in their short forms") {
  CHECK(parse_item_count("100k", "x")->number == 100'000);
  CHECK(parse_item_count("5traces", "x")->of == Count::Of::traces);
  CHECK(parse_item_count("7requests", "x")->of == Count::Of::requests);
  for (const char* wrong : {"", "0", "1.5", "5spans", "-1", "1e3"}) {
    CHECK_FALSE(parse_item_count(wrong, "x"));
  }
  CHECK(parse_shard("2/5", "x")->index == 2);
  CHECK(parse_shard("2/5", "x")->count == 5);
  for (const char* wrong : {"", "3", "5/5", "-1/2", "0/0", "a/b"}) {
    CHECK_FALSE(parse_shard(wrong, "x"));
  }
}

TEST_CASE("a rate over a time is an exact number of items, a shard's part of it is its own") {
  FakeSystem fake;
  RunOptions options;
  options.load.rate = Rate{900};
  options.load.duration = Duration{2};
  options.load.seed = 1;
  const auto run = prepared(options, fake);
  REQUIRE(run);
  CHECK(run->report.expected == 1800);
  CHECK(run->plan.payload == run->payload.get());
  options.load.shard = {1, 3};
  CHECK(prepared(options, fake)->report.expected == 600);
  options.load.seed.reset();
  CHECK(prepared(options, fake).error().code == Code::usage);  // parts of different plans
}

TEST_CASE("runs without a seed differ, those with one do not") {
  FakeSystem fake;
  RunOptions options;
  options.load.count = Count{10};
  CHECK(prepared(options, fake)->report.fingerprint != prepared(options, fake)->report.fingerprint);
  options.load.seed = 7;
  CHECK(prepared(options, fake)->report.fingerprint == prepared(options, fake)->report.fingerprint);
}

TEST_CASE("what cannot be sent is refused") {
  FakeSystem fake;
  RunOptions options;
  SUBCASE("whole traces among other signals") {
    options.load.count = Count{1, Count::Of::traces};
  }
  SUBCASE("a profile without an end") {
    options.load.count = Count{100};
    options.load.profile = "ramp";
  }
  SUBCASE("no rate") {
    options.load.rate = Rate{0};
  }
  SUBCASE("a path over gRPC") {
    options.target.endpoints = {"http://localhost/tenant"};
  }
  SUBCASE("a CA for an endpoint without TLS") {
    options.target.tls.ca_file = "ca.pem";
  }
  SUBCASE("a header of the transport") {
    options.target.headers = {"grpc-timeout=1S"};
  }
  const auto run = prepared(options, fake);
  REQUIRE_FALSE(run);
  CHECK(run.error().code == Code::usage);
}

TEST_CASE("a stack gives what was not said otherwise") {
  FakeSystem fake;
  const StackTarget stack = stack_at("localhost");
  RunOptions options;
  const auto own = prepared(options, fake, &stack);
  REQUIRE(own);
  CHECK(own->target_is_stack);
  CHECK(own->report.endpoints == std::vector<std::string>{"https://localhost:4317"});
  CHECK(own->plan.client.tls.ca_file == "ca.crt");
  CHECK(own->metrics_url == stack.metrics_url);
  CHECK(own->sampling.keep == 0.25);

  options.target.endpoints = {"127.0.0.1:9"};
  options.verification.keep = Share{0.5};
  const auto other = prepared(options, fake, &stack);
  REQUIRE(other);
  CHECK_FALSE(other->target_is_stack);
  CHECK(other->plan.client.tls.ca_file.empty());
  CHECK(other->metrics_url.empty());
  CHECK(other->sampling.keep == 0.5);
}

TEST_CASE("a token comes from its file, or from the stack's") {
  FakeSystem fake;
  fake.write("token", "abc\n");
  fake.write("otlp.env", "# made by init\nOTLP_AUTH_TOKEN=xyz\n");
  StackTarget stack = stack_at("localhost");
  stack.token_file = "otlp.env";
  TargetOptions options;
  const auto token = [&](const StackTarget* of) {
    const auto target = resolve_target(options, of, fake.files, fake.environment.directory);
    return target && !target->client.headers.empty() ? target->client.headers.back().second : "";
  };
  CHECK(token(nullptr).empty());
  CHECK(token(&stack) == "Bearer xyz");
  options.bearer_file = "token";
  CHECK(token(&stack) == "Bearer abc");
  options.headers = {"Authorization=Basic x"};
  CHECK_FALSE(resolve_target(options, &stack, fake.files, fake.environment.directory));
  options.bearer_file.clear();
  CHECK(token(&stack) == "Basic x");
  options.headers.clear();
  options.bearer_file = "two";
  fake.write("two", "two words");
  CHECK(resolve_target(options, nullptr, fake.files, fake.environment.directory).error().code ==
        Code::config);
}

TEST_CASE("variables of the environment fill in what options leave open") {
  FakeSystem fake;
  RunOptions options;
  auto& set = fake.environment.variables;
  const auto plan = [&] { return plan_run(options, nullptr, local_of(fake)); };
  set["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317";
  CHECK(plan()->plan.client.endpoints.front().url() == "http://collector:4317");
  set["OTEL_EXPORTER_OTLP_INSECURE"] = "false";
  CHECK(plan()->plan.client.endpoints.front().url() == "https://collector:4317");
  set["OTEL_EXPORTER_OTLP_CERTIFICATE"] = "ca.pem";
  CHECK(plan()->plan.client.tls.ca_file == "ca.pem");
  options.target.endpoints = {"localhost:4317"};  // not encrypted, so no certificate is needed
  CHECK(plan()->plan.client.tls.ca_file.empty());
  const StackTarget stack = stack_at("192.0.2.1");
  options.target.endpoints.clear();
  CHECK(plan_run(options, &stack, local_of(fake))->report.environment.empty());

  set.clear();
  set["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/json";
  set["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://collector:4318/base/v1/traces";
  CHECK(plan().error().message.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != std::string::npos);
  options.load.signals = {otlp::Signal::traces};
  CHECK(plan()->plan.client.endpoints.front().url() == "http://collector:4318/base");
  set["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://collector:4318/elsewhere";
  CHECK(plan().error().message.find("'/v1/traces'") != std::string::npos);
}

TEST_CASE("only a target beyond this machine above the safe rate needs a confirmation") {
  FakeSystem fake;
  RunOptions options;
  options.target.endpoints = {"127.0.0.1:4317", "192.0.2.1:4317"};
  const auto plan = [&] { return plan_run(options, nullptr, local_of(fake)).value(); };
  CHECK(endpoints_to_confirm(plan()).empty());  // 100/s
  options.load.rate = Rate{k_safe_rate};
  CHECK(endpoints_to_confirm(plan()).empty());
  SUBCASE("a higher rate") {
    options.load.rate = Rate{k_safe_rate + 1};
  }
  SUBCASE("a higher peak") {
    options.load.profile = "spike:2x@1s+1s";
  }
  SUBCASE("requests of many items") {
    options.load.unit = Unit::requests;
  }
  SUBCASE("no rate at all") {
    options.load.max = true;
  }
  SUBCASE("a search") {
    options.verification.find_max = true;
  }
  const PreparedRun run = plan();
  const auto endpoints = endpoints_to_confirm(run);
  REQUIRE(endpoints.size() == 1);
  CHECK(endpoints.front().host == "192.0.2.1");
  CHECK(check_allowed(run, endpoints, {"192.0.2.1"}));
  CHECK_FALSE(check_allowed(run, endpoints, {"192.0.2.1:4318", "192.0.2.10"}));
}

TEST_CASE("retries count for the safe rate of a target beyond this machine") {
  FakeSystem fake;
  RunOptions options;
  options.load.rate = Rate{700};
  const auto limited = [&](const StackTarget* stack) {
    PreparedRun run = plan_run(options, stack, local_of(fake)).value();
    limit_retries(run);
    return run.plan.retry_rate;
  };
  options.target.endpoints = {"127.0.0.1:4317"};
  CHECK(std::isinf(limited(nullptr)));
  options.target.endpoints = {"127.0.0.1:4317", "192.0.2.1:4317"};
  CHECK(limited(nullptr) == k_safe_rate - 700);
  options.target.endpoints.clear();
  const StackTarget stack = stack_at("127.0.0.1");
  CHECK(std::isinf(limited(&stack)));
}

TEST_CASE("a stack may be loaded at every address of this machine, and nowhere else") {
  FakeSystem fake;
  StackTarget stack = stack_at("127.0.0.1");
  RunOptions options;
  options.load.max = true;
  CHECK(endpoints_to_confirm(*plan_run(options, &stack, local_of(fake))).empty());
  options.target.endpoints = {"192.0.2.2"};
  CHECK(endpoints_to_confirm(*plan_run(options, &stack, local_of(fake))).size() == 1);
  options.target.endpoints.clear();
  stack = stack_at("192.0.2.1");
  CHECK(endpoints_to_confirm(*plan_run(options, &stack, local_of(fake))).size() == 1);
}

TEST_CASE("a tier is sent as documented, and judged by what became of it") {
  FakeSystem fake;
  RunOptions options;
  options.load.tier = stack_at("localhost").load;
  options.load.seed = 1;
  const auto run = prepared(options, fake);
  REQUIRE(run);
  REQUIRE(run->report.tier);
  CHECK(run->report.tier->spans == 600);
  CHECK(run->report.asked_rate == doctest::Approx(600 + run->report.tier->points + 300));
  options.load.signals = {otlp::Signal::logs};
  CHECK(prepared(options, fake)->report.tier->spans == 0);  // not sent, not judged

  Report report = run->report;
  SignalTally& spans = report.result.signals[0];
  spans.sent = 10'000;
  spans.accepted = 9'995;
  judge_tier(report);
  CHECK(report.tier->held);
  spans.accepted = 9'990;
  judge_tier(report);
  CHECK_FALSE(report.tier->held);
  CHECK(report.tier->reason.find("not accepted") != std::string::npos);
}

TEST_CASE("nothing accepted is an error that says what to do, except for one shard") {
  Report report;
  report.endpoints = {"http://collector:4317"};
  report.result.signals[0].sent = 5;
  CHECK(check_accepted(report, false).error().code == Code::unreachable);
  report.result.signals[0].refused = 5;
  CHECK(check_accepted(report, false).error().code == Code::failed);
  const std::pair<const char*, const char*> hints[] = {
      {"RESOURCE_EXHAUSTED: queue is full", "lower the rate"},
      {"HTTP 413: too large", "smaller"},
      {"HTTP 307: redirected to 'x'", "redirects"},
      {"INVALID_ARGUMENT: no", "its log"},
      {"HTTP 404: page not found", "path"}};
  for (const auto& [cause, hint] : hints) {
    report.result.causes = {{cause, 1}};
    CHECK(check_accepted(report, false).error().hint.find(hint) != std::string::npos);
  }
  report.result.unauthorized = 1;
  CHECK(check_accepted(report, false).error().hint.find("credentials") != std::string::npos);
  report.shards = 2;
  CHECK(check_accepted(report, false));
  CHECK_FALSE(check_accepted(report, true));
  report.result.signals[0].accepted = 1;
  CHECK(check_accepted(report, true));
}

TEST_CASE("a job carries what points to this machine and refuses what no pod can reach") {
  FakeSystem fake;
  fake.write("token", "abc");
  fake.write("mine.yaml", "base: shop\nname: mine\n");
  RunOptions options;
  options.target.endpoints = {"https://192.0.2.1"};
  options.target.bearer_file = "token";
  options.target.headers = {"x-key=secret"};
  options.load.scenario = "mine.yaml";
  options.load.workers = 3;
  const auto job = [&]() -> Result<KubernetesJob> {
    OBS_TRY_ASSIGN(const PreparedRun run, prepared(options, fake));
    return derive_job(options, run, nullptr, local_of(fake), {"--rate=5/s"}, 4, "obsctl:1");
  };
  const auto good = job();
  REQUIRE(good);
  CHECK(good->shards == 4);
  CHECK(good->cpus == 3);
  CHECK(good->scenario == "base: shop\nname: mine\n");
  CHECK(good->headers == std::vector<std::string>{"x-key"});
  CHECK(good->secret_files.front() == std::pair<std::string, std::string>("bearer-file", "token"));
  for (const char* word : {"--endpoint=https://192.0.2.1:4317", "--rate=5/s", "--yes"}) {
    CHECK(std::ranges::find(good->arguments, word) != good->arguments.end());
  }
  options.target.tls.ca_file = "gone.pem";
  CHECK(job().error().code == Code::missing);
  options.target.tls.ca_file.clear();
  options.target.endpoints = {"192.0.2.1", "localhost"};
  CHECK(job().error().code == Code::usage);
}

TEST_CASE("thresholds are about known metrics, and judged by them") {
  for (const char* wrong : {"p99", "p98<1ms", "p99<1", "errors<5", "rate>5", "queue<1s", "<1"}) {
    CHECK_FALSE(parse_threshold(wrong));
  }
  Report report;
  report.result.signals[0].sent = 100;
  report.result.signals[0].accepted = 99;
  report.result.signals[0].rejected = 1;
  CHECK(judge(*parse_threshold("errors < 2%"), report).met);
  CHECK_FALSE(judge(*parse_threshold("rejected<1%"), report).met);
  CHECK(judge(*parse_threshold("rate>98%"), report).met);
  CHECK_FALSE(judge(*parse_threshold("queue<10"), report).met);  // nobody read the queues
}

}  // namespace
}  // namespace obsctl::loadgen
