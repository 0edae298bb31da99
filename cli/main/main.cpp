// SPDX-License-Identifier: Apache-2.0
// Entry point: connects the program to the real system.
#include <fcntl.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/app.hpp"

namespace {

// A standard stream that came closed would become the number of the next file or socket, and
// results would be written into that. Reading what is only for writing fails, and the reverse.
void keep_standard_streams() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) < 0) {
      static_cast<void>(::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe shows up as EPIPE, which is not an error
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of the file size shows up as EFBIG, which is one
  try {
    const auto environment = obsctl::Environment::of_process();
    obsctl::OsFileSystem files;
    obsctl::CurlHttpClient http;
    obsctl::OsProcesses processes;
    obsctl::OsClock clock;
    obsctl::OsRandom random;
    obsctl::OsTerminal terminal(environment);
    obsctl::StopFlag stop;
    return obsctl::cli::run(std::vector<std::string>(argv + 1, argv + argc),
                            {environment, files, http, processes, clock, random, terminal, stop});
  } catch (const std::bad_alloc&) {
    std::fputs("obsctl: error: there is not enough memory\n", stderr);
    return obsctl::exit_code::failed;
  } catch (const std::exception& error) {
    // Reached only by a bug: errors are values everywhere else.
    std::fprintf(stderr, "obsctl: internal error: %s\n  hint: please report this\n", error.what());
    return obsctl::exit_code::failed;
  }
}
