// SPDX-License-Identifier: Apache-2.0
// What is refused and what is named in requests that differ from the specification, in both
// encodings, and the printed line. Verdicts are those of the OpenTelemetry Collector 0.161 (pdata
// 1.67), which was sent every one of these requests.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/otlp/decode.hpp"
#include "lib/otlp/wire.hpp"
#include "tests/unit/otlp/samples.hpp"

namespace obsctl::otlp {
namespace {

constexpr UnixNano k_now = 1'764'000'000'000'000'000;  // November 2025
constexpr std::size_t k_limit = 64U << 20;

struct Verdict {
  std::string refusal = {};  // empty: accepted
  std::vector<std::string> named = {};
  std::uint64_t others = 0;
  std::string shown = {};

  [[nodiscard]] bool names(std::string_view text) const {
    return std::ranges::any_of(
        named, [&](const auto& one) { return one.find(text) != std::string::npos; });
  }
};

Verdict read_protobuf(Signal signal, std::string_view body, Deviations deviations = {}) {
  Verdict verdict;
  const auto items = check(signal, bytes_of(body), k_now, &deviations);
  if (items) {
    verdict.shown = protobuf_to_json(signal, bytes_of(body), k_limit).value();
  } else {
    verdict.refusal = items.error().message;
  }
  for (const Deviation& one : deviations.kept()) {
    verdict.named.push_back(to_text(one));
  }
  verdict.others = deviations.others();
  CHECK(items.has_value() == check(signal, bytes_of(body), k_now, nullptr).has_value());
  return verdict;
}

Verdict read_json(Signal signal, std::string_view body) {
  Deviations deviations;
  const auto protobuf = json_to_protobuf(signal, bytes_of(body), k_limit, &deviations);
  CHECK(protobuf.has_value() ==
        json_to_protobuf(signal, bytes_of(body), k_limit, nullptr).has_value());
  if (protobuf) {
    return read_protobuf(signal, *protobuf, deviations);
  }
  Verdict verdict{.refusal = protobuf.error().message};
  for (const Deviation& one : deviations.kept()) {
    verdict.named.push_back(to_text(one));
  }
  return verdict;
}

std::string span_json(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"first"},{)" + members + "}]}]}]}";
}
std::string value_json(const std::string& value) {
  return span_json(R"("attributes":[{"key":"a","value":)" + value + "}]");
}
std::string sum_json(const std::string& members) {
  return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{)" + members +
         "}}]}]}]}";
}
constexpr std::string_view k_span = "resourceSpans[0].scopeSpans[0].spans[1].";

// A length-delimited field, short enough for one byte of length.
std::string field(int tag, const std::string& inner) {
  return std::string{static_cast<char>(tag << 3 | 2), static_cast<char>(inner.size())} + inner;
}
std::string span_bytes(const std::string& span) {
  return field(1, field(2, field(2, span)));
}

}  // namespace

TEST_CASE("ids that are no hex digits are refused by name") {
  for (const auto& [id, reason] : {
           std::pair{R"("AAECAwQFBgcICQoLDA0ODw==")", "base64, 16 bytes"},
           {R"("00010203-0405-0607-0809-0a0b0c0d0e0f")", "a UUID"},
           {R"("000102030405060708090a0b0c0d0e")", "30 hex digits"},
           {R"("zz0102030405060708090a0b0c0d0e0f")", "not hex"},
           {R"("checkout")", "'checkout'; OTLP/JSON wants 32 hex digits"},
           {"5", "a number found, 5"},
           {"null", "null found"},
           {"[1]", "a list found"},
       }) {
    CAPTURE(id);
    const Verdict verdict = read_json(Signal::traces, span_json(std::string("\"traceId\":") + id));
    CHECK(verdict.refusal.starts_with(std::string(k_span) + "traceId: "));
    CHECK(verdict.refusal.find(reason) != std::string::npos);
    CHECK(verdict.names(reason));
  }
  const Verdict both = read_json(
      Signal::traces, span_json(R"("traceId":"AAECAwQFBgcICQoLDA0ODw==","spanId":"AAECAwQFBgc=")"));
  CHECK(both.names("traceId: base64"));
  CHECK(both.names("spanId: base64, 8 bytes"));  // reading goes on after the first
  CHECK(read_json(Signal::traces, span_json(R"("parentSpanId":"")")).refusal.empty());
  const Verdict zeros = read_json(Signal::traces, span_json(R"("spanId":"0000000000000000")"));
  CHECK(zeros.refusal.empty());
  CHECK(zeros.names("spanId: all zeros"));
}

