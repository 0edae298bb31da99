// SPDX-License-Identifier: Apache-2.0
// A pipe that the kernel closes with the process that holds its other end.
#include "lib/io/companion.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "lib/io/spawn.hpp"

namespace obsctl {
namespace {

class OsCompanion final : public Companion {
 public:
  explicit OsCompanion(Child child) : child_(std::move(child)) {}
  ~OsCompanion() override {
    using namespace std::chrono_literals;
    child_.in.close();
    constexpr int k_looks = 100;
    for (int i = 0; i < k_looks && ::waitpid(child_.pid, nullptr, WNOHANG) == 0; ++i) {
      std::this_thread::sleep_for(10ms);
    }
  }
  OsCompanion(const OsCompanion&) = delete;
  OsCompanion& operator=(const OsCompanion&) = delete;

 private:
  Child child_;
};

}  // namespace

Result<std::unique_ptr<Companion>> start_companion(const std::vector<std::string>& arguments) {
  ProcessRequest request;
  request.command = {"/proc/self/exe"};
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  request.input = ByteSource();  // a pipe
  OBS_TRY_ASSIGN(Child child, spawn(request));
  return std::make_unique<OsCompanion>(std::move(child));
}

Result<void> wait_for_parent() {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
  std::array<char, 64> bytes{};
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got == 0) {
      return {};
    }
    if (got < 0 && errno != EINTR) {
      return fail(Code::failed, fmt::format("cannot wait for the process that is watched: {}",
                                            std::strerror(errno)));
    }
  }
}

}  // namespace obsctl
