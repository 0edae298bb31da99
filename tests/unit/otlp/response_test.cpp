// SPDX-License-Identifier: Apache-2.0
// Reading the answers to an export: status, retry information, partial success.
#include "lib/otlp/response.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "lib/otlp/compress.hpp"
#include "lib/otlp/grpc_call.hpp"
#include "lib/otlp/http_answer.hpp"
#include "lib/otlp/retry.hpp"

using namespace obsctl;
using namespace obsctl::otlp;
using namespace std::chrono_literals;

TEST_CASE("partial success: empty, warning, rejection, other fields") {
  CHECK_FALSE(decode_response({})->present);
  const auto partial = decode_response(bytes_of(encode_partial_success({true, 3, "too old"})));
  REQUIRE(partial);
  CHECK(partial->present);
  CHECK(partial->rejected == 3);
  CHECK(partial->message == "too old");
  const auto warning = decode_response(bytes_of(encode_partial_success({true, 0, "slow down"})));
  CHECK(warning->present);
  CHECK(warning->rejected == 0);
  CHECK_FALSE(decode_response(bytes_of("\x0a\x05\x08")));        // truncated
  CHECK_FALSE(decode_response(bytes_of("\x12\x01x"))->present);  // unknown field
  const std::string negative("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13);
  CHECK(decode_response(bytes_of(negative))->rejected == -1);
  CHECK(decode_response_json(R"({"partialSuccess":{"rejectedLogRecords":"7","errorMessage":"x"}})",
                             Signal::logs)
            ->rejected == 7);
  CHECK(
      decode_response_json(R"({"partialSuccess":{"rejectedSpans":7}})", Signal::traces)->rejected ==
      7);
  CHECK_FALSE(decode_response_json("{}", Signal::traces)->present);
  CHECK_FALSE(decode_response_json("<html>", Signal::traces));
}

TEST_CASE("RetryInfo is read from google.rpc.Status") {
  const RpcStatus status{.code = 8, .message = "full", .retry_after = 2500ms};
  const auto read = decode_status(bytes_of(encode_status(status)));
  REQUIRE(read);
  CHECK(read->code == 8);
  CHECK(read->message == "full");
  CHECK(read->retry_after == 2500ms);
  CHECK_FALSE(decode_status({})->retry_after);
  const auto json = decode_status_json(
      R"({"code":14,"message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]})");
  CHECK(json->code == 14);
  CHECK(json->retry_after == 1500ms);
}

TEST_CASE("base64 with and without padding, both alphabets") {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xfb\xff\xfe"}) {
    std::string packed = base64_encode(text);
    CHECK(base64_decode(packed) == text);
    while (packed.ends_with('=')) {
      packed.pop_back();
    }
    CHECK(base64_decode(packed) == text);
  }
  CHECK(base64_decode("-_-_") == base64_decode("+/+/"));
  CHECK_FALSE(base64_decode("a"));
  CHECK_FALSE(base64_decode("ab!d"));
}

TEST_CASE("grpc-message is percent-encoded") {
  CHECK(percent_decode("a%20b%41%zz%4") == "a bA%zz%4");
  CHECK(percent_decode(percent_encode("100 % – ja\n")) == "100 % – ja\n");
}

TEST_CASE("Retry-After: seconds or a date") {
  const auto now =
      std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after("120", now) == 120s);
  CHECK(parse_retry_after(" 0 ", now) == 0s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == 0s);
  CHECK(parse_retry_after("Mon, 01 Jan 9999 00:00:00 GMT", now) > 24h);
  CHECK(parse_retry_after("Thu, 01 Jan 0001 00:00:00 GMT", now) == 0s);
  CHECK(parse_retry_after("99999999999999999999", now) > 24h);
  for (const char* bad : {"", "soon", "-5", "1.5", "Sun, 06 Nov 1994"}) {
    CHECK_FALSE(parse_retry_after(bad, now));
  }
}

