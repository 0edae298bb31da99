// SPDX-License-Identifier: Apache-2.0
// posix_spawn: no code of ours runs between fork and exec, and a failed exec is an answer here.
#include "lib/io/spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace obsctl {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

// Above the standard streams, which may be closed in this process: the child's are made of them one
// after the other, and must not overwrite one that is still needed.
Fd above_standard(Fd fd) {
  return fd.open() && fd.get() < 3 ? Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)) : std::move(fd);
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Code::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{above_standard(Fd(ends[0])), above_standard(Fd(ends[1]))};
}

void do_not_block(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

Result<Fd> open_input(const std::filesystem::path& path) {
  Fd fd = above_standard(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!fd.open()) {
    return fail(errno == ENOENT ? Code::missing : Code::io,
                fmt::format("cannot read '{}': {}", path.string(), std::strerror(errno)));
  }
  return fd;
}

// What the child gets: streams, directory, group, and signals as if no one had touched them.
class Setup {
 public:
  explicit Setup(const ProcessRequest& request) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    if (!request.directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, request.directory.c_str());
    }
    constexpr auto k_flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    posix_spawnattr_setflags(&attributes_, k_flags);
    posix_spawnattr_setpgroup(&attributes_, 0);
    // A program expects to be ended by these, which are ignored or held back here.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGPIPE);
    sigaddset(&ending, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes_, &ending);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    sigdelset(&mask, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &mask);
  }
  ~Setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  void connect(const Fd& fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd.get(), as); }
  // 0 or the errno of exec.
  [[nodiscard]] int start(pid_t& pid, std::vector<std::string> argv,
                          std::vector<std::string> environment, bool inherits) const {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> out;
      for (auto& text : texts) {
        out.push_back(text.data());
      }
      out.push_back(nullptr);
      return out;
    };
    const auto args = pointers(argv);
    const auto variables = pointers(environment);
    return posix_spawnp(&pid, args.front(), &actions_, &attributes_, args.data(),
                        inherits ? environ : variables.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Failure cannot_run(const std::string& program, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return fail(Code::missing, fmt::format("program '{}' is not there", program),
                "install it, or add its directory to PATH");
  }
  return fail(Code::failed, fmt::format("cannot run '{}': {}", program, std::strerror(error)));
}

}  // namespace

Result<Child> spawn(const ProcessRequest& request) {
  const std::string& program = request.command.at(0);
  std::error_code unknown;
  if (!request.directory.empty() && !std::filesystem::is_directory(request.directory, unknown)) {
    return fail(Code::missing,
                fmt::format("there is no directory '{}'", request.directory.string()));
  }
  const auto* bytes = std::get_if<std::string>(&request.input);
  const auto* file = std::get_if<std::filesystem::path>(&request.input);
  Pipe in;
  if (bytes != nullptr && bytes->empty()) {
    OBS_TRY_ASSIGN(in.read, open_input("/dev/null"));
  } else if (file != nullptr) {
    OBS_TRY_ASSIGN(in.read, open_input(*file));
  } else {
    OBS_TRY_ASSIGN(in, make_pipe());
    do_not_block(in.write);
  }
  OBS_TRY_ASSIGN(Pipe out, make_pipe());
  OBS_TRY_ASSIGN(Pipe err, make_pipe());
  do_not_block(out.read);
  do_not_block(err.read);
  Setup setup(request);
  setup.connect(in.read, STDIN_FILENO);
  setup.connect(out.write, STDOUT_FILENO);
  setup.connect(err.write, STDERR_FILENO);
  std::vector<std::string> environment;
  if (request.environment) {
    for (const auto& [name, value] : *request.environment) {
      environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  Child child{0, std::move(in.write), std::move(out.read), std::move(err.read)};
  const int error = setup.start(child.pid, request.command, std::move(environment),
                                !request.environment.has_value());
  if (error != 0) {
    return cannot_run(program, error);
  }
  return child;
}

}  // namespace obsctl
