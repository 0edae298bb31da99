// SPDX-License-Identifier: Apache-2.0
// What lines of logs are explained as, and that text which no signature knows stays unknown.
#include "lib/explain/explain.hpp"

#include <doctest/doctest.h>

#include <map>

#include "lib/io/filesystem.hpp"

using namespace obsctl;
using namespace obsctl::health;
using catalog::SignatureClass;

namespace {

const catalog::Signatures& built_in() {
  static const OsFileSystem k_files;
  static const auto k_read = read_signatures(TemplateStore(k_files, {}));
  REQUIRE_MESSAGE(k_read.has_value(), k_read.error().message);
  return *k_read;
}

Explanation explained(const std::string& line, const catalog::Captures& facts = {}) {
  return explain(line, built_in(), facts);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a line says what became of the data and why") {
  const std::string error =
      R"("error": "rpc error: code = Unavailable desc = dial tcp 10.1.2.3:4317: connect: connection refused")";
  const auto waits = explained(
      R"(info Exporting failed. Will retry the request after interval. {"otelcol.component.id": "otlp/shop", )" +
      error + R"(, "interval": "3.1s"})");
  CHECK(waits.id == "SIG-REFUSED");
  CHECK(waits.fate == "SIG-RETRYING");
  CHECK(waits.kind == SignatureClass::transient);
  CHECK(waits.severity == Severity::warning);
  CHECK(waits.check == "COL-003");
  CHECK(contains(waits.says, "10.1.2.3:4317"));
  CHECK(contains(waits.says, "otlp/shop: data waits"));
  const auto lost = explained(
      R"(error Exporting failed. Dropping data. {"otelcol.component.id": "otlp/shop", "error": "no more retries left: )" +
      error + R"(", "dropped_items": 512})");
  CHECK(lost.id == "SIG-REFUSED");
  CHECK(lost.fate == "SIG-RETRIES-ENDED");
  CHECK(lost.kind == SignatureClass::loss);
  CHECK(lost.severity == Severity::error);
  CHECK(lost.check == "COL-004");
  CHECK(contains(lost.says, "512 items"));
}

TEST_CASE("an error that no signature knows has a fate all the same") {
  const auto lost = explained(
      R"(Exporting failed. Dropping data. {"name": "otlp", "error": "the moon is in the way", "dropped_items": 3})");
  CHECK(lost.id == "SIG-DROPPED");
  CHECK(lost.kind == SignatureClass::loss);
  CHECK(contains(lost.says, "3 items"));
}

TEST_CASE("a message that is too large, and what only looks like one") {
  const std::string line =
      "code = ResourceExhausted desc = grpc: received message larger than max ";
  const auto cut = explained(line + "(4194305 vs. 4194304)");
  CHECK(cut.id == "SIG-BATCH-LIMIT-PLUS-ONE");
  CHECK(contains(cut.says, "4 MiB"));
  CHECK(contains(cut.says, "real size is not known"));
  const auto known = explained(line + "(8388608 vs. 4194304)");
  CHECK(known.id == "SIG-BATCH-TOO-LARGE");
  CHECK(contains(known.says, "8 MiB"));
  const auto page = explained("Received message larger than max (1213486160 vs 4194304)");
  CHECK(page.id == "SIG-WEB-PAGE");
  CHECK(contains(page.says, "'HTTP'"));
}

TEST_CASE("what a probe of the port knows decides between two causes") {
  const std::string line = "error reading server preface: http2: frame too large";
  CHECK(explained(line).id == "SIG-NOT-HTTP2");
  CHECK_FALSE(explained(line).decides.empty());
  CHECK(explained(line, {{"port_speaks", "http/1.1"}}).id == "SIG-NOT-HTTP2-HTTP1");
  CHECK(explained(line, {{"port_speaks", "TLS"}}).id == "SIG-NOT-HTTP2-TLS");
}

