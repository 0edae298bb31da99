// SPDX-License-Identifier: Apache-2.0
// What the sink does with one request when memory does not suffice for it.
#include "lib/sink/service.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "lib/otlp/compress.hpp"

using namespace obsctl;
using namespace obsctl::otlp;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they reserve terabytes

namespace {

// Bytes of address space that this process has.
std::size_t address_space() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  REQUIRE(file != nullptr);
  unsigned long pages = 0;
  REQUIRE(std::fscanf(file, "%lu", &pages) == 1);
  std::fclose(file);
  return pages * 4096;
}

// Leaves the process `room` more bytes while it lives.
class Limit {
 public:
  explicit Limit(std::size_t room) {
    ::getrlimit(RLIMIT_AS, &before_);
    const rlimit tight = {.rlim_cur = address_space() + room, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &tight);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_ = {};
};

}  // namespace

TEST_CASE("a request for which memory does not suffice is refused, and the next one is not") {
  const SinkOptions options;
  Service service(options);
  std::string large = "{\"resourceSpans\":[{}";
  for (int i = 0; i < 16'000'000; ++i) {
    large += ",{}";
  }
  large += "]}";
  std::string packed;
  REQUIRE(Compressor(Compression::gzip, 1).pack(bytes_of(large), packed));
  large = std::string();
  const Incoming incoming{.encoding = Encoding::json,
                          .compression = Compression::gzip,
                          .body = bytes_of(packed),
                          .wire_bytes = packed.size()};
  {
    const Limit limit(40U << 20);
    CHECK(service.handle(incoming).kind == Reply::Kind::out_of_memory);
  }
  CHECK(service.counts().of(Signal::traces).refused == 1);
  CHECK(service.handle(incoming).kind == Reply::Kind::accept);
  CHECK(service.counts().of(Signal::traces).requests == 2);
}

#endif
