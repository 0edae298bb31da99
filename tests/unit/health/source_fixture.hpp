// SPDX-License-Identifier: Apache-2.0
// A stack whose engine, services and disks answer what a test writes, for tests of the sources of
// evidence.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lib/base/time.hpp"
#include "lib/sources/gather.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_processes.hpp"
#include "tests/support/faulty_filesystem.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/temporary_directory.hpp"

namespace obsctl::test {

// Answers by the start of the URL, the longest that fits; whoever is not there refuses.
class FakeServers final : public HttpClient {
 public:
  std::map<std::string, HttpResponse> answers;
  std::map<std::string, Error> failures;
  std::vector<HttpRequest> requests;

  void json(const std::string& url, std::string body) {
    answers[url] = {.status = 200, .body = std::move(body)};
  }
  Result<HttpResponse> send(const HttpRequest& request) override {
    const std::scoped_lock lock(mutex_);
    requests.push_back(request);
    for (const auto& [url, error] : failures) {
      if (request.url.starts_with(url)) {
        return Failure(error);
      }
    }
    const HttpResponse* best = nullptr;
    for (const auto& [url, answer] : answers) {  // in order: longer ones come later
      if (request.url.starts_with(url)) {
        best = &answer;
      }
    }
    if (best == nullptr) {
      return fail(Code::unreachable, "no answer from '" + request.url + "': refused");
    }
    if (best->body.size() > request.max_body) {
      return fail(Code::failed, "'" + request.url + "' answers with more than it may");
    }
    return *best;
  }
  [[nodiscard]] std::size_t count(const std::string& part) const {
    std::size_t out = 0;
    for (const HttpRequest& request : requests) {
      out += request.url.find(part) == std::string::npos ? 0 : 1;
    }
    return out;
  }

 private:
  std::mutex mutex_;
};

// The real disk, with some paths that the test makes up.
class FakeDisk final : public FaultyFileSystem {
 public:
  FakeDisk() : FaultyFileSystem(Accident::kill, 0) {}

  std::map<std::filesystem::path, std::string> texts;
  std::map<std::filesystem::path, DiskSpace> disks;

  Result<std::string> read(const std::filesystem::path& path) const override {
    const auto found = texts.find(path);
    return found == texts.end() ? FaultyFileSystem::read(path) : Result<std::string>(found->second);
  }
  bool is_directory(const std::filesystem::path& path) const override {
    return disks.contains(path);
  }
  Result<DiskSpace> disk_space(const std::filesystem::path& path) const override {
    const auto found = disks.find(path);
    return found == disks.end() ? Result<DiskSpace>(fail(Code::io, "there is no such path"))
                                : found->second;
  }
};

struct AskedStack {
  explicit AskedStack(const std::vector<std::string>& settings = {},
                      std::vector<health::GivenEndpoint> given = {})
      : subject{.stack = assembled(settings), .given = std::move(given), .checks = {}} {}

  TemporaryDirectory directory;
  FakeDisk files;
  Environment environment{.variables = {}, .directory = directory.path()};
  FakeServers http;
  FakeProcesses processes;
  FakeClock clock;
  StopFlag stop;
  health::Services services{environment, files, http, processes, clock, stop};
  health::Subject subject;

  [[nodiscard]] std::vector<health::Inquiry> questions(health::Source source,
                                                       const std::string& component = {}) {
    std::vector<health::Inquiry> out;
    for (health::Inquiry& one : health::inquiries(services, subject, {})) {
      if (one.source == source && one.component == component) {
        out.push_back(std::move(one));
      }
    }
    return out;
  }
  // What all questions of a source give together.
  [[nodiscard]] health::Samples samples(health::Source source, const std::string& component = {}) {
    health::Samples out;
    for (const health::Inquiry& one : questions(source, component)) {
      auto samples = one.read();
      REQUIRE_MESSAGE(samples, one.from << ": " << (samples ? "" : samples.error().message));
      out.insert(out.end(), samples->begin(), samples->end());
    }
    return out;
  }
  // Of the only question of a source.
  [[nodiscard]] Error error(health::Source source, const std::string& component = {}) {
    const auto asked = questions(source, component);
    REQUIRE(asked.size() == 1);
    const auto samples = asked.front().read();
    REQUIRE_FALSE(samples);
    return samples.error();
  }

 private:
  stack::Stack assembled(const std::vector<std::string>& settings) {
    auto templates = stack::load_templates(files, environment, {}, {});
    REQUIRE(templates);
    auto stack = stack::assemble(directory.path(), spec_of(settings), std::move(*templates));
    REQUIRE_MESSAGE(stack, (stack ? "" : stack.error().message));
    return std::move(*stack);
  }
};

// The value of the sample with this name and at least these labels; nothing when there is none.
inline std::optional<double> value_of(const health::Samples& samples, const std::string& name,
                                      const std::map<std::string, std::string>& labels = {}) {
  for (const auto& sample : samples) {
    bool fits = sample.name == name;
    for (const auto& [label, value] : labels) {
      const auto found = sample.labels.find(label);
      fits = fits && found != sample.labels.end() && found->second == value;
    }
    if (fits) {
      return sample.value;
    }
  }
  return std::nullopt;
}

inline std::string label_of(const health::Samples& samples, const std::string& name,
                            const std::string& label) {
  for (const auto& sample : samples) {
    if (sample.name == name && sample.labels.contains(label)) {
      return sample.labels.at(label);
    }
  }
  return "-";
}

// A time relative to that of FakeClock, as programs in Go write it.
inline std::string moment(const FakeClock& clock, int seconds_ago) {
  std::string out = print_time(clock.now() - std::chrono::seconds(seconds_ago));
  return out.insert(out.size() - 1, ".000000000");
}

}  // namespace obsctl::test
