// What generated files declare is read back, edited or not.
#include "lib/render/declared.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/sized.hpp"

using namespace obsctl;

namespace {

namespace fs = std::filesystem;

class Directory {
 public:
  Directory() : path_(fs::temp_directory_path() / fmt::format("obsctl-declared-{}", ::getpid())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Directory() { fs::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    REQUIRE(files_.write_atomic(path_ / name, text, 0644));
  }

  [[nodiscard]] Result<sizing::DeclaredLimits> read() const {
    return read_declared(files_, path_, test::catalogs().components);
  }

 private:
  fs::path path_;
  mutable OsFileSystem files_;
};

}  // namespace

TEST_CASE("facts are found by the keys of component.yaml, also behind a processor's suffix") {
  Directory stack;
  stack.write("configs/otel-collector/config.yaml",
              "processors:\n  tail_sampling/errors: {num_traces: 700}\n"
              "  memory_limiter: {limit_mib: 512}\n");
  stack.write("configs/prometheus/prometheus.yml", "storage: {tsdb: {retention: {size: 2GB}}}\n");
  stack.write("docker-compose.yml",
              "services: {loki: {deploy: {resources: {limits: {cpus: '0.5', memory: 256M}}}}}\n");
  const auto declared = stack.read();
  REQUIRE_MESSAGE(declared, (declared ? "" : declared.error().message));
  CHECK(declared->num_traces == 700);
  CHECK(declared->memory_limiter == Bytes::from_mib(512));
  CHECK(declared->collector_file == "configs/otel-collector/config.yaml");
  CHECK(declared->metrics_size_limit == Bytes::from_gib(2));
  CHECK(declared->metrics_file == "configs/prometheus/prometheus.yml");
  CHECK(declared->components.at("loki").cpus == 0.5);
  CHECK(declared->components.at("loki").memory == Bytes::from_mib(256));
  CHECK(declared->components_file == "docker-compose.yml");
}

TEST_CASE("what is not there, or is no number, is not checked; a broken file is an error") {
  Directory stack;
  auto declared = stack.read();
  REQUIRE(declared);
  CHECK_FALSE(declared->num_traces);
  CHECK(declared->components.empty());
  const std::string collector = "configs/otel-collector/config.yaml";
  stack.write(collector,
              "processors:\n  tail_sampling: {num_traces: many}\n"
              "  memory_limiter_other: {limit_mib: 1}\n");
  declared = stack.read();
  REQUIRE(declared);
  CHECK_FALSE(declared->num_traces);
  CHECK_FALSE(declared->memory_limiter);
  stack.write(collector, "a: [");
  declared = stack.read();
  REQUIRE_FALSE(declared);
  CHECK(declared.error().at->file == collector);
}
