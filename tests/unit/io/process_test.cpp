// SPDX-License-Identifier: Apache-2.0
// Real programs: what they read and write, how they end and how they are made to.
#include "lib/io/process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "lib/io/fd.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;

namespace {

Result<ProcessResult> shell(std::string script, ProcessRequest request = {}) {
  request.command = {"/bin/sh", "-c", std::move(script)};
  return OsProcesses().run(request);
}

// All from `first`, or those that a program inherits.
int open_descriptors(int first, bool inherited) {
  int count = 0;
  for (int fd = first; fd < 1024; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    count += flags != -1 && (!inherited || (flags & FD_CLOEXEC) == 0) ? 1 : 0;
  }
  return count;
}

bool runs(int pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

// Bytes of a known pattern, `left` of them.
ByteSource pattern(std::size_t left) {
  return [left, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t n = std::min(left, into.size());
    for (std::size_t i = 0; i < n; ++i) {
      into[i] = static_cast<char>((at + i) * 2654435761U >> 13U);
    }
    at += n;
    left -= n;
    return n;
  };
}

}  // namespace

TEST_CASE("arguments arrive as they are, output and exit code come back") {
  ProcessRequest request;
  request.command = {"printf", "%s|", "a b", "$HOME", "*", ""};
  const auto printed = OsProcesses().run(request);
  REQUIRE(printed);
  CHECK(printed->out == "a b|$HOME|*||");
  CHECK(printed->ok());
  const auto failed = shell("echo out; echo one >&2; echo last words >&2; exit 7");
  REQUIRE(failed);
  CHECK(failed->exit_code == 7);
  CHECK(failed->out == "out\n");
  CHECK_FALSE(failed->ok());
  request.command = {"/bin/sh"};
  CHECK(process_error(request, *failed).message == "'/bin/sh' failed with exit code 7: last words");
  const auto killed = shell("kill -9 $$");
  REQUIRE(killed);
  CHECK(killed->signal == SIGKILL);
  CHECK(process_error(request, *killed).message == "'/bin/sh' was killed by signal 9");
}

TEST_CASE("a program that is not there is said to be missing, like its directory") {
  ProcessRequest request;
  request.command = {"obsctl-no-such-program"};
  const auto missing = OsProcesses().run(request);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Code::missing);
  CHECK_FALSE(missing.error().hint.empty());
  request.command = {"true"};
  request.directory = "/no/such/directory";
  const auto nowhere = OsProcesses().run(request);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message == "there is no directory '/no/such/directory'");
}

TEST_CASE("environment, directory and input are what the request says") {
  const test::TemporaryDirectory dir;
  std::ofstream(dir.path() / "in") << "from a file";
  ProcessRequest request;
  request.environment = {{{"GIVEN", "yes"}}};
  request.directory = dir.path();
  request.input = dir.path() / "in";
  const auto result = shell("echo $GIVEN-$HOME; pwd -P; cat", request);
  REQUIRE(result);
  CHECK(result->out ==
        fmt::format("yes-\n{}\nfrom a file", std::filesystem::canonical(dir.path()).string()));
  request.input = std::string("some bytes");
  CHECK(shell("cat", request)->out == "some bytes");
  request.input = std::string();
  CHECK(shell("cat", request)->out.empty());
}

TEST_CASE("100 MB go through cat, both ways at once and in bounded memory") {
  constexpr std::size_t k_size = 100'000'000;
  ProcessRequest request;
  request.command = {"cat"};
  request.input = pattern(k_size);
  ByteSource again = pattern(k_size);
  std::string expected;
  std::size_t received = 0;
  bool same = true;
  request.out = [&](std::string_view bytes) -> Result<void> {
    expected.resize(bytes.size());
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      filled += *again(std::span(expected).subspan(filled));
    }
    same = same && expected == bytes;
    received += bytes.size();
    return {};
  };
  const auto result = OsProcesses().run(request);
  REQUIRE(result);
  CHECK(result->ok());
  CHECK(same);
  CHECK(received == k_size);
}

TEST_CASE("a program need not read its input") {
  ProcessRequest request;
  request.command = {"head", "-c", "3"};
  request.input = pattern(50'000'000);
  const auto result = OsProcesses().run(request);
  REQUIRE(result);
  CHECK(result->ok());
  CHECK(result->out.size() == 3);
}

TEST_CASE("output beyond the bound ends the program, of stderr the end is kept") {
  ProcessRequest request;
  request.max_output = 1000;
  const auto flood = shell("yes", request);
  REQUIRE_FALSE(flood);
  CHECK(flood.error().message.starts_with("'/bin/sh' wrote more than 1"));
  const auto words = shell("yes | head -c 1000000 >&2; echo END >&2");
  REQUIRE(words);
  CHECK(words->err.size() == 64UL * 1024);
  CHECK(words->err.ends_with("END\n"));
}

