// SPDX-License-Identifier: Apache-2.0
// One loop per program: it feeds and reads all three streams at once, so that no full pipe stops
// either side, and sees that the program ends, is told to end, or takes too long.
#include "lib/io/process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "lib/base/text.hpp"
#include "lib/io/spawn.hpp"

namespace obsctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_max_err = 64UL * 1024;
constexpr std::size_t k_max_left = 1024UL * 1024;  // in a pipe: /proc/sys/fs/pipe-max-size

// Keeps SIGPIPE from this thread: that a program reads no further is its own business.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const timespec at_once = {};
    while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t pipe_ = {};
  sigset_t before_ = {};
};

class Conversation {
 public:
  Conversation(const ProcessRequest& request, Child child)
      : request_(request),
        child_(std::move(child)),
        exit_(static_cast<int>(::syscall(SYS_pidfd_open, child_.pid, 0))) {
    if (const auto* bytes = std::get_if<std::string>(&request.input)) {
      unsent_ = *bytes;
    }
  }

  Result<ProcessResult> hold() {
    while (!exited()) {
      wait();
      look_for_an_end();
    }
    read_rest(child_.out, STDOUT_FILENO);
    read_rest(child_.err, STDERR_FILENO);
    if (failure_) {
      // Before its leader is reaped, so that the number of the group is still its own.
      ::kill(-child_.pid, SIGKILL);
    }
    reap();
    if (failure_) {
      return Failure(std::move(*failure_));
    }
    return std::move(result_);
  }

 private:
  // True once it has ended; it stays a zombie until reap().
  [[nodiscard]] bool exited() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           info.si_pid == child_.pid;
  }

  // Waits a moment for any stream or for the end, and does what is possible.
  void wait() {
    std::array<pollfd, 4> on = {{{child_.in.get(), POLLOUT, 0},
                                 {child_.out.get(), POLLIN, 0},
                                 {child_.err.get(), POLLIN, 0},
                                 {exit_.get(), POLLIN, 0}}};  // -1 is passed over
    const int tick = exit_.open() ? 100 : 10;  // milliseconds; old kernels do not tell the end
    if (::poll(on.data(), on.size(), tick) <= 0) {
      return;
    }
    if (on[0].revents != 0) {
      feed();
    }
    if (on[1].revents != 0) {
      read_some(child_.out, STDOUT_FILENO);
    }
    if (on[2].revents != 0) {
      read_some(child_.err, STDERR_FILENO);
    }
  }

  void feed() {
    if (unsent_.empty() && !refill()) {
      child_.in.close();
      return;
    }
    const ssize_t n = ::write(child_.in.get(), unsent_.data(), unsent_.size());
    if (n > 0) {
      unsent_.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EPIPE) {
      child_.in.close();
    }
  }

  // False at the end of the input.
  bool refill() {
    const auto* source = std::get_if<ByteSource>(&request_.input);
    if (source == nullptr) {
      return false;
    }
    buffer_.resize(k_chunk);
    const auto n = (*source)(buffer_);
    if (!n) {
      end(n.error());
      return false;
    }
    unsent_ = std::string_view(buffer_.data(), *n);
    return *n > 0;
  }

  // Bytes read; 0 when there are none now, or none any more (then the pipe is closed).
  std::size_t read_some(Fd& fd, int stream) {
    std::array<char, k_chunk> chunk;
    const ssize_t n = fd.open() ? ::read(fd.get(), chunk.data(), chunk.size()) : 0;
    if (n > 0) {
      take(stream, {chunk.data(), static_cast<std::size_t>(n)});
      return static_cast<std::size_t>(n);
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      fd.close();
    }
    return 0;
  }

  // What a program left in a pipe. Its own children may hold the pipe open for ever.
  void read_rest(Fd& fd, int stream) {
    std::size_t most = k_max_left;
    while (most > 0) {
      const std::size_t n = read_some(fd, stream);
      if (n == 0) {
        return;
      }
      most -= std::min(most, n);
    }
  }

  void take(int stream, std::string_view bytes) {
    const bool is_out = stream == STDOUT_FILENO;
    const ByteSink& sink = is_out ? request_.out : request_.err;
    if (failure_ && (is_out || sink)) {
      return;
    }
    if (sink) {
      if (const auto taken = sink(bytes); !taken) {
        end(taken.error());
      }
    } else if (!is_out) {
      result_.err.append(bytes);
      if (result_.err.size() > k_max_err) {
        result_.err.erase(0, result_.err.size() - k_max_err);
      }
    } else if (result_.out.size() + bytes.size() > request_.max_output) {
      end({.code = Code::failed,
           .message = fmt::format("'{}' wrote more than {}", request_.command.front(),
                                  human_bytes({static_cast<double>(request_.max_output)}))});
    } else {
      result_.out.append(bytes);
    }
  }

  void look_for_an_end() {
    const StopLevel level = request_.stop != nullptr ? request_.stop->level() : StopLevel::none;
    if (failure_) {
      if (level == StopLevel::now || seconds_since(asked_) >= request_.grace.seconds) {
        ::kill(-child_.pid, SIGKILL);
      }
    } else if (level != StopLevel::none) {
      end(request_.stop->failure(fmt::format("'{}'", request_.command.front())).value());
    } else if (request_.timeout && seconds_since(started_) >= request_.timeout->seconds) {
      end({.code = Code::failed,
           .message = fmt::format("'{}' did not end within {}", request_.command.front(),
                                  human_duration(*request_.timeout))});
    }
  }

  // Asks it to end, for the first reason that came up.
  void end(Error why) {
    if (failure_) {
      return;
    }
    failure_ = std::move(why);
    asked_ = Clock::now();
    child_.in.close();
    ::kill(-child_.pid, SIGTERM);
  }

  void reap() {
    int status = 0;
    while (::waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  [[nodiscard]] static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  const ProcessRequest& request_;
  Child child_;
  Fd exit_;  // readable when it has ended
  std::string_view unsent_;
  std::vector<char> buffer_;
  ProcessResult result_;
  std::optional<Error> failure_;  // why it was asked to end
  Clock::time_point started_ = Clock::now();
  Clock::time_point asked_ = {};
};

}  // namespace

Error process_error(const ProcessRequest& request, const ProcessResult& result) {
  const std::string how = result.signal != 0
                              ? fmt::format("was killed by signal {}", result.signal)
                              : fmt::format("failed with exit code {}", result.exit_code);
  std::string_view words = trim(result.err);
  words = words.substr(words.find_last_of('\n') + 1);  // npos + 1 is 0
  return {.code = Code::failed,
          .message = fmt::format("'{}' {}{}{}", request.command.front(), how,
                                 words.empty() ? "" : ": ", words)};
}

Result<ProcessResult> OsProcesses::run(const ProcessRequest& request) {
  if (request.stop != nullptr && request.stop->level() != StopLevel::none) {
    return request.stop->failure(fmt::format("'{}'", request.command.front()));
  }
  const WithoutSigpipe guard;
  OBS_TRY_ASSIGN(Child child, spawn(request));
  return Conversation(request, std::move(child)).hold();
}

}  // namespace obsctl
