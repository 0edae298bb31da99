// From words to an exit code.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"

namespace obsctl::cli {

// What the program may touch, so that tests can run it whole.
struct System {
  const Environment& environment;
  FileSystem& files;
  HttpClient& http;
  Clock& clock;
  Random& random;
  Terminal& terminal;
};

// Runs `obsctl WORDS…` and returns its exit code.
[[nodiscard]] int run(const std::vector<std::string>& words, const System& system);

}  // namespace obsctl::cli
