// SPDX-License-Identifier: Apache-2.0
// Running other programs, behind an interface so that tests can give the answers of a dead engine.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/signals.hpp"
#include "lib/io/stream.hpp"

namespace obsctl {

struct ProcessRequest {
  // The program, looked up in PATH unless it has a '/', and its arguments. No shell reads them.
  std::vector<std::string> command;
  std::optional<std::map<std::string, std::string>> environment = {};  // absent: as ours
  std::filesystem::path directory = {};                                // empty: as ours
  // What it reads: these bytes, a file, or a stream that is asked as it reads.
  std::variant<std::string, std::filesystem::path, ByteSource> input = std::string();
  // Who gets what it writes, as it comes; absent: it is collected in the result.
  ByteSink out = {};
  ByteSink err = {};
  std::size_t max_output = 16UL * 1024 * 1024;  // collected from stdout; more is an error
  std::optional<Duration> timeout = {};
  // From SIGTERM to SIGKILL when it has to end early.
  Duration grace = {10};
  // Ends it when the flag is raised, without grace the second time.
  const StopFlag* stop = nullptr;
};

// How a program ended, by itself or by a signal that we did not send.
struct ProcessResult {
  int exit_code = 0;
  int signal = 0;        // that killed it, or 0
  std::string out = {};  // unless it went to a sink
  std::string err = {};  // likewise; the last 64 KiB
  [[nodiscard]] bool ok() const { return exit_code == 0 && signal == 0; }
};

// The error of a program that did not succeed: its name, how it ended and its last words.
[[nodiscard]] Error process_error(const ProcessRequest& request, const ProcessResult& result);

class Processes {
 public:
  virtual ~Processes() = default;

  // Runs a program to its end. Errors: Code::missing when there is no such program, the error of a
  // source or sink, interrupted or terminated when stopped, failed on timeout or too much output.
  // It and what it started in its process group are gone when an error is returned.
  [[nodiscard]] virtual Result<ProcessResult> run(const ProcessRequest& request) = 0;
};

class OsProcesses final : public Processes {
 public:
  [[nodiscard]] Result<ProcessResult> run(const ProcessRequest& request) override;
};

}  // namespace obsctl
