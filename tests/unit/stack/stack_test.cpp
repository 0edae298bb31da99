// SPDX-License-Identifier: Apache-2.0
// Opening a stack: found upwards, refused when it is another user's, and what it offers.
#include "lib/stack/stack.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/base/time.hpp"
#include "lib/stack/endpoints.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/secrets.hpp"
#include "tests/support/owned_filesystem.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using obsctl::test::OwnedFileSystem;
using obsctl::test::TemporaryDirectory;

namespace {

namespace fs = std::filesystem;

constexpr UserId k_me = 1000;
constexpr UserId k_other = 1001;

// A directory with an obsctl.yaml, and a folder inside.
struct OnDisk {
  explicit OnDisk(std::string_view spec = "tier: small\n") {
    REQUIRE(files.make_directories(inside));
    REQUIRE(files.write_atomic(directory.path() / stack_paths::spec, spec, 0644));
  }

  TemporaryDirectory directory;
  fs::path inside = directory.path() / "configs" / "deep";
  OwnedFileSystem files{k_me};
  Environment environment{.variables = {}, .directory = inside, .user = k_me};

  [[nodiscard]] Result<stack::Stack> open() const {
    return stack::open(files, environment, environment.directory);
  }
};

}  // namespace

TEST_CASE("a stack is found from a folder below it and computed from its spec") {
  const OnDisk disk("tier: small\nname: shop\n");
  const auto opened = disk.open();
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  CHECK(opened->directory == disk.directory.path());
  CHECK(opened->topology.name == "shop");
  CHECK(opened->report.find(opened->topology.components.front().name) != nullptr);
  CHECK(opened->target->name == "compose");
  CHECK(opened->words.runbook.apply == "docker compose up -d");
  CHECK(opened->words.configs == opened->target->configs);
}

TEST_CASE("where there is no stack, that is said; a mistake in one names file and line") {
  const TemporaryDirectory empty;
  const OwnedFileSystem files(k_me);
  const Environment environment{.variables = {}, .directory = empty.path(), .user = k_me};
  const auto none = stack::open(files, environment, empty.path());
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::missing);

  const OnDisk disk("tier: small\nnonsense: 1\n");
  const auto wrong = disk.open();
  REQUIRE_FALSE(wrong);
  REQUIRE(wrong.error().at);
  CHECK(wrong.error().at->file == "../../obsctl.yaml");
  CHECK(wrong.error().at->line == 2);
}

TEST_CASE("a stack that another user could have written is refused") {
  OnDisk disk;
  const fs::path root = disk.directory.path();
  REQUIRE(disk.files.make_directories(root / stack_paths::own));
  for (const fs::path& path : {root, root / stack_paths::spec, root / stack_paths::own}) {
    CAPTURE(path);
    disk.files.owners = {{path, k_other}};
    const auto refused = disk.open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::config);
    CHECK(refused.error().message.find("'" + path.string() + "' belongs to another user") == 0);
    CHECK(refused.error().hint.find("OBSCTL_SAFE_DIRECTORY=" + root.string()) != std::string::npos);
  }
}

TEST_CASE("root's stacks, listed ones and, behind sudo, one's own are trusted") {
  OnDisk disk;
  const fs::path root = disk.directory.path();
  disk.files.owners = {{root, 0}};
  CHECK(disk.open());
  disk.files.owners = {{root, k_other}};
  auto& variables = disk.environment.variables;
  variables["OBSCTL_SAFE_DIRECTORY"] = "/elsewhere:" + root.string() + "/";
  CHECK(disk.open());
  variables["OBSCTL_SAFE_DIRECTORY"] = "*";
  CHECK(disk.open());
  variables["OBSCTL_SAFE_DIRECTORY"] = "/elsewhere";
  CHECK_FALSE(disk.open());

  disk.files.owners.clear();
  disk.environment.user = 0;
  CHECK_FALSE(disk.open());
  variables["SUDO_UID"] = std::to_string(k_me);
  CHECK(disk.open());
  disk.files.owners = {{root, k_other}};
  CHECK_FALSE(disk.open());
  disk.environment.user = k_other;  // the variable alone makes nobody root
  disk.files.owners.clear();
  CHECK_FALSE(disk.open());
}

