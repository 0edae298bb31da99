// SPDX-License-Identifier: Apache-2.0
// The engine, the disks below volumes, and the files of a stack.
#include <doctest/doctest.h>

#include "lib/pki/certificates.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/state.hpp"
#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

constexpr auto k_engine = "http://localhost";

std::string info(const FakeClock& clock, int seconds_ago) {
  return R"({"NCPU":2,"MemTotal":1000,"Name":"h","DockerRootDir":"/docker","SystemTime":")" +
         moment(clock, seconds_ago) + "\"}";
}

// A stack whose engine has the volume of one component.
struct OneVolume : AskedStack {
  explicit OneVolume(const std::string& more = R"("Driver":"local")") {
    http.json(
        std::string(k_engine) + "/volumes",
        R"({"Volumes":[{"Name":")" + name + R"(","Mountpoint":"/docker/v/_data",)" + more + "}]}");
    http.json(std::string(k_engine) + "/info", info(clock, 0));
  }
  std::string name =
      subject.stack.topology.volume_name(subject.stack.topology.find("loki")->volumes.front());
};

constexpr DiskSpace k_space{.total = {1000}, .available = {100}, .inodes = 50, .inodes_free = 5};

void make_file(const std::filesystem::path& path, FileMode mode) {
  std::filesystem::create_directories(path.parent_path());
  OsFileSystem files;
  REQUIRE(files.write_atomic(path, "x", mode));
}

}  // namespace

TEST_CASE("the engine is up, says its version, and its clock is right or wrong") {
  AskedStack stack;
  stack.http.json(std::string(k_engine) + "/containers/json", "[]");
  stack.http.json(std::string(k_engine) + "/version", R"({"ApiVersion":"1.41"})");
  for (const int off : {0, 90, -90}) {
    stack.http.json(std::string(k_engine) + "/info", info(stack.clock, off));
    const Samples samples = stack.samples(Source::engine);
    CHECK(value_of(samples, "engine_up") == 1);
    CHECK(value_of(samples, "engine_api_version") == 141);
    CHECK(value_of(samples, "engine_clock_skew_seconds") == std::abs(off));
  }
  stack.http.answers[std::string(k_engine) + "/info"].headers = {{"api-version", "1.52"}};
  CHECK(value_of(stack.samples(Source::engine), "engine_api_version") == 152);
  stack.http.json(std::string(k_engine) + "/version", R"({"ApiVersion":"new"})");
  stack.http.json(std::string(k_engine) + "/info", "{}");
  const Samples less = stack.samples(Source::engine);
  CHECK(value_of(less, "engine_up") == 1);
  CHECK_FALSE(value_of(less, "engine_api_version"));
  CHECK_FALSE(value_of(less, "engine_clock_skew_seconds"));
}

TEST_CASE("a dead engine is asked once") {
  AskedStack stack;
  const auto evidence =
      gather(stack.services, inquiries(stack.services, stack.subject, {}), Duration{3});
  REQUIRE(evidence);
  CHECK(stack.http.count("/containers/json") == 1);
  CHECK(stack.http.count("/volumes") == 1);
}

TEST_CASE("a volume's file system is seen at its mount point") {
  OneVolume stack;
  stack.files.disks["/docker/v/_data"] = k_space;
  const Samples samples = stack.samples(Source::volume, "loki");
  CHECK(value_of(samples, "volume_exists", {{"volume", stack.name}}) == 1);
  CHECK(value_of(samples, "volume_size_bytes", {{"volume", stack.name}}) == 1000);
  CHECK(value_of(samples, "volume_available_bytes", {{"volume", stack.name}}) == 100);
  CHECK(value_of(samples, "volume_inodes", {{"volume", stack.name}}) == 50);
  CHECK(value_of(samples, "volume_inodes_free", {{"volume", stack.name}}) == 5);
}

TEST_CASE("without permission the disk of the engine's root counts, for volumes that are on it") {
  OneVolume plain;
  plain.files.disks["/docker"] = k_space;
  CHECK(value_of(plain.samples(Source::volume, "loki"), "volume_size_bytes") == 1000);
  OneVolume elsewhere(R"("Driver":"local","Options":{"device":":/srv","type":"nfs"})");
  elsewhere.files.disks["/docker"] = k_space;
  CHECK(elsewhere.error(Source::volume, "loki").message.find("cannot be seen") !=
        std::string::npos);
}

TEST_CASE("disks of another machine are not those of this one") {
  OneVolume stack;
  stack.files.disks["/docker/v/_data"] = k_space;
  stack.environment.variables["DOCKER_HOST"] = "tcp://localhost:2375";
  stack.http.answers["http://localhost:2375/volumes"] =
      stack.http.answers[std::string(k_engine) + "/volumes"];
  CHECK(stack.error(Source::volume, "loki").message ==
        "the disks of the engine at 'tcp://localhost:2375' cannot be seen from here");
}

TEST_CASE("a volume that is not there is a fact, and no engine is an error") {
  OneVolume stack;
  stack.http.json(std::string(k_engine) + "/volumes", R"({"Volumes":null})");
  const Samples samples = stack.samples(Source::volume, "loki");
  CHECK(value_of(samples, "volume_exists", {{"volume", stack.name}}) == 0);
  CHECK_FALSE(value_of(samples, "volume_size_bytes"));
  AskedStack dead;
  CHECK(dead.error(Source::volume, "loki").code == Code::unreachable);
}

