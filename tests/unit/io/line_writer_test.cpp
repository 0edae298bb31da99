// SPDX-License-Identifier: Apache-2.0
// Lines to a reader that reads, one that has stopped, and one that is gone.
#include "lib/io/line_writer.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "lib/io/fd.hpp"

using namespace obsctl;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
  }
  std::string read(std::size_t size) const {
    std::string all;
    while (all.size() < size) {
      char buffer[4096];
      const auto count = ::read(reader.get(), buffer, sizeof buffer);
      REQUIRE(count > 0);
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }
  Fd reader;
  Fd writer;
};

bool patient() {
  return false;
}

}  // namespace

TEST_CASE("lines arrive whole and in order") {
  const Pipe pipe;
  LineWriter writer(pipe.writer.get(), 1000);
  writer.offer("one\n");
  writer.offer_counted("two\n");
  writer.insist("three\n");
  CHECK(writer.drain(20s, patient));
  CHECK(pipe.read(14) == "one\ntwo\nthree\n");
  CHECK(writer.missing() == 0);
}

TEST_CASE("a reader that has stopped holds nobody up, and what it misses is counted") {
  const Pipe pipe;
  {
    LineWriter writer(pipe.writer.get(), 300'000);
    const std::string line(100'000, 'x');  // more than a pipe takes
    for (int i = 0; i < 10; ++i) {
      writer.offer_counted(line);
    }
    writer.offer("not counted\n" + line);
    writer.insist("last\n");
    CHECK_FALSE(writer.drain(1ms, patient));
    CHECK_FALSE(writer.drain(1h, [] { return true; }));
    CHECK(writer.missing() == 10);  // 7 dropped, 3 waiting
    pipe.read(300'005);
    CHECK(writer.drain(20s, patient));
    CHECK(writer.missing() == 7);
    writer.offer(line);
  }                    // its thread is left behind in a write …
  pipe.read(100'000);  // … and ends, so that its descriptor is not closed under it
}

TEST_CASE("a reader that is gone is an error, and every further line is missing") {
  Pipe pipe;
  pipe.reader.close();
  LineWriter writer(pipe.writer.get(), 1000);
  writer.offer_counted("one\n");
  CHECK_FALSE(writer.drain(20s, patient));
  writer.offer_counted("two\n");
  CHECK(writer.error() == EPIPE);
  CHECK(writer.missing() == 2);
  CHECK_FALSE(writer.drain(20s, patient));
}
