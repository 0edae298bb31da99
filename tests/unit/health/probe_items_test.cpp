// SPDX-License-Identifier: Apache-2.0
// What a run of the probe leaves in a stack: ids in three places, and nothing else that changes.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "lib/probe/items.hpp"
#include "lib/probe/next.hpp"
#include "tests/unit/health/probe_bed.hpp"

using namespace obsctl;
using namespace obsctl::health;
using catalog::Signal;

namespace {

using Json = nlohmann::json;

Json request(const ProbeIdentity& identity, Signal signal) {
  return Json::parse(probe_request(identity, signal, otlp::Encoding::json));
}

ProbeIdentity drawn(otlp::Protocol protocol, int seconds) {
  OsRandom random;
  auto out = draw_identity(random, protocol, Time{std::chrono::seconds(1795700000 + seconds)});
  REQUIRE(out);
  return *out;
}

const Json& item(const Json& request, const char* resources, const char* scopes,
                 const char* items) {
  return request.at(resources).at(0).at(scopes).at(0).at(items).at(0);
}

}  // namespace

TEST_CASE("a thousand probes make one series for each protocol and one stream") {
  std::set<std::string> series;
  std::set<std::string> streams;
  std::set<std::string> traces;
  for (int i = 0; i < 1000; ++i) {
    const auto protocol = i % 2 == 0 ? otlp::Protocol::grpc : otlp::Protocol::http;
    const ProbeIdentity identity = drawn(protocol, i);
    const Json metrics = request(identity, Signal::metrics);
    const Json& metric = item(metrics, "resourceMetrics", "scopeMetrics", "metrics");
    const Json& point = metric.at("gauge").at("dataPoints").at(0);
    series.insert(metrics.at("resourceMetrics").at(0).at("resource").dump() +
                  metric.at("name").dump() + point.at("attributes").dump());
    CHECK(point.at("asInt") == std::to_string(1795700000 + i));
    const Json logs = request(identity, Signal::logs);
    const Json& record = item(logs, "resourceLogs", "scopeLogs", "logRecords");
    CHECK_FALSE(record.contains("attributes"));
    streams.insert(logs.at("resourceLogs").at(0).at("resource").dump() +
                   record.at("severityText").dump());
    CHECK(record.at("body").dump().find(identity.hex()) != std::string::npos);
    traces.insert(identity.hex());
  }
  CHECK(series.size() == 2);
  CHECK(streams.size() == 1);
  CHECK(traces.size() == 1000);
}

TEST_CASE("the span is kept by the sampler and is no failed request") {
  const Json traces = request(drawn(otlp::Protocol::grpc, 0), Signal::traces);
  const Json& span = item(traces, "resourceSpans", "scopeSpans", "spans");
  CHECK(span.at("kind") == 1);
  CHECK(span.value("status", Json::object()).value("code", 0) != 2);
  CHECK(span.at("events").at(0).at("attributes").at(0).at("key") == "exception.type");
}

TEST_CASE("what sampling does to the probe is said, also when it is not known") {
  const test::TemporaryDirectory directory;
  const OsFileSystem files;
  Subject subject = test::subject_of({"traces.keep=10%"}, directory.path(), files);
  CHECK(sampling_note(subject) ==
        "tail sampling keeps the probe's traces, because they carry an exception; without it they "
        "would be sampled: 10% are kept above 1000 spans/s");
  CHECK(sampling_note(test::subject_of({"traces.keep=100%"}, directory.path(), files)).empty());
  subject.given = {{"otel-collector", "http://127.0.0.1:8888"}};
  CHECK(sampling_note(subject).starts_with("whether this receiver samples traces is not known"));
}

TEST_CASE("receivers come from the stack, or from what a person gives") {
  const test::TemporaryDirectory directory;
  OsFileSystem files;
  REQUIRE(files.make_directories(directory.path() / "secrets"));
  REQUIRE(files.write_atomic(directory.path() / "secrets/otlp.env",
                             "# senders\nOTLP_AUTH_TOKEN=abc123\n", 0600));
  Subject subject = test::subject_of({"security.tls=self-signed", "security.auth=bearer"},
                                     directory.path(), files);
  const auto receivers = probe_receivers(files, subject, {});
  REQUIRE(receivers);
  REQUIRE(receivers->size() == 2);
  const otlp::ClientOptions& grpc = receivers->front().target.client;
  CHECK(grpc.endpoints.front().url() == "https://localhost:4317");
  CHECK(grpc.tls.ca_file == (directory.path() / "tls/ca.crt").string());
  CHECK(grpc.headers.back().second == "Bearer abc123");
  CHECK(receivers->back().target.client.endpoints.front().url() == "https://localhost:4318");

  const auto wrong = probe_receivers(files, subject, {.grpc = "ftp://x", .http = ""});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Code::usage);

  // Programs that are given by their URLs have no receiver until one is named.
  subject.given = {{"otel-collector", "http://127.0.0.1:8888"}};
  CHECK_FALSE(probe_receivers(files, subject, {}));
  const auto named = probe_receivers(files, subject, {.grpc = "", .http = "http://host:4318"});
  REQUIRE(named);
  REQUIRE(named->size() == 1);
  CHECK(named->front().target.client.headers.empty());
}