TEST_CASE("what was backed up, verified and tried, and how long ago") {
  AskedStack stack;
  Samples samples = stack.samples(Source::state);
  for (const char* name : {"backup_done", "backup_complete", "verify_passed", "drill_passed",
                           "journals_open", "journal_open"}) {
    CAPTURE(name);
    CHECK(value_of(samples, name) == 0);
  }
  CHECK_FALSE(value_of(samples, "backup_age_seconds"));

  OsFileSystem files;
  const Time day_ago = stack.clock.now() - std::chrono::hours(24);
  REQUIRE(stack::update_state(files, stack.directory.path(), [&](stack::State& state) {
    state.last_backup =
        stack::BackupRecord{.at = day_ago, .id = "a", .repository = "/b", .complete = false};
    state.last_verify = stack::ProofRecord{.at = day_ago, .id = "a", .passed = true};
    state.open_journal =
        stack::JournalRecord{.at = day_ago, .operation = "restore", .file = "/b/journal"};
  }));
  samples = stack.samples(Source::state);
  CHECK(value_of(samples, "backup_done") == 1);
  CHECK(value_of(samples, "backup_complete") == 0);
  CHECK(value_of(samples, "backup_age_seconds") == 86400);
  CHECK(value_of(samples, "verify_passed") == 1);
  CHECK(value_of(samples, "verify_age_seconds") == 86400);
  CHECK_FALSE(value_of(samples, "drill_age_seconds"));
  CHECK(value_of(samples, "journals_open") == 1);
  CHECK(value_of(samples, "journal_open", {{"operation", "restore"}, {"file", "/b/journal"}}) == 1);

  REQUIRE(files.write_atomic(stack.directory.path() / stack_paths::state, "{", 0644));
  CHECK(stack.error(Source::state).code == Code::integrity);
}

TEST_CASE("secrets that everybody may read, which certificates are for") {
  AskedStack stack({"security.tls=self-signed"});
  const auto root = stack.directory.path();
  make_file(root / stack_paths::tls_key, 0600);
  make_file(root / stack_paths::tls_certificate, 0644);
  make_file(root / "secrets/grafana.env", 0640);
  Samples samples = stack.samples(Source::host);
  CHECK(value_of(samples, "secrets_open") == 0);
  CHECK(value_of(samples, "secret_mode_open") == 0);
  make_file(root / stack_paths::tls_ca_key, 0644);
  samples = stack.samples(Source::host);
  CHECK(value_of(samples, "secrets_open") == 1);
  CHECK(value_of(samples, "secret_mode_open", {{"path", stack_paths::tls_ca_key}}) == 1);
}

TEST_CASE(
    "how long exporters try is what the files say, the person's last, and what it is otherwise") {
  AskedStack stack;
  const auto folder = stack.directory.path() / stack.subject.stack.target->configs;
  const auto write = [&](const char* file, const std::string& text) {
    std::filesystem::create_directories(folder / "otel-collector");
    OsFileSystem files;
    REQUIRE(files.write_atomic(folder / "otel-collector" / file, text, 0644));
  };
  const auto seconds = [&](const char* exporter) {
    return value_of(stack.samples(Source::configuration, "otel-collector"),
                    "configured_retry_seconds", {{"exporter", exporter}});
  };
  CHECK_FALSE(seconds("a"));
  write("config.yaml",
        "exporters:\n  a: {retry_on_failure: &retry {max_elapsed_time: 0s}}\n"
        "  b: {retry_on_failure: *retry}\n  c: {endpoint: x}\n");
  write("own.yaml", "# nothing\n");
  CHECK(seconds("a") == 0);
  CHECK(seconds("b") == 0);
  CHECK(seconds("c") == 300);
  write("own.yaml",
        "exporters:\n  a: {timeout: 5s}\n  b: {retry_on_failure: {max_elapsed_time: 2m}}\n");
  CHECK(seconds("a") == 0);
  CHECK(seconds("b") == 120);
  write("own.yaml", "exporters:\n  a: {retry_on_failure: {max_elapsed_time: soon}}\n");
  CHECK(stack.error(Source::configuration, "otel-collector").message.find("soon") !=
        std::string::npos);
}

TEST_CASE("certificates say how long they last; a stack without TLS is not asked") {
  AskedStack plain;
  CHECK(plain.questions(Source::certificates).empty());
  AskedStack stack({"security.tls=self-signed"});
  const auto authority = pki::make_authority("test", stack.clock.now());
  REQUIRE(authority);
  OsFileSystem files;
  std::filesystem::create_directories(stack.directory.path() / "tls");
  REQUIRE(files.write_atomic(stack.directory.path() / stack_paths::tls_ca, authority->certificate,
                             0644));
  const auto left = value_of(stack.samples(Source::certificates), "certificate_seconds_left",
                             {{"path", stack_paths::tls_ca}});
  REQUIRE(left);
  CHECK(*left > 3600.0 * 24 * 3649);
  REQUIRE(files.write_atomic(stack.directory.path() / stack_paths::tls_ca, "no PEM", 0644));
  CHECK_FALSE(stack.questions(Source::certificates).front().read());
}
