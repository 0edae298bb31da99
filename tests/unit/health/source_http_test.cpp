// SPDX-License-Identifier: Apache-2.0
// Probes and /metrics pages: where they are asked, and what each kind of answer says.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

constexpr auto k_ready = "http://localhost:3100/ready";
constexpr auto k_page = "http://localhost:3100/metrics";

}  // namespace

TEST_CASE("a component is ready, not ready, or does not answer, and none of it is an error") {
  AskedStack stack;
  stack.http.answers[k_ready] = {.status = 200, .body = "ready"};
  Samples samples = stack.samples(Source::readiness, "loki");
  CHECK(value_of(samples, "probe_success") == 1);
  CHECK(value_of(samples, "probe_status") == 200);
  CHECK(value_of(samples, "probe_seconds") == 0);
  CHECK(label_of(samples, "probe_success", "error") == "-");

  stack.http.answers[k_ready] = {.status = 503, .body = "wait"};
  samples = stack.samples(Source::readiness, "loki");
  CHECK(value_of(samples, "probe_success") == 0);
  CHECK(value_of(samples, "probe_status") == 503);
  CHECK(label_of(samples, "probe_success", "error") == "HTTP status 503");

  stack.http.answers.clear();
  samples = stack.samples(Source::readiness, "loki");
  CHECK(value_of(samples, "probe_success") == 0);
  CHECK(value_of(samples, "probe_status") == 0);
  CHECK(label_of(samples, "probe_success", "error").find("refused") != std::string::npos);

  stack.http.failures.emplace(k_ready, Error{.code = Code::interrupted, .message = "stopped"});
  CHECK(stack.error(Source::readiness, "loki").code == Code::interrupted);
}

TEST_CASE("a port that is not published is asked at its container, where this host reaches it") {
  AskedStack stack;
  CHECK(stack.questions(Source::readiness, "node-exporter").empty());
  stack.http.json("http://localhost/containers/json",
                  R"([{"Id":"a1","Labels":{"com.docker.compose.service":"node-exporter"},
                       "NetworkSettings":{"Networks":{"n":{"IPAddress":"10.1.2.3"}}}}])");
  const auto asked = stack.questions(Source::readiness, "node-exporter");
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().from == "http://10.1.2.3:9100/");
  CHECK(stack.questions(Source::metrics, "node-exporter").front().from ==
        "http://10.1.2.3:9100/metrics");
  stack.environment.variables["DOCKER_HOST"] = "unix:///run/user/1000/docker.sock";
  CHECK(stack.questions(Source::readiness, "node-exporter").empty());
  stack.environment.variables["DOCKER_HOST"] = "tcp://far:2375";
  CHECK(stack.questions(Source::readiness, "node-exporter").empty());
}

TEST_CASE("a stack on Kubernetes publishes nothing here and has no engine here") {
  AskedStack stack({"target=helm"});
  for (const Inquiry& one : inquiries(stack.services, stack.subject, {})) {
    CHECK((one.source != Source::engine && one.source != Source::logs));
    static_cast<void>(one.read());
  }
  CHECK(stack.http.requests.empty());  // kubectl was asked
}

TEST_CASE("pages that speak TLS are asked with the stack's own authority") {
  AskedStack stack({"security.tls=self-signed", "security.bind_ui=0.0.0.0"});
  static_cast<void>(stack.samples(Source::readiness, "grafana"));
  const HttpRequest& request = stack.http.requests.back();
  CHECK(request.url == "https://localhost:3000/api/health");
  CHECK(request.tls.ca_file == (stack.directory.path() / "tls/ca.crt").string());
  CHECK(request.tls.verify);
}

TEST_CASE("metrics come in one form of names") {
  AskedStack stack;
  stack.http.answers["http://localhost:8888/metrics"] = {
      .status = 200,
      .body =
          "# TYPE otelcol_receiver_accepted_spans_total counter\n"
          "otelcol_receiver_accepted_spans_total{receiver=\"otlp\",service_name=\"c\"} 5\n"
          "other_total{x=\"a\\nb\"} 1\n"};
  const auto asked = stack.questions(Source::metrics, "otel-collector");
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().twice);
  const Samples samples = stack.samples(Source::metrics, "otel-collector");
  CHECK(value_of(samples, "otelcol_receiver_accepted_items",
                 {{"receiver", "otlp"}, {"signal", "traces"}}) == 5);
  CHECK(label_of(samples, "other", "x") == "a?b");
}

TEST_CASE("what is no page of metrics is an error that says what it is") {
  AskedStack stack;
  stack.http.answers[k_page] = {.status = 404, .body = "x"};
  CHECK(stack.error(Source::metrics, "loki").message ==
        "'http://localhost:3100/metrics' answers with HTTP status 404, expected 200 and metrics in "
        "Prometheus' text format");
  stack.http.answers[k_page] = {.status = 302, .body = "", .headers = {{"location", "http://x/"}}};
  CHECK(stack.error(Source::metrics, "loki").message.find("302") != std::string::npos);
  stack.http.answers[k_page] = {.status = 401, .body = ""};
  CHECK(stack.error(Source::metrics, "loki").message.find("login") != std::string::npos);
  stack.http.answers[k_page] = {.status = 200, .body = "\n <!DOCTYPE html><p>"};
  CHECK(stack.error(Source::metrics, "loki").message.find("web page") != std::string::npos);
  stack.http.answers[k_page] = {.status = 200, .body = "\x1f\x8b\x08 gzip"};
  CHECK(stack.error(Source::metrics, "loki").code == Code::failed);
  stack.http.answers[k_page] = {.status = 200, .body = std::string((4 << 20) + 1, 'a')};
  CHECK(stack.error(Source::metrics, "loki").message.find("more than") != std::string::npos);
  stack.http.answers.clear();
  CHECK(stack.error(Source::metrics, "loki").code == Code::unreachable);
}

TEST_CASE("of given programs the probe is asked where its port is the one that was given") {
  AskedStack health({}, {{.component = "otel-collector", .url = "http://far:13133"}});
  CHECK(health.questions(Source::readiness, "otel-collector").size() == 1);
  AskedStack metrics({}, {{.component = "otel-collector", .url = "http://far:8888/metrics"}});
  CHECK(metrics.questions(Source::readiness, "otel-collector").empty());
  REQUIRE(metrics.questions(Source::metrics, "otel-collector").size() == 1);
  CHECK(metrics.questions(Source::metrics, "otel-collector").front().from ==
        "http://far:8888/metrics");
  AskedStack both({}, {{.component = "loki", .url = "http://far/loki/metrics"}});
  CHECK(both.questions(Source::readiness, "loki").front().from == "http://far/loki/ready");
  CHECK(both.questions(Source::metrics, "loki").front().from == "http://far/loki/metrics");
  CHECK(both.questions(Source::container, "loki").empty());
  CHECK(both.questions(Source::state).empty());
  CHECK(both.http.requests.empty());
}