TEST_CASE("an old error of a full disk is told from a full disk") {
  const std::string line =
      R"(msg="append failed" err="write to WAL: log samples: write /data/wal/00000012: no space left on device")";
  CHECK(explained(line).id == "SIG-PROM-WAL-SPACE");
  const auto old = explained(line, {{"used_percent", "40"}, {"oldest_segment", "00000090"}});
  CHECK(old.id == "SIG-PROM-WAL-STALE");
  CHECK(contains(old.says, "00000012"));
  CHECK(explained(line, {{"used_percent", "99"}, {"oldest_segment", "00000003"}}).id ==
        "SIG-PROM-WAL-SPACE");
}

TEST_CASE("labels that hold ids are named, those of each line first") {
  const auto streams = explained(
      "Maximum active stream limit exceeded when trying to create stream {app=\"shop\", "
      "branch=\"01KFNBG83ARTQR6QJFG42A1W71\", trace=\"0af7651916cd43dd8448eb211c80319c\"}");
  CHECK(streams.id == "SIG-LOKI-STREAMS-IDS");
  const auto trace = streams.says.find("trace (trace id");
  REQUIRE(trace != std::string::npos);
  CHECK(trace < streams.says.find("branch (ULID"));
  CHECK_FALSE(contains(streams.says, "app ("));
  CHECK(explained("Maximum active stream limit exceeded").id == "SIG-LOKI-STREAMS");
}

TEST_CASE("a distance between two times") {
  const auto late = explained(
      "entry with timestamp 2026-01-02 10:00:00.5 +0000 UTC ignored, reason: 'entry too far behind, "
      "oldest acceptable timestamp is: 2026-01-02T11:30:00Z'");
  CHECK(late.id == "SIG-LOKI-TOO-FAR-BEHIND");
  CHECK(contains(late.says, "1.5 h"));
  CHECK(late.severity == Severity::warning);
  CHECK(late.repeated == Severity::error);
}

TEST_CASE("every name behind the same words") {
  const auto delta = explained(
      R"(invalid temporality and type combination for metric "a.b"; invalid temporality and type combination for metric "c.d")");
  CHECK(contains(delta.says, "a.b, c.d"));
}

TEST_CASE("kinds of lines") {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {R"(Err: dial tcp: lookup tempo on 127.0.0.11:53: no such host)", "SIG-DNS"},
      {"Error: connect ECONNREFUSED 127.0.0.1:4317", "SIG-REFUSED-LOOPBACK"},
      {"Post \"http://x:4318\": context deadline exceeded", "SIG-BACKEND-SLOW"},
      {"accept tcp [::]:4317: accept4: too many open files", "SIG-OPEN-FILES"},
      {"write /x/y: no space left on device", "SIG-DISK-FULL"},
      {"fsnotify: no space left on device (inotify limit)", "SIG-INOTIFY"},
      {"fatal error: runtime: out of memory", "SIG-OOM"},
      {"per-user series limit of 150000 exceeded (err-mimir-max-series-per-user)",
       "SIG-PROM-SERIES-LIMIT"},
      {"query timed out in expression evaluation", "SIG-QUERY-SLOW"},
      {"SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "SIG-CERTIFICATE-UNKNOWN-CA"},
      {"x509: certificate has expired or is not yet valid: current time",
       "SIG-CERTIFICATE-EXPIRED"},
      {"open /var/lib/x: permission denied", "SIG-PERMISSION"},
      {"tls: first record does not look like a TLS handshake", "SIG-TLS-TO-PLAIN"},
      {"unknown service opentelemetry.proto.collector.logs.v1.LogsService",
       "SIG-GRPC-UNIMPLEMENTED"},
      {"responded with HTTP Status Code 401", "SIG-HTTP-401"},
      {"sample limit exceeded", "SIG-PROM-SAMPLE-LIMIT"},
      {"kafka: Failed to deliver 1 messages due to error: kafka server: Message was too large, "
       "server rejected it to avoid allocation error.",
       "SIG-KAFKA-TOO-LARGE"},
      {"LIVE_TRACES_EXCEEDED: max live traces exceeded for tenant single-tenant",
       "SIG-TEMPO-LIVE-TRACES"},
      {"msg=\"Database locked, sleeping then retrying\" error=\"database is locked\" retry=0",
       "SIG-GRAFANA-LOCKED-RETRIED"},
      {"msg=\"Replaying WAL, this may take a while\"", "SIG-PROM-REPLAY"},
      {"Error response from daemon: client version 1.24 is too old. Minimum supported API version "
       "is 1.44",
       "SIG-ENGINE-API"},
      {"Starting HTTP server {\"endpoint\": \"127.0.0.1:4318\"}", "SIG-LOOPBACK"},
  };
  for (const auto& [line, id] : lines) {
    CAPTURE(line);
    CHECK(explained(line).id == id);
  }
}