TEST_CASE("the retry table of OTLP over gRPC") {
  const std::vector<int> retryable = {1, 4, 10, 11, 14, 15};
  for (int status = 0; status <= 16; ++status) {
    const bool expected = std::ranges::find(retryable, status) != retryable.end();
    CHECK(grpc_retryable(status, false) == expected);
    CHECK(grpc_retryable(status, true) == (expected || status == 8));
  }
  for (int status = 100; status < 600; ++status) {
    CHECK(http_retryable(status) ==
          (status == 429 || status == 502 || status == 503 || status == 504));
  }
}

TEST_CASE("retries are spread so that they stay below a rate") {
  const Time start{};
  RetryPace pace(100);
  CHECK(pace.book(start + 1s, start + 60s, 50) == start + 1s);
  CHECK(pace.book(start + 1s, start + 60s, 50) == start + 1500ms);
  CHECK_FALSE(pace.book(start + 1s, start + 1900ms, 50));
  CHECK(pace.book(start + 10s, start + 60s, 50) == start + 10s);
  CHECK_FALSE(RetryPace(0).book(start, start + 60s, 1));
  RetryPace free(std::numeric_limits<double>::infinity());
  CHECK(free.book(start, start, 1'000'000) == start);
  CHECK(free.book(start, start, 1'000'000) == start);
}

TEST_CASE("backoff grows, is jittered, honours hints and gives up") {
  const RetryPolicy policy{
      .initial = 1s, .max = 10s, .multiplier = 2, .jitter = 0.5, .max_elapsed = 60s};
  Completion refused;
  refused.outcome = Outcome::retryable;
  CHECK(retry_delay(policy, refused, 1, 0s, 0.5) == 1s);
  CHECK(retry_delay(policy, refused, 1, 0s, 0.0) == 500ms);
  CHECK(retry_delay(policy, refused, 3, 0s, 0.5) == 4s);
  CHECK(retry_delay(policy, refused, 50, 0s, 0.5) == 10s);
  CHECK_FALSE(retry_delay(policy, refused, 50, 55s, 0.5));
  refused.retry_after = 20s;
  CHECK(retry_delay(policy, refused, 1, 0s, 0.0) == 20s);
  CHECK(retry_delay(policy, refused, 1, 0s, 0.5) > 20s);
  CHECK_FALSE(retry_delay(policy, refused, 1, 50s, 0.0));
  refused.retry_after = std::chrono::nanoseconds::max();
  CHECK_FALSE(retry_delay(policy, refused, 1, 0s, 0.9));

  refused.retry_after = 0s;  // or a date of a clock that is behind: no reason to hurry
  CHECK(retry_delay(policy, refused, 1, 0s, 0.5) == 1s);
  CHECK(retry_delay({.initial = 1ms, .max = 1ms}, refused, 1, 0s, 0.0) == 100ms);

  RetryPolicy other = policy;
  other.mode = RetryMode::ignore;
  CHECK(retry_delay(other, refused, 9, 0s, 0.5) == 0s);
  other.mode = RetryMode::off;
  CHECK_FALSE(retry_delay(other, refused, 1, 0s, 0.5));
  other = policy;
  other.max_attempts = 3;
  refused.retry_after = -1ns;
  CHECK(retry_delay(other, refused, 2, 0s, 0.5));
  CHECK_FALSE(retry_delay(other, refused, 3, 0s, 0.5));
  for (const Outcome outcome : {Outcome::ok, Outcome::partial, Outcome::permanent}) {
    Completion done;
    done.outcome = outcome;
    CHECK_FALSE(retry_delay(policy, done, 1, 0s, 0.5));
  }
}

namespace {

Completion grpc_verdict(const GrpcCall& call, std::uint32_t error = 0, bool goaway = false) {
  Completion completion;
  conclude(call, error, goaway, 4U << 20, completion);
  return completion;
}

std::string framed(std::string_view message) {
  return std::string(4, '\0') + static_cast<char>(message.size()) + std::string(message);
}

}  // namespace

