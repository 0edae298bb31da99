// SPDX-License-Identifier: Apache-2.0
// How the engine's logs become samples.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "lib/explain/explain.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/sources/log_reasons.hpp"
#include "lib/sources/logs.hpp"

using namespace obsctl;
using namespace obsctl::health;

namespace {

std::string frame(char stream, const std::string& text) {
  std::string out(8, '\0');
  out[0] = stream;
  out[6] = static_cast<char>(text.size() >> 8U);
  out[7] = static_cast<char>(text.size() & 0xffU);
  return out + text;
}

std::vector<LogLine> decoded(const std::string& bytes, std::size_t piece,
                             std::size_t most = std::size_t{1} << 20) {
  LogDecoder decoder(most);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.take(std::string_view(bytes).substr(at, piece));
  }
  return decoder.lines();
}

const catalog::Signatures& built_in() {
  static const OsFileSystem k_files;
  static const auto k_read = read_signatures(TemplateStore(k_files, {}));
  REQUIRE(k_read);
  return *k_read;
}

const Sample* find(const Samples& samples, const std::string& name, const std::string& signature) {
  for (const Sample& one : samples) {
    if (one.name == name && one.labels.contains("signature") &&
        one.labels.at("signature") == signature) {
      return &one;
    }
  }
  return nullptr;
}

const Time k_now = *parse_time("2026-11-26T12:00:00Z");

LogLine line(const std::string& text, int seconds_ago = 5) {
  return {.at = k_now - std::chrono::seconds(seconds_ago), .text = text};
}

class FakeEngine final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    last = request.url;
    if (status / 100 == 2) {
      OBS_TRY(request.download(body));
      return HttpResponse{.status = status};
    }
    return HttpResponse{.status = status, .body = body};
  }
  int status = 200;
  std::string body;
  std::string last;
};

}  // namespace

TEST_CASE("frames are taken apart wherever the bytes were cut") {
  const std::string bytes =
      frame(1, "2026-11-26T11:59:00.123456789Z one\r\n") + frame(2, "2026-11-26T11:59:01Z tw") +
      frame(1, "2026-11-26T11:59:02Z three\n") + frame(2, "o\n") + frame(1, "end");
  for (const std::size_t piece : {1UL, 3UL, 8UL, 1000UL}) {
    CAPTURE(piece);
    const auto lines = decoded(bytes, piece);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].text == "one");
    CHECK(print_time(lines[0].at) == "2026-11-26T11:59:00Z");
    CHECK(lines[1].text == "three");
    CHECK(lines[2].text == "two");
    CHECK(lines[3].text == "end");
  }
}

TEST_CASE("a container with a terminal has no frames") {
  const auto lines = decoded("2026-11-26T11:59:00Z one\r\nno stamp\n", 5);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].text == "one");
  CHECK(lines[1].text == "no stamp");
  CHECK(lines[1].at == Time{});
}

TEST_CASE("the newest lines are kept, and a line without an end is cut") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += "line number " + std::to_string(i) + "\n";
  }
  const auto lines = decoded(bytes, 64, 100);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.size() < 10);
  CHECK(lines.back().text == "line number 99");
  const auto one = decoded(std::string(100'000, 'x'), 4096);
  REQUIRE(one.size() == 1);
  CHECK(one.front().text.size() == 16UL << 10U);
}

TEST_CASE("random bytes are no log and do no harm") {
  std::string bytes;
  unsigned state = 7;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24U);
  }
  bytes[0] = '\1';
  CHECK_NOTHROW(static_cast<void>(log_samples(decoded(bytes, 100), built_in(), k_now)));
}

TEST_CASE("a log is asked for by time and lines, and the engine's refusal is said") {
  FakeEngine engine;
  engine.body = frame(1, "2026-11-26T11:59:00Z one\n");
  const auto lines = container_log(engine, {}, "shop-1", {.since = k_now});
  REQUIRE(lines);
  CHECK(lines->size() == 1);
  CHECK(engine.last ==
        "http://localhost/containers/shop-1/logs?stdout=1&stderr=1&timestamps=1&since=1795694400"
        "&tail=2000");
  engine.status = 501;
  engine.body = R"({"message": "configured logging driver does not support reading"})";
  const auto refused = container_log(engine, {}, "shop-1", {.since = k_now});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("does not support reading") != std::string::npos);
}