TEST_CASE("what no signature knows is unknown") {
  for (const char* line :
       {"", "hello", "level=info msg=\"Server is ready to receive web requests.\"",
        "the disk of the sun has no spots", "\xff\xfe{{{[[[\x1b[2J", "\"OOMKilled\": false",
        "GET /v1/traces 200 OK 404ms"}) {
    CAPTURE(line);
    const auto unknown = explained(line);
    CHECK_FALSE(unknown.matched);
    CHECK(contains(explanation_text(unknown), "unknown"));
    CHECK(explanation_json(unknown)["matched"] == false);
  }
}

TEST_CASE("of several lines the one that is known counts, and a broken line is read as one") {
  CHECK(explained("starting\nopen /x: permission denied\nbye").id == "SIG-PERMISSION");
  CHECK(explained("msg=\"Replaying WAL, this may\n take a while\"").id == "SIG-PROM-REPLAY");
}

TEST_CASE("nothing that a line brings moves the cursor or breaks JSON") {
  const auto hostile = explained("lookup a\x1b[2Jb\xff on \xc2\x9b: no such host");
  CHECK(hostile.id == "SIG-DNS");
  CHECK_FALSE(contains(explanation_text(hostile), "\x1b"));
  CHECK_FALSE(explanation_json(hostile).dump().empty());
}

TEST_CASE("time grows with the line and not with its square") {
  std::string line;
  while (line.size() < 64UL * 1024) {
    line += "larger than max (1 vs. {{\"trying to create stream {";
  }
  CHECK_NOTHROW(static_cast<void>(explained(line)));
}

TEST_CASE("ids are explained without a line") {
  const catalog::HealthCheck check = {.id = "COL-999",
                                      .component = "x",
                                      .title = "t",
                                      .when = "",
                                      .reads = {},
                                      .by = {},
                                      .error = "a > 0",
                                      .warning = "",
                                      .note = "",
                                      .values = {},
                                      .says = "{exporter} is {share:%} full[; it said: {reason}]",
                                      .cause = "",
                                      .fix = "empty it",
                                      .needs = {},
                                      .explained_by = {},
                                      .at = {}};
  const auto of_check = explain_id("col-999", built_in(), {check});
  REQUIRE(of_check);
  CHECK(of_check->says == "<exporter> is <share> full; it said: <reason>");
  CHECK(of_check->severity == Severity::error);
  const auto of_signature = explain_id("SIG-DNS", built_in(), {});
  REQUIRE(of_signature);
  CHECK(contains(of_signature->says, "<host>"));
  CHECK_FALSE(explain_id("SIG-NOTHING", built_in(), {}));
}

TEST_CASE("texts name only what their row can give, and ids are there once") {
  std::map<std::string, int> ids;
  for (const auto* list : {&built_in().rows, &built_in().fates}) {
    for (const auto& row : *list) {
      CAPTURE(row.id);
      CHECK(++ids[row.id] == 1);
      const auto said = explain_id(row.id, built_in(), {});
      REQUIRE(said);
      // A name that is not known would stay "?".
      CHECK_FALSE(contains(said->says + said->cause + said->fix + said->decides, "?}"));
      CHECK_FALSE(contains(said->says, " ?"));
      CHECK_FALSE(contains(said->fix, " ?"));
      for (const auto& mistaken : row.mistaken) {
        CHECK_FALSE(mistaken.empty());
      }
    }
  }
}
