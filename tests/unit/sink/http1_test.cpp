// SPDX-License-Identifier: Apache-2.0
// The HTTP/1 parser, fed requests whole and cut at every place.
#include "lib/sink/http1.hpp"

#include <doctest/doctest.h>

#include "lib/sink/fault.hpp"
#include "lib/sink/sequence_set.hpp"

using namespace obsctl;
using namespace obsctl::otlp;
using Status = Http1Parser::Status;

namespace {

// Feeds the text in pieces of every size and checks that the verdict is the same.
Status parse(std::string_view text, Http1Request* request = nullptr, int* error = nullptr) {
  Status verdict = Status::need_more;
  for (const std::size_t piece : {text.size(), std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    Budget budget(1U << 20);
    Http1Parser parser(1000, true, budget);
    Status status = Status::need_more;
    for (std::size_t at = 0; at < text.size() && status != Status::ready && status != Status::bad;
         at += piece) {
      std::string_view part = text.substr(at, piece);
      do {
        status = parser.feed(part);
      } while (status == Status::head || (status == Status::need_more && !part.empty()));
    }
    if (piece != text.size()) {
      CHECK(status == verdict);
    }
    verdict = status;
    if (request != nullptr) {
      *request = parser.request();
    }
    if (error != nullptr) {
      *error = parser.error();
    }
  }
  return verdict;
}

int error_of(std::string_view text) {
  int error = 0;
  CHECK(parse(text, nullptr, &error) == Status::bad);
  return error;
}

}  // namespace

TEST_CASE("requests with a length, in chunks and without a body") {
  Http1Request request;
  CHECK(
      parse(
          "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n"
          "Content-Encoding: GZIP\r\nContent-Length: 5\r\n\r\nhello",
          &request) == Status::ready);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/traces");
  CHECK(request.content_type == "application/json");
  CHECK(request.content_encoding == "gzip");
  CHECK(request.body == "hello");
  CHECK(request.keep_alive);
  CHECK(parse("POST / HTTP/1.1\r\nTransfer-Encoding: "
              "chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
              "Trailer: x\r\n\r\n",
              &request) == Status::ready);
  CHECK(request.body == "abc0123456789");
  CHECK(parse("GET /counts HTTP/1.0\r\n\r\n", &request) == Status::ready);
  CHECK_FALSE(request.keep_alive);
  CHECK(parse("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", &request) == Status::ready);
  CHECK_FALSE(request.keep_alive);
  CHECK(parse("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell") == Status::need_more);
}

TEST_CASE("what is ambiguous or too large is refused") {
  CHECK(error_of("nonsense\r\n\r\n") == 400);
  CHECK(error_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(error_of("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        400);
  CHECK(error_of("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n") == 400);
  CHECK(error_of("POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n") == 400);
  CHECK(error_of("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n") == 413);
  CHECK(error_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n") ==
        413);
  CHECK(error_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") == 400);
  CHECK(error_of("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n") == 501);
  CHECK(error_of("POST / HTTP/1.1\r\nBad Header: x\r\n\r\n") == 400);
  CHECK(error_of("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a')) == 431);
}

TEST_CASE("faults are parsed and spread evenly") {
  const auto fault = parse_fault("unavailable,share=10%,retry=2s,signal=logs", "--fault");
  REQUIRE(fault);
  CHECK(fault->kind == FaultKind::unavailable);
  CHECK(fault->retry_after == std::chrono::seconds(2));
  FaultPlan plan({*fault});
  int hits = 0;
  for (int i = 1; i <= 100; ++i) {
    CHECK(plan.next(Signal::traces) == nullptr);
    if (plan.next(Signal::logs) != nullptr) {
      ++hits;
      CHECK(i % 10 == 0);
    }
  }
  CHECK(hits == 10);
  for (const char* bad :
       {"", "slower", "slow,delay", "slow,delay=5", "slow,colour=red", "slow,signal=spans"}) {
    const auto refused = parse_fault(bad, "--fault");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::usage);
  }
}

TEST_CASE("sequence numbers are seen once, twice or not tracked") {
  SequenceSet set(2);
  CHECK(set.add(0) == Seen::fresh);
  CHECK(set.add(4095) == Seen::fresh);
  CHECK(set.add(0) == Seen::duplicate);
  CHECK(set.add(1U << 20U) == Seen::fresh);
  CHECK(set.add(1U << 21U) == Seen::untracked);
  CHECK(set.add(4095) == Seen::duplicate);
  FingerprintSet ids(1000);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    CHECK(ids.add(i * 7919) == Seen::fresh);
  }
  CHECK(ids.add(7919) == Seen::duplicate);
}

TEST_CASE("control characters in target, header, chunk line or trailer are refused") {
  const auto request = [](std::string target, std::string value) {
    return "GET " + target + " HTTP/1.1\r\nX-A: " + value + "\r\n\r\n";
  };
  CHECK(parse(request("/a", "b\tc")) == Status::ready);
  CHECK(parse(request("/a", "caf\xc3\xa9")) == Status::ready);
  for (const std::string& bad :
       {std::string("b\rc"), std::string("b\0c", 3), std::string("b\x1b[31m"), std::string("b\x7f"),
        std::string("b\nc")}) {
    CHECK(error_of(request("/a", bad)) == 400);
    CHECK(error_of(request("/a" + bad, "b")) == 400);
  }
  const std::string chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(error_of(chunked + "1;a=\x01\r\nx\r\n0\r\n\r\n") == 400);
  CHECK(error_of(chunked + "0\r\nX: \r \r\n\r\n") == 400);
}

TEST_CASE("a body that finds no memory is refused as such") {
  Budget budget(10'000);
  Http1Parser parser(1'000'000, true, budget);
  const std::string text =
      "POST /a HTTP/1.1\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x');
  std::string_view input = text;
  Status status = parser.feed(input);
  while (status == Status::head) {
    status = parser.feed(input);
  }
  CHECK(status == Status::bad);
  CHECK(parser.error() == 429);
  parser.next();
  CHECK(budget.used() == 0);
}
