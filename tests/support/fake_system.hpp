// A System for tests that run commands in the process: a directory of its own on the real disk, and
// fakes of everything beyond it that answer what the test says and remember what was asked.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "commands/command.hpp"

namespace obsctl::test {

// Removed with everything in it when the object goes.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "obsctl-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = std::filesystem::canonical(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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

class FakeClock final : public Clock {
 public:
  std::chrono::system_clock::time_point time{
      std::chrono::sys_days{std::chrono::year{2024} / 1 / 2}};

  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return time; }
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

class FakeTerminal final : public Terminal {
 public:
  std::string out_text;
  std::string err_text;
  std::string in_text;
  bool is_terminal = false;
  int columns = 80;
  Result<void> flushed = {};  // what flush() says, such as a full disk

  void out(std::string_view text) override { out_text += text; }
  void err(std::string_view text) override { err_text += text; }
  [[nodiscard]] Result<void> flush() override { return flushed; }
  [[nodiscard]] bool out_is_terminal() const override { return is_terminal; }
  [[nodiscard]] bool err_is_terminal() const override { return is_terminal; }
  [[nodiscard]] int width() const override { return columns; }
  [[nodiscard]] Result<std::string> read_stdin() override { return in_text; }
};

// Everything a command may touch. `directory` is the current directory; no variable is set.
struct FakeSystem {
  TemporaryDirectory directory;
  Environment environment{.variables = {}, .directory = directory.path()};
  OsFileSystem files;
  FakeHttp http;
  FakeClock clock;
  FakeRandom random;
  FakeTerminal terminal;

  [[nodiscard]] System system() { return {environment, files, http, clock, random, terminal}; }

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