TEST_CASE("endpoints: only published ports, with the scheme of their traffic") {
  const Topology open = test::sized({"security.tls=self-signed", "security.bind=192.0.2.7",
                                     "security.bind_ui=192.0.2.8", "ports.prometheus=0"})
                            .topology;
  const auto grpc = stack::endpoint(open, "otlp-grpc");
  REQUIRE(grpc);
  CHECK(grpc->url() == "https://192.0.2.7:4317");
  CHECK(stack::endpoint_of(open, "telemetry.in")->url() == grpc->url());
  CHECK(stack::endpoint_of(open, "dashboards.view")->url() == "https://192.0.2.8:3000");
  CHECK(stack::endpoint(open, "collector-health")->url() == "http://localhost:13133");
  CHECK_FALSE(stack::endpoint(open, "prometheus"));
  CHECK_FALSE(stack::endpoint_of(open, "no.such.capability"));
  const auto all = stack::endpoints(open);
  CHECK(all.size() > 4);
  CHECK(std::ranges::none_of(all, [](const auto& one) { return one.port == "prometheus"; }));

  const Topology plain = test::sized({"ports.otlp-http=14318"}).topology;
  CHECK(stack::endpoint(plain, "otlp-http")->url() == "http://localhost:14318");
  CHECK(stack::endpoint_of(plain, "dashboards.view")->url() == "http://localhost:3000");
  const Component* receiver = plain.find(plain.provider("telemetry.in")->component);
  CHECK(stack::metrics_url(*receiver) == "http://localhost:8888/metrics");
}

TEST_CASE("secret files: who reads them, and which a person has to bring") {
  const auto secrets =
      stack::secret_files(test::sized({"security.auth=bearer", "security.tls=self-signed",
                                       "alerting.slack_channel=#ops"})
                              .topology);
  const auto find = [&secrets](const std::string& path) {
    const auto found = std::ranges::find(secrets, path, &stack::SecretFile::path);
    REQUIRE_MESSAGE(found != secrets.end(), path);
    return *found;
  };
  const auto token = find(stack_paths::otlp_secret);
  CHECK(token.consumers == std::vector<std::string>{"otel-collector"});
  CHECK(token.environment);
  CHECK_FALSE(token.placeholder);
  const auto webhook = find("secrets/slack-webhook-url");
  CHECK(webhook.consumers == std::vector<std::string>{"alertmanager"});
  CHECK_FALSE(webhook.environment);
  CHECK(webhook.placeholder);
  CHECK_FALSE(find(stack_paths::tls_key).placeholder);
}

TEST_CASE("certificates: those that are there, with what they say") {
  const TemporaryDirectory directory;
  OsFileSystem files;
  const auto none = stack::certificates(files, directory.path());
  REQUIRE(none);
  CHECK(none->empty());
  const Time now = parse_time("2026-11-26T00:00:00Z").value();
  const auto authority = pki::make_authority("test CA", now);
  REQUIRE(authority);
  REQUIRE(files.make_directories(directory.path() / "tls"));
  REQUIRE(files.write_atomic(directory.path() / stack_paths::tls_ca, authority->certificate, 0644));
  const auto one = stack::certificates(files, directory.path());
  REQUIRE(one);
  REQUIRE(one->size() == 1);
  CHECK(one->front().path == stack_paths::tls_ca);
  CHECK(one->front().info.authority);
  REQUIRE(files.write_atomic(directory.path() / stack_paths::tls_certificate, "nonsense", 0644));
  CHECK_FALSE(stack::certificates(files, directory.path()));
}