TEST_CASE("a source or sink that fails ends the program with its error") {
  ProcessRequest request;
  request.out = [](std::string_view) -> Result<void> { return fail(Code::io, "disk full"); };
  CHECK(shell("echo x; sleep 1000", request).error().message == "disk full");
  request.out = {};
  request.input = ByteSource([](std::span<char>) -> Result<std::size_t> {
    return fail(Code::unreachable, "engine gone");
  });
  CHECK(shell("cat; sleep 1000", request).error().message == "engine gone");
}

TEST_CASE("a timeout ends the whole process group, with force if it must") {
  ProcessRequest request;
  request.timeout = Duration{0.3};
  request.grace = {0.3};
  int child = 0;
  std::string seen;
  request.out = [&](std::string_view bytes) -> Result<void> {
    seen += bytes;
    child = std::atoi(seen.c_str());
    return {};
  };
  // Neither heeds SIGTERM, and the one that was started would hold the pipes open.
  const auto result =
      shell("trap '' TERM; sleep 1000 & echo $!; while :; do wait; sleep 1000; done", request);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::failed);
  CHECK(result.error().message.starts_with("'/bin/sh' did not end within"));
  REQUIRE(child > 0);
  while (runs(child)) {  // init reaps it; the test's own limit is the judge
    std::this_thread::yield();
    int status = 0;
    ::waitpid(child, &status, WNOHANG);
    std::ifstream stat(fmt::format("/proc/{}/stat", child));
    std::string words((std::istreambuf_iterator<char>(stat)), {});
    if (words.find(") Z ") != std::string::npos) {
      break;
    }
  }
}

TEST_CASE("a stop lets the program end in order, a second one kills it") {
  StopFlag stop;
  ProcessRequest request;
  request.stop = &stop;
  std::string seen;
  const auto when = [&](std::string_view word) {
    return [&, word](std::string_view bytes) -> Result<void> {
      seen += bytes;
      if (seen.find(word) != std::string::npos) {
        stop.request(SIGTERM);
        seen.clear();
      }
      return {};
    };
  };
  request.err = when("ready");
  const auto ended = shell(
      "trap 'echo bye >&2; exit' TERM; echo ready >&2; while :; do sleep 0.01; done", request);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == Code::terminated);
  CHECK(stop.level() == StopLevel::finish);

  StopFlag again;
  request.stop = &again;
  request.grace = {3600};
  request.err = {};
  request.out = [&](std::string_view) -> Result<void> {
    again.request();
    return {};
  };
  std::thread second([&] {
    while (again.level() == StopLevel::none) {
      std::this_thread::yield();
    }
    again.request();
  });
  const auto killed = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", request);
  second.join();
  REQUIRE_FALSE(killed);
  CHECK(killed.error().code == Code::interrupted);
  CHECK(shell("true", request).error().code == Code::interrupted);  // not even started
}

TEST_CASE("what a program leaves running does not keep us waiting") {
  const auto result = shell("sleep 1000 & echo $!");
  REQUIRE(result);
  const int left = std::atoi(result->out.c_str());
  REQUIRE(left > 0);
  CHECK(runs(left));
  ::kill(left, SIGKILL);
}

TEST_CASE("no descriptor and no zombie is left, and none is inherited") {
  const Fd secret(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int before = open_descriptors(0, false);
  CHECK(shell("exit 3"));
  CHECK_FALSE(shell("yes", {.command = {}, .max_output = 10}));
  ProcessRequest missing;
  missing.command = {"obsctl-no-such-program"};
  CHECK_FALSE(OsProcesses().run(missing));
  CHECK(open_descriptors(0, false) == before);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
  const auto inside = shell("ls /proc/self/fd | wc -l");
  REQUIRE(inside);
  // Three streams, the directory that ls reads, and what this test was started with.
  CHECK(std::atoi(inside->out.c_str()) == 4 + open_descriptors(3, true));
  // The shell has our number of the file only if it was inherited.
  CHECK(shell(fmt::format("test ! -e /proc/$$/fd/{}", secret.get()))->ok());
}

TEST_CASE("a program is ended by SIGPIPE although we ignore it") {
  std::signal(SIGPIPE, SIG_IGN);
  const auto result = shell("yes | head -n 1; echo");
  std::signal(SIGPIPE, SIG_DFL);
  REQUIRE(result);
  CHECK(result->err.empty());  // "yes: standard output: Broken pipe"
  CHECK(result->out == "y\n\n");
}
