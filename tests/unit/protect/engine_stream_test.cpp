// SPDX-License-Identifier: Apache-2.0
// Content between the engine and an archive: whole, in both directions, however it ends.
#include "lib/protect/engine_stream.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>

#include "lib/protect/engine_upload.hpp"

using namespace obsctl;
using namespace obsctl::protect;

namespace {

constexpr std::size_t k_large = 3'000'000;  // many times what a pipe holds

// An engine that sends `content`, or takes what it is sent, and may refuse in the middle.
class FakeEngine final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    if (request.method == "PUT") {
      return take(request);
    }
    std::string_view left = content;
    while (!left.empty()) {
      const auto piece = left.substr(0, std::min<std::size_t>(left.size(), 10'000));
      OBS_TRY(request.download(piece));
      left.remove_prefix(piece.size());
    }
    return breaks ? Result<HttpResponse>(fail(Code::unreachable, "the answer broke off"))
                  : HttpResponse{200};
  }
  std::string content;
  bool breaks = false;
  std::size_t full_after = std::string::npos;

 private:
  Result<HttpResponse> take(const HttpRequest& request) {
    std::array<char, 7'000> buffer{};
    while (true) {
      OBS_TRY_ASSIGN(const std::size_t got, request.upload(buffer));
      if (got == 0) {
        return HttpResponse{200};
      }
      content.append(buffer.data(), got);
      if (content.size() > full_after) {
        return HttpResponse{500, R"({"message": "no space left on device"})"};
      }
    }
  }
};

struct Bed {
  Bed() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does
  FakeEngine engine;
  Environment environment;
  StopFlag stop;
};

Result<std::string> all_of(EngineStream& stream) {
  std::string out;
  std::array<char, 9'000> buffer{};
  while (true) {
    OBS_TRY_ASSIGN(const std::size_t got, stream.read(buffer));
    if (got == 0) {
      return out;
    }
    out.append(buffer.data(), got);
  }
}

}  // namespace

TEST_CASE("a volume is read whole") {
  Bed bed;
  bed.engine.content = std::string(k_large, 'x') + "end";
  const auto stream = EngineStream::open(bed.engine, bed.environment, "abc", bed.stop);
  REQUIRE(stream);
  const auto got = all_of(**stream);
  REQUIRE(got);
  CHECK(*got == bed.engine.content);
}

TEST_CASE("an answer that breaks off is no end") {
  Bed bed;
  bed.engine.content = std::string(k_large, 'x');
  bed.engine.breaks = true;
  const auto stream = EngineStream::open(bed.engine, bed.environment, "abc", bed.stop);
  REQUIRE(stream);
  const auto got = all_of(**stream);
  REQUIRE_FALSE(got);
  CHECK(got.error().message == "the answer broke off");
}

TEST_CASE("a stream that nobody reads to its end is given up") {
  Bed bed;
  bed.engine.content = std::string(k_large, 'x');
  const auto stream = EngineStream::open(bed.engine, bed.environment, "abc", bed.stop);
  REQUIRE(stream);
  std::array<char, 10> buffer{};
  CHECK((*stream)->read(buffer));
}

TEST_CASE("a volume is written whole") {
  Bed bed;
  const auto upload = EngineUpload::open(bed.engine, bed.environment, "abc", bed.stop);
  REQUIRE(upload);
  const std::string content(k_large, 'y');
  REQUIRE((*upload)->write(content));
  REQUIRE((*upload)->write("end"));
  REQUIRE((*upload)->finish());
  CHECK(bed.engine.content == content + "end");
}

TEST_CASE("what the engine says of a full disk is the error") {
  Bed bed;
  bed.engine.full_after = 100'000;
  const auto upload = EngineUpload::open(bed.engine, bed.environment, "abc", bed.stop);
  REQUIRE(upload);
  const auto written = (*upload)->write(std::string(k_large, 'y'));
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "the volume cannot be written: no space left on device");
}

TEST_CASE("an upload that is given up does not end well for the engine") {
  Bed bed;
  {
    const auto upload = EngineUpload::open(bed.engine, bed.environment, "abc", bed.stop);
    REQUIRE(upload);
    REQUIRE((*upload)->write("half"));
  }
  CHECK(bed.engine.content == "half");
}
