// SPDX-License-Identifier: Apache-2.0
// A stack whose receiver is a sink in the process and whose stores hold what the sink received.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.hpp"
#include "lib/probe/probe.hpp"
#include "lib/sink/sink.hpp"
#include "tests/support/fake_processes.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/temporary_directory.hpp"

namespace obsctl::test {

// Requests that the sink received, as OTLP/JSON; filled from its thread.
class Received {
 public:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  // The requests that have all of these texts.
  [[nodiscard]] std::string with(const std::vector<std::string>& texts) const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const std::string& line : lines_) {
      const bool all = std::ranges::all_of(
          texts, [&line](const auto& text) { return line.find(text) != std::string::npos; });
      out += all ? line : "";
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

inline std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// All stores at once, told apart by their ports. Answers what a store would have of it.
class Stores final : public HttpClient {
 public:
  explicit Stores(const Received& received) : received_(received) {}

  std::set<std::string> down;   // ports: ":9090"
  std::set<std::string> empty;  // that hold nothing
  int status = 200;             // of all
  std::atomic<int> asked = 0;

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    ++asked;
    const auto is_at = [&request](const std::string& port) {
      return request.url.find(port + "/") != std::string::npos;
    };
    if (std::ranges::any_of(down, is_at)) {
      return fail(Code::unreachable, "cannot connect to '" + request.url + "'");
    }
    if (status != 200) {
      return HttpResponse{.status = status, .body = "no\x1b[2J"};
    }
    if (std::ranges::any_of(empty, is_at)) {
      return HttpResponse{.status = 200, .body = "{}"};
    }
    const std::string body = found(decoded(request.url));
    const bool trace = request.url.find("/traces/") != std::string::npos;
    return HttpResponse{.status = body.empty() && trace ? 404 : 200, .body = body};
  }

 private:
  [[nodiscard]] std::string found(const std::string& url) const {
    const auto trace = [&url](const std::string& before) {
      const auto at = url.find(before);
      return at == std::string::npos ? std::string() : url.substr(at + before.size(), 32);
    };
    if (const auto id = trace("/api/traces/"); !id.empty()) {
      return received_.with({"resourceSpans", id});
    }
    if (const auto id = trace("|= \""); !id.empty()) {
      return received_.with({"resourceLogs", id});
    }
    for (const char* protocol : {"grpc", "http"}) {
      if (url.find("obsctl_health_probe{protocol=\"" + std::string(protocol)) !=
          std::string::npos) {
        return received_.with({"obsctl_health_probe", "\"" + std::string(protocol) + "\""});
      }
    }
    return {};
  }

  const Received& received_;
};

inline otlp::Sink sink_with(const std::vector<std::string>& faults, Received& received) {
  otlp::SinkOptions options;
  options.grpc_port = 0;
  options.http_port = 0;
  options.depth = otlp::Depth::full;
  options.print = [&received](std::string_view line) { received.add(line); };
  for (const std::string& text : faults) {
    auto fault = otlp::parse_fault(text, "--fault");
    REQUIRE(fault);
    options.faults.push_back(*fault);
  }
  auto sink = otlp::Sink::start(std::move(options));
  REQUIRE(sink);
  return std::move(*sink);
}

// A stack with these settings in a directory of its own.
inline health::Subject subject_of(const std::vector<std::string>& settings,
                                  const std::filesystem::path& directory, const FileSystem& files) {
  const Environment environment{.variables = {}, .directory = directory};
  auto templates = stack::load_templates(files, environment, {}, {});
  REQUIRE(templates);
  auto stack = stack::assemble(directory, spec_of(settings), std::move(*templates));
  REQUIRE_MESSAGE(stack, (stack ? "" : stack.error().message));
  return {.stack = std::move(*stack), .given = {}, .checks = {}};
}

struct ProbeBed {
  explicit ProbeBed(const std::vector<std::string>& faults = {},
                    std::vector<std::string> settings = {})
      : sink(sink_with(faults, received)) {
    settings.push_back("ports.otlp-grpc=" + std::to_string(sink.grpc_port()));
    settings.push_back("ports.otlp-http=" + std::to_string(sink.http_port()));
    subject = std::make_unique<health::Subject>(subject_of(settings, directory.path(), files));
  }

  health::ProbeReport run(double within = 5, double timeout = 2) {
    auto receivers = health::probe_receivers(files, *subject, endpoints);
    REQUIRE_MESSAGE(receivers, (receivers ? "" : receivers.error().message));
    const health::Services services{environment, files, stores, processes, clock, stop};
    auto report = health::probe(services, *subject,
                                {.receivers = std::move(*receivers),
                                 .within = Duration{within},
                                 .timeout = Duration{timeout}});
    REQUIRE_MESSAGE(report, (report ? "" : report.error().message));
    return std::move(*report);
  }

  TemporaryDirectory directory;
  OsFileSystem files;
  Environment environment{.variables = {}, .directory = directory.path()};
  Received received;
  otlp::Sink sink;
  Stores stores{received};
  FakeProcesses processes;
  OsClock clock;
  StopFlag stop;
  health::ProbeEndpoints endpoints;
  std::unique_ptr<health::Subject> subject;
};

}  // namespace obsctl::test
