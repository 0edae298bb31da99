// SPDX-License-Identifier: Apache-2.0
// Programs that answer what the test says and are never run.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>

#include "lib/io/process.hpp"

namespace obsctl::test {

// Answers of programs by their command line; any other program is not installed.
class FakeProcesses final : public Processes {
 public:
  [[nodiscard]] Result<ProcessResult> run(const ProcessRequest& request) override {
    const auto answer = answers.find(fmt::format("{}", fmt::join(request.command, " ")));
    return answer == answers.end()
               ? Result<ProcessResult>(fail(
                     Code::missing, fmt::format("there is no program '{}'", request.command.at(0))))
               : answer->second;
  }

  std::map<std::string, ProcessResult> answers;
};

}  // namespace obsctl::test