TEST_CASE("numbers that do not fit are refused by name") {
  for (const auto& [member, reason] : {
           std::pair{R"("kind":1.0)", "1.0 is not written as a whole number"},
           {R"("kind":"1")", "\"1\" is not a name of its values"},
           {R"("kind":"CLIENT")", "\"CLIENT\" is not a name of its values"},
           {R"("droppedAttributesCount":-1)", "-1 is negative"},
           {R"("droppedAttributesCount":4294967296)", "does not fit into 32 bits"},
           {R"("startTimeUnixNano":"abc")", "'abc' is no whole number"},
           {R"("startTimeUnixNano":1.7e18)", "1.7e18 is not written as a whole number"},
           {R"("startTimeUnixNano":{"low":1,"high":0})", "an object found"},
           {R"("startTimeUnixNano":18446744073709551616)", "does not fit into 64 bits"},
           {R"("flags":null)", "null found"},
           {R"("name":5)", "a number found, 5; OTLP/JSON wants a string"},
           {R"("status":[])", "a list found; OTLP/JSON wants an object"},
           {R"("attributes":{})", "an object found; OTLP/JSON wants a list"},
       }) {
    CAPTURE(member);
    const Verdict verdict = read_json(Signal::traces, span_json(member));
    CHECK(verdict.refusal.starts_with(k_span));
    CHECK(verdict.refusal.find(reason) != std::string::npos);
  }
  for (const char* value :
       {R"({"intValue":5.0})", R"({"intValue":"9223372036854775808"})", R"({"intValue":null})",
        R"({"boolValue":"true"})", R"({"boolValue":1})", R"({"doubleValue":"1.5x"})",
        R"({"doubleValue":1e400})", R"({"doubleValue":""})", R"({"bytesValue":"AAE"})",
        R"({"bytesValue":"-_-_"})", R"({"stringValue":5})", R"({"arrayValue":[]})", "5", "[]"}) {
    CAPTURE(value);
    CHECK_FALSE(read_json(Signal::traces, value_json(value)).refusal.empty());
  }
  for (const auto& [value, shown] : {
           std::pair{R"({"intValue":5})", R"({"intValue":"5"})"},
           {R"({"intValue":"-9223372036854775808"})", R"({"intValue":"-9223372036854775808"})"},
           {R"({"doubleValue":"NaN"})", R"({"doubleValue":"NaN"})"},
           {R"({"doubleValue":1e-400})", R"({"doubleValue":0})"},
           {R"({"boolValue":false})", R"({"boolValue":false})"},
           {R"({"bytesValue":"+/+/"})", R"({"bytesValue":"+/+/"})"},
           {R"({"stringValue":null})", "{}"},
           {R"({"stringValue":"\ud83d\ude00\n"})", "{\"stringValue\":\"\xF0\x9F\x98\x80\\u000a\"}"},
           {"null", ""},
       }) {
    CAPTURE(value);
    const Verdict verdict = read_json(Signal::traces, value_json(value));
    CHECK(verdict.refusal.empty());
    CHECK(verdict.shown.find(shown) != std::string::npos);
  }
}

TEST_CASE("what a collector accepts against the specification is accepted and named") {
  const Verdict names =
      read_json(Signal::traces,
                span_json(R"("kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"})"));
  CHECK(names.refusal.empty());
  CHECK(names.names(std::string(k_span) + "kind: \"SPAN_KIND_CLIENT\""));
  CHECK(names.shown.find(R"("kind":3)") != std::string::npos);
  CHECK(names.shown.find(R"("code":2)") != std::string::npos);

  const Verdict numbers = read_json(Signal::traces, span_json(R"("kind":99,"status":{"code":-1})"));
  CHECK(numbers.names("kind: 99 is not one of its values, 0 to 5"));
  CHECK(numbers.names("status.code: -1 is not"));
  CHECK(numbers.shown.find(R"("kind":99)") != std::string::npos);
  CHECK(read_json(Signal::metrics, sum_json(R"("aggregationTemporality":9)"))
            .names("sum.aggregationTemporality: 9 is not"));

  const Verdict snake = read_json(
      Signal::traces, R"({"resource_spans":[{"scope_spans":[{"spans":[{"name":"a"}]}]}]})");
  CHECK(snake.names("resource_spans: snake_case; OTLP/JSON wants resourceSpans"));
  CHECK(snake.shown == R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]})");

  for (const auto& [body, reason] : {
           std::pair{R"({"resourceSpans":[{"instrumentationLibrarySpans":[{}]}]})",
                     "resourceSpans[0].instrumentationLibrarySpans: a name of old versions"},
           {R"({"resourceLogs":[{"scopeLogs":[]}]})", "its path is /v1/logs"},
           {R"({"resourceSpans":[{"traceID":"x"}]})", "resourceSpans[0].traceID: not a key"},
           {R"({"ResourceSpans":[]})", "OTLP/JSON writes resourceSpans"},
           {R"({"resourceSpans":[],"resourceSpans":[]})", "more than once"},
           {R"({"resourceSpans":[null]})", "resourceSpans[0]: null in a list"},
       }) {
    CAPTURE(body);
    const Verdict verdict = read_json(Signal::traces, body);
    CHECK(verdict.refusal.empty());
    CHECK(verdict.names(reason));
  }
  CHECK(read_json(Signal::traces, value_json(R"({"stringValueStrindex":1})"))
            .names("a key of profiles"));
  CHECK(read_json(Signal::traces, value_json(R"({"intValue":1,"boolValue":true})"))
            .names("attributes[0].value: more than one value"));
  CHECK(read_json(Signal::metrics, sum_json(R"("isMonotonic":true)"))
            .names("sum.aggregationTemporality: missing"));
  CHECK(read_json(Signal::traces, value_json(R"({"doubleValue":"inf"})")).names("\"inf\""));
  CHECK(read_json(Signal::traces, value_json(R"({"stringValue":"\ud800"})")).names("surrogate"));
}