TEST_CASE("lines are counted by signature, severity and what tells them apart") {
  const std::string retry =
      R"(Exporting failed. Will retry the request after interval. {"otelcol.component.id": "otlp/a", "error": "dial tcp: lookup a: no such host"})";
  const std::string other =
      R"(Exporting failed. Will retry the request after interval. {"otelcol.component.id": "otlp/b", "error": "dial tcp: lookup a: no such host"})";
  const auto samples = log_samples(
      {line(retry, 60), line(retry, 30), line(other), line(retry, 10), line("all is well")},
      built_in(), k_now);
  CHECK(samples.front().name == "log_lines");
  CHECK(samples.front().value == 5);
  const Sample* first = find(samples, "log_signature", "SIG-DNS");
  REQUIRE(first != nullptr);
  CHECK(first->value == 3);
  CHECK(first->labels.at("exporter") == "otlp/a");
  CHECK(first->labels.at("host") == "a");
  CHECK(first->labels.at("class") == "transient");
  CHECK(first->labels.at("check") == "COL-003");
  CHECK(first->labels.at("severity") == "error");  // three of them
  CHECK(samples.size() == 4);
  CHECK(samples[2].labels.at("severity") == "warning");  // one
  CHECK(find(samples, "log_signature_last_seconds", "SIG-DNS")->value == 5);
}

TEST_CASE("a log that names a new thing in each line does not grow the evidence") {
  std::vector<LogLine> lines;
  for (int i = 0; i < 1000; ++i) {
    lines.push_back(line("lookup host" + std::to_string(i) + ": no such host"));
  }
  CHECK(log_samples(lines, built_in(), k_now).size() < 100);
}

TEST_CASE("an old harmless line is a note") {
  const auto samples = log_samples(
      {line(
          "msg=\"Database locked, sleeping then retrying\" error=\"database is locked\" retry=0")},
      built_in(), k_now);
  CHECK(find(samples, "log_signature", "SIG-GRAFANA-LOCKED-RETRIED")->labels.at("severity") ==
        "note");
}

TEST_CASE("the backend's own reason is what is left of an error") {
  CHECK(reason_of_error("not retryable error: Permanent error: rpc error: code = InvalidArgument "
                        "desc = trace too large (max 1000)") ==
        "InvalidArgument: trace too large (max 1000)");
  CHECK(reason_of_error(
            "not retryable error: Permanent error: rpc error: code = InvalidArgument desc = error "
            "exporting items, request to http://u:pw@loki:3100/otlp/v1/logs responded with HTTP "
            "Status Code 400, Message=entry too far behind, oldest is 10:00, Details=[]") ==
        "HTTP 400: entry too far behind, oldest is 10:00");
  CHECK(
      reason_of_error("no more retries left: rpc error: code = Unavailable desc = error exporting "
                      "items, request to http://loki:3100/x responded with HTTP Status Code 503") ==
      "HTTP 503");
  CHECK(reason_of_error("Permanent error: refused: Authorization: Bearer abcdef123456") ==
        "refused: Authorization: REDACTED");
  CHECK(reason_of_error("two\nlines") == "two lines");
  CHECK(reason_of_error("code = ") == "code =");
  CHECK(reason_of_error("") == "");
}

TEST_CASE("the last reason of each exporter and signal is kept, and none of what was only late") {
  const auto dropped = [](const char* exporter, const char* error, int seconds_ago) {
    return line(fmt::format("2026-11-26T11:59:00Z\terror\tinternal/queue_sender.go:57\tExporting "
                            "failed. Dropping data.\t{{\"otelcol.component.id\": \"{}\", "
                            "\"otelcol.signal\": \"logs\", \"error\": \"{}\", "
                            "\"dropped_items\": 20}}",
                            exporter, error),
                seconds_ago);
  };
  const Samples samples = log_samples(
      {dropped("otlp_http/a", "not retryable error: Permanent error: first", 9),
       dropped("otlp_http/a", "not retryable error: Permanent error: second", 8),
       dropped("otlp_http/b", "not retryable error: Permanent error: other", 7),
       line("info\tinternal/retry_sender.go:133\tExporting failed. Will retry the request after "
            "interval.\t{\"otelcol.component.id\": \"otlp_http/c\", \"error\": \"late\"}"),
       line("error\tExporting failed. Dropping data.\t{\"otelcol.component.id\": \"otlp/d\", cut")},
      built_in(), k_now);
  std::map<std::string, std::string> reasons;
  for (const Sample& sample : samples) {
    if (sample.name == "exporter_refusal") {
      CHECK(sample.labels.at("signal") == "logs");
      reasons[sample.labels.at("exporter")] = sample.labels.at("reason");
    }
  }
  CHECK(reasons ==
        std::map<std::string, std::string>{{"otlp_http/a", "second"}, {"otlp_http/b", "other"}});
}