TEST_CASE("gRPC answers: what each ending means") {
  GrpcCall call;
  call.http_status = 200;
  call.grpc_content = true;
  call.grpc_status = 0;
  call.response = framed("");
  CHECK(grpc_verdict(call).outcome == Outcome::ok);
  call.response = framed(encode_partial_success({true, 2, "late"}));
  CHECK(grpc_verdict(call).outcome == Outcome::partial);
  CHECK(grpc_verdict(call).rejected == 2);
  call.response = framed("\x0a\x09");
  CHECK(grpc_verdict(call).outcome == Outcome::permanent);
  call.response = "";
  CHECK(grpc_verdict(call).grpc_status == 13);
  std::string packed;
  REQUIRE(
      Compressor(Compression::gzip).pack(bytes_of(encode_partial_success({true, 4, ""})), packed));
  call.response = framed(packed);
  call.response[0] = '\1';
  CHECK(grpc_verdict(call).outcome == Outcome::permanent);  // no grpc-encoding: cannot be read
  call.on_header("grpc-encoding", "gzip");
  CHECK(grpc_verdict(call).rejected == 4);
  call.response = std::string("\0\0\0\1\0", 5);
  CHECK(grpc_verdict(call).outcome == Outcome::permanent);

  call.grpc_status = 8;
  CHECK(grpc_verdict(call).outcome == Outcome::permanent);
  call.details = base64_encode(encode_status({.code = 8, .retry_after = 3s}));
  CHECK(grpc_verdict(call).outcome == Outcome::retryable);
  CHECK(grpc_verdict(call).retry_after == 3s);
  call.grpc_status = 14;
  call.grpc_message = "try%20later";
  CHECK(grpc_verdict(call).message == "UNAVAILABLE: try later");

  call.grpc_status = 4;
  CHECK(grpc_verdict(call).outcome == Outcome::timeout);

  call = GrpcCall{};
  CHECK(grpc_verdict(call, 7).grpc_status == 14);
  CHECK(grpc_verdict(call, 7).outcome == Outcome::retryable);
  CHECK(grpc_verdict(call, 7, true).message.find("GOAWAY") != std::string::npos);
  CHECK(grpc_verdict(call, 11).outcome == Outcome::permanent);  // ENHANCE_YOUR_CALM without a hint
  CHECK(grpc_verdict(call, 11).grpc_status == 8);
  CHECK(grpc_verdict(call, 2).grpc_status == 13);
  call.http_status = 503;
  CHECK(grpc_verdict(call).outcome == Outcome::retryable);
  call.http_status = 404;
  CHECK(grpc_verdict(call).grpc_status == 12);
  call.http_status = 200;
  CHECK(grpc_verdict(call).message.find("not gRPC") != std::string::npos);
  call.too_large = true;
  CHECK(grpc_verdict(call).grpc_status == 8);
}

TEST_CASE("HTTP answers: what each status and body means") {
  const auto now = std::chrono::system_clock::now();
  const auto verdict = [&](HttpAnswer answer) {
    Completion completion;
    conclude(answer, now, completion);
    return completion;
  };
  CHECK(verdict({.status = 200}).outcome == Outcome::ok);
  CHECK(verdict({.status = 200, .content_type = "application/json", .body = "{}"}).outcome ==
        Outcome::ok);
  CHECK(verdict({.status = 200, .content_type = "text/html", .body = "<html>"}).outcome ==
        Outcome::permanent);
  CHECK(verdict({.status = 302, .location = "/login"}).message.find("/login") != std::string::npos);
  const auto busy = verdict({.status = 429, .retry_after = "7"});
  CHECK(busy.outcome == Outcome::retryable);
  CHECK(busy.retry_after == 7s);
  CHECK(verdict({.status = 500}).outcome == Outcome::permanent);
  const auto bad = verdict({.status = 400,
                            .content_type = "application/x-protobuf",
                            .body = encode_status({.code = 3, .message = "no spans"})});
  CHECK(bad.outcome == Outcome::permanent);
  CHECK(bad.message == "HTTP 400: no spans");
  const auto hint = verdict({.status = 503,
                             .content_type = "application/x-protobuf",
                             .body = encode_status({.code = 14, .retry_after = 4s})});
  CHECK(hint.retry_after == 4s);
}