TEST_CASE("times that cannot be are named") {
  const auto times = [](const char* start, const char* end) {
    return read_json(Signal::traces, span_json(std::string("\"startTimeUnixNano\":\"") + start +
                                               "\",\"endTimeUnixNano\":\"" + end + "\""));
  };
  CHECK(times("1763999999000000005", "1763999999000000000")
            .names("endTimeUnixNano: 5 ns before startTimeUnixNano"));
  CHECK(times("5", "7").names("startTimeUnixNano: 5, which is 1970-01-01T00:00:00Z"));
  CHECK(times("1763999999", "1763999999").names("these look like seconds"));
  CHECK(times("1763999999000", "1763999999000").names("these look like milliseconds"));
  CHECK(times("1763999999000000", "1").names("these look like microseconds"));
  CHECK(times("1863999999000000000", "18446744073709551615").names("in the future"));
  const Verdict right = times("1763999999000000000", "1763999999000000005");
  CHECK_FALSE(right.names("spans[1].startTimeUnixNano"));
  CHECK_FALSE(right.names("spans[1].endTimeUnixNano"));
  const Verdict point = read_json(
      Signal::metrics,
      sum_json(
          R"("dataPoints":[{"startTimeUnixNano":"1763999999000000005","timeUnixNano":"1763999999000000000"}])"));
  CHECK(point.names("sum.dataPoints[0].timeUnixNano: 5 ns before"));
  // As it came, without padding.
  CHECK(times("5", "7").shown.find(R"("startTimeUnixNano":"5")") != std::string::npos);
}

