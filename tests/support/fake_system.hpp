// SPDX-License-Identifier: Apache-2.0
// A System for tests that run commands in the process: a directory of its own on the real disk, and
// fakes of everything beyond it that answer what the test says and remember what was asked.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_processes.hpp"
#include "tests/support/fake_terminal.hpp"
#include "tests/support/temporary_directory.hpp"

namespace obsctl::test {

// Answers by "METHOD URL"; a request that no test has foreseen finds nobody there.
class FakeHttp final : public HttpClient {
 public:
  std::map<std::string, HttpResponse> answers;
  std::vector<HttpRequest> requests;

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    requests.push_back(request);
    const auto it = answers.find(request.method + " " + request.url);
    if (it == answers.end()) {
      return fail(Code::unreachable, "cannot reach '" + request.url + "': connection refused");
    }
    return it->second;
  }
};

// A different token each time, the same ones in every run.
class FakeRandom final : public Random {
 public:
  [[nodiscard]] Result<std::string> token(std::size_t length) override {
    std::string out = "token" + std::to_string(++count_);
    out.resize(length, 'x');
    return out;
  }

 private:
  int count_ = 0;
};

// Everything a command may touch. `directory` is the current directory; no variable is set.
struct FakeSystem {
  TemporaryDirectory directory;
  Environment environment{.variables = {}, .directory = directory.path()};
  OsFileSystem files;
  FakeHttp http;
  FakeProcesses processes;
  FakeClock clock;
  FakeRandom random;
  FakeTerminal terminal;
  StopFlag stop;

  [[nodiscard]] System system() {
    return {environment, files, http, processes, clock, random, terminal, stop};
  }

  // The file at a path relative to the current directory.
  void write(const std::filesystem::path& path, std::string_view bytes) const {
    std::filesystem::create_directories((directory.path() / path).parent_path());
    std::ofstream(directory.path() / path, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string read(const std::filesystem::path& path) const {
    const auto bytes = files.read(directory.path() / path);
    REQUIRE_MESSAGE(bytes, "no file '" << path.string() << "'");
    return *bytes;
  }
};

}  // namespace obsctl::test
