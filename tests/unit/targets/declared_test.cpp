// SPDX-License-Identifier: Apache-2.0
// What generated files declare is read back, edited or not.
#include "lib/targets/declared.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/sized.hpp"

using namespace obsctl;

namespace {

namespace fs = std::filesystem;

class StackFiles {
 public:
  StackFiles() : path_(fs::temp_directory_path() / fmt::format("obsctl-declared-{}", ::getpid())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~StackFiles() { fs::remove_all(path_); }
  StackFiles(const StackFiles&) = delete;
  StackFiles& operator=(const StackFiles&) = delete;

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    REQUIRE(files_.write_atomic(path_ / name, text, 0644));
  }

  [[nodiscard]] Result<sizing::DeclaredLimits> read() const {
    return read_declared(**find_target("compose"), files_, path_, test::catalogs().components);
  }

 private:
  fs::path path_;
  mutable OsFileSystem files_;
};

sizing::DeclaredFact fact(const sizing::DeclaredLimits& declared, catalog::Fact wanted) {
  const auto found = std::ranges::find(declared.facts, wanted, &sizing::DeclaredFact::fact);
  REQUIRE(found != declared.facts.end());
  return *found;
}

std::string with_memory(const std::string& memory) {
  return "services: {loki: {deploy: {resources: {limits: {memory: " + memory + "}}}}}\n";
}

}  // namespace

TEST_CASE("facts are found by the keys of component.yaml, also behind a processor's suffix") {
  StackFiles stack;
  stack.write("configs/otel-collector/config.yaml",
              "processors:\n  tail_sampling/errors: {num_traces: 700}\n"
              "  memory_limiter: {limit_mib: 512}\n");
  stack.write("configs/prometheus/prometheus.yml", "storage: {tsdb: {retention: {size: 2GB}}}\n");
  stack.write("docker-compose.yml",
              "services: {loki: {deploy: {resources: {limits: {cpus: '0.5', memory: 256M}}}}}\n");
  const auto declared = stack.read();
  REQUIRE_MESSAGE(declared, (declared ? "" : declared.error().message));
  const auto traces = fact(*declared, catalog::Fact::num_traces);
  CHECK(traces.value == 700);
  CHECK(traces.component == "otel-collector");
  CHECK(traces.file == "configs/otel-collector/config.yaml");
  CHECK(traces.key == "processors.tail_sampling.num_traces");
  CHECK(fact(*declared, catalog::Fact::memory_limit).value == Bytes::from_mib(512).value);
  const auto size = fact(*declared, catalog::Fact::size_limit);
  CHECK(size.value == Bytes::from_gib(2).value);
  CHECK(size.file == "configs/prometheus/prometheus.yml");
  CHECK(declared->components.at("loki").cpus == 0.5);
  CHECK(declared->components.at("loki").memory == Bytes::from_mib(256));
  CHECK(declared->components_file == "docker-compose.yml");
}

TEST_CASE("what is not there, or is no number, is not checked; a broken file is an error") {
  StackFiles stack;
  auto declared = stack.read();
  REQUIRE(declared);
  CHECK(declared->facts.empty());
  CHECK(declared->components.empty());
  const std::string collector = "configs/otel-collector/config.yaml";
  stack.write(collector,
              "processors:\n  tail_sampling: {num_traces: many}\n"
              "  memory_limiter_other: {limit_mib: 1}\n");
  declared = stack.read();
  REQUIRE(declared);
  CHECK(declared->facts.empty());
  stack.write(collector, "a: [");
  declared = stack.read();
  REQUIRE_FALSE(declared);
  CHECK(declared.error().at->file == collector);
}

TEST_CASE("a container's limit is read in every notation of Compose") {
  StackFiles stack;
  const std::pair<const char*, Bytes> sizes[] = {
      {"2560M", Bytes::from_mib(2560)}, {"2g", Bytes::from_gib(2)},
      {"1.5GB", Bytes::from_gib(1.5)},  {"262144k", Bytes::from_mib(256)},
      {"512mb", Bytes::from_mib(512)},  {"1GiB", Bytes::from_gib(1)},
      {"1048576", Bytes::from_mib(1)},  {"1048576b", Bytes::from_mib(1)}};
  for (const auto& [text, size] : sizes) {
    CAPTURE(text);
    stack.write("docker-compose.yml", with_memory(text));
    const auto declared = stack.read();
    REQUIRE(declared);
    CHECK(declared->components.at("loki").memory == size);
  }
}

TEST_CASE("a limit that Compose cannot read is an error where it stands") {
  StackFiles stack;
  for (const char* text : {"2X", "much", "M", "''", "1i", "2 apples"}) {
    CAPTURE(text);
    stack.write("docker-compose.yml", with_memory(text));
    const auto declared = stack.read();
    REQUIRE_FALSE(declared);
    CHECK(declared.error().at->str() == "docker-compose.yml:1:57");
  }
  stack.write("docker-compose.yml",
              "services: {loki: {deploy: {resources: {limits: {cpus: half}}}}}\n");
  REQUIRE_FALSE(stack.read());
}