TEST_CASE("protobuf is refused and named by the same rules") {
  for (const auto& [span, reason] : {
           std::pair{field(1, std::string(15, 'x')), "traceId: 15 bytes of text"},
           {field(2, std::string(9, '\1')), "spanId: 9 bytes; OTLP wants 8"},
           {std::string("\x08\x05"), "traceId: a varint on the wire; OTLP has bytes there"},
           {field(6, "\x01"), "kind: bytes on the wire; OTLP has a varint there"},
       }) {
    CAPTURE(reason);
    const Verdict verdict = read_protobuf(Signal::traces, span_bytes(span));
    CHECK(verdict.refusal.find(reason) != std::string::npos);
    CHECK(verdict.names(reason));
  }
  for (const auto& [span, reason] : {
           std::pair{field(1, std::string(16, '\0')), "traceId: all zeros"},
           {std::string("\x30\x63"), "kind: 99 is not"},
           {field(5, "caf\xe9"), "name: 'caf\\xe9' is not UTF-8"},
           {std::string("\x98\x06\x01"), "field 99: not a field of OTLP"},
           {std::string("\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "-1 does not fit"},
           {std::string("\x30\x01\x30\x02"), "kind: more than once"},
           {std::string(), "traceId: missing or empty"},
       }) {
    CAPTURE(reason);
    const Verdict verdict = read_protobuf(Signal::traces, span_bytes(span));
    CHECK(verdict.refusal.empty());
    CHECK(verdict.names(reason));
    CHECK(nlohmann::json::accept(verdict.shown));
  }
  const Encoded logs = encode(samples::logs(), Encoding::protobuf);
  CHECK(read_protobuf(Signal::traces, logs.bytes).refusal.find("reads as a request of logs") !=
        std::string::npos);
  CHECK_FALSE(check(Signal::traces, bytes_of("\x0a\xff"), k_now, nullptr));
  const std::string odd_buckets =
      field(1, field(2, field(2, field(9, field(1, field(6, std::string(7, '\0')))))));
  CHECK(read_protobuf(Signal::metrics, odd_buckets).refusal.find("7 bytes are not a list") !=
        std::string::npos);
}

TEST_CASE("one mistake a thousand times is one deviation, and ten kinds are enough") {
  std::string spans;
  std::string keys;
  for (int i = 0; i < 1000; ++i) {
    spans += std::string(i > 0 ? "," : "") + R"({"kind":99})";
    keys += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  }
  const Verdict same = read_json(
      Signal::traces, R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + spans + "]}]}]}");
  CHECK(same.names("spans[0].kind: 99 is not one of its values, 0 to 5 (1000 like this)"));
  CHECK(same.named.size() < 10);
  const Verdict many = read_json(Signal::traces, "{" + keys + "}");
  CHECK(many.named.size() == Deviations::k_kinds);
  CHECK(many.others == 990);
}

TEST_CASE("the printed line is what the encoder of JSON writes") {
  const auto same = [](Signal signal, const auto& request) {
    const Encoded protobuf = encode(request, Encoding::protobuf);
    const Encoded json = encode(request, Encoding::json);
    CHECK(protobuf_to_json(signal, bytes_of(protobuf.bytes), k_limit) == json.bytes);
    const auto back = json_to_protobuf(signal, bytes_of(json.bytes), k_limit, nullptr);
    REQUIRE(back);
    CHECK(protobuf_to_json(signal, bytes_of(*back), k_limit) == json.bytes);
    CHECK(check(signal, bytes_of(*back), k_now, nullptr) == json.items);
  };
  same(Signal::traces, samples::traces());
  same(Signal::metrics, samples::metrics());
  same(Signal::logs, samples::logs());
}

TEST_CASE("limits are of bytes, before they are used") {
  // 8 bytes of protobuf for two of JSON.
  std::string buckets = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{)"
                        R"("dataPoints":[{"bucketCounts":[1)";
  for (int i = 0; i < 100'000; ++i) {
    buckets += ",1";
  }
  buckets += "]}]}}]}]}]}";
  CHECK(json_to_protobuf(Signal::metrics, bytes_of(buckets), 1'000'000, nullptr));
  const auto refused = json_to_protobuf(Signal::metrics, bytes_of(buckets), 500'000, nullptr);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("more than 500000 bytes") != std::string::npos);
  // Parts alone are no reason to refuse.
  std::string empty = "{\"resourceSpans\":[{}";
  for (int i = 0; i < 1'000'000; ++i) {
    empty += ",{}";
  }
  const auto protobuf = json_to_protobuf(Signal::traces, bytes_of(empty + "]}"), k_limit, nullptr);
  REQUIRE(protobuf);
  CHECK(protobuf->size() == 2'000'002);
  CHECK_FALSE(protobuf_to_json(Signal::traces, bytes_of(*protobuf), 1'000'000));

  std::string deep = "1";
  for (int i = 0; i < 100'000; ++i) {
    deep.insert(0, "[");
  }
  CHECK_FALSE(json_to_protobuf(Signal::traces, bytes_of("{\"a\":" + deep), k_limit, nullptr));
}

TEST_CASE("only JSON is JSON") {
  for (const char* text : {"",
                           "{",
                           "[]",
                           "5",
                           "{} {}",
                           "{}\n{}",
                           "{} x",
                           "{\"a\":01}",
                           "{\"a\":.5}",
                           "{\"a\":1.}",
                           "{\"a\":-}",
                           "{\"a\":1e}",
                           "{\"a\":tru}",
                           "{a:1}",
                           "{\"a\":\"\x01\"}",
                           "{\"a\":1,}",
                           "{\"a\":[1,]}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12g4\"}",
                           "{\"a\":\"",
                           "{\"a\" 1}"}) {
    CAPTURE(text);
    CHECK_FALSE(
        json_to_protobuf(Signal::traces, bytes_of(std::string_view(text)), k_limit, nullptr));
  }
  for (const char* text : {"{}", "null", " { \"a\" : [ 1 , -0.5e+3 , true , { } ] } \n",
                           "{\"resourceSpans\":null}", "{\"a\":\"caf\xe9\"}"}) {
    CAPTURE(text);
    CHECK(json_to_protobuf(Signal::traces, bytes_of(std::string_view(text)), k_limit, nullptr));
  }
}

}  // namespace obsctl::otlp
