// SPDX-License-Identifier: Apache-2.0
// Entry point: connects the program to the real system.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/app.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe shows up as EPIPE, which is not an error
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of the file size shows up as EFBIG, which is one
  try {
    const auto environment = obsctl::Environment::of_process();
    obsctl::OsFileSystem files;
    obsctl::CurlHttpClient http;
    obsctl::OsClock clock;
    obsctl::OsRandom random;
    obsctl::OsTerminal terminal(environment);
    obsctl::StopFlag stop;
    return obsctl::cli::run(std::vector<std::string>(argv + 1, argv + argc),
                            {environment, files, http, clock, random, terminal, stop});
  } catch (const std::bad_alloc&) {
    std::fputs("obsctl: error: there is not enough memory\n", stderr);
    return obsctl::exit_code::failed;
  } catch (const std::exception& error) {
    // Reached only by a bug: errors are values everywhere else.
    std::fprintf(stderr, "obsctl: internal error: %s\n  hint: please report this\n", error.what());
    return obsctl::exit_code::failed;
  }
}
