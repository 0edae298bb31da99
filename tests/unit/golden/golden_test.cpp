// SPDX-License-Identifier: Apache-2.0
// The generated trees, byte for byte, against the committed ones in tests/golden.
//
// A change of a template shows up in review as a change of what people get. After an intended
// change run this program with OBSCTL_UPDATE_GOLDEN=1, which names what it rewrites and fails, and
// read the difference; the next run passes. The default stack is stored whole; a variant stores
// what differs from it, and FILES lists its whole tree.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "lib/base/text.hpp"
#include "lib/render/stack.hpp"
#include "lib/stack/paths.hpp"
#include "lib/targets/target.hpp"
#include "lib/topology/build.hpp"
#include "lib/ui/diff.hpp"
#include "tests/support/sized.hpp"

using namespace obsctl;

namespace {

namespace fs = std::filesystem;

// Tokens that are the same every time and say that they are not real.
class FixedRandom final : public Random {
 public:
  Result<std::string> token(std::size_t length) override {
    std::string out = fmt::format("golden{}", ++made_);
    out.resize(length, 'x');
    return out;
  }

 private:
  int made_ = 0;
};

struct Variant {
  std::string name;
  std::vector<std::string> settings;
};

const std::vector<Variant> k_variants = {
    {"small", {}},
    {"small-secured",
     {"security.tls=self-signed", "security.auth=bearer", "security.bind=0.0.0.0",
      "security.cors_origins=https://app.example.com", "environment=staging", "name=edge"}},
    {"small-victoriametrics", {"metrics.backend=victoriametrics", "metrics.retention=90d"}},
    {"small-victorialogs", {"logs.backend=victorialogs"}},
    {"small-tempo", {"traces.backend=tempo"}},
    {"small-alerting",
     {"alerting.receivers=webhook,pagerduty,msteams,discord,watchdog",
      "alerting.telegram_chat=-1001234567890", "alerting.slack_channel=#ops",
      "alerting.email_to=ops@example.com", "alerting.email_from=obs@example.com",
      "alerting.smtp_host=mail.example.com:587"}},
    {"small-tuned",
     {"traces.retention=3d", "logs.retention=14d", "traces.keep=25%", "traces.slow_threshold=2s",
      "ports.grafana=3001", "ports.prometheus=0", "components.loki.memory=2GiB",
      "forward.url=https://otlp.example.com", "forward.header=x-api-key"}},
    {"helm", {"target=helm"}},
    {"helm-open",
     {"target=helm", "name=edge", "security.auth=bearer", "security.bind=0.0.0.0",
      "logs.backend=victorialogs", "alerting.slack_channel=#ops",
      "forward.url=https://otlp.example.com"}},
};

FileTree tree_of(const Variant& variant) {
  StackSpec spec = test::spec_of(variant.settings);
  REQUIRE(set_field(spec, "tier=small"));  // init always names it
  REQUIRE(validate_spec(spec));
  Topology topology = test::sized(variant.settings).topology;
  if (spec.security.tls != Tls::off) {
    topology.certificate_ends = 1830297600;  // 2028-01-01: of a certificate that no test makes
  }
  const OsFileSystem files;
  FixedRandom random;
  auto generated = generate(**find_target(spec.target), topology, TemplateStore(files, {}), random);
  REQUIRE_MESSAGE(generated, (generated ? "" : generated.error().message));
  FileTree& tree = generated->tree;
  if (const auto hand_over = (*find_target(spec.target))->hand_over) {
    REQUIRE(hand_over(tree, topology, [](const auto&) -> Result<std::optional<std::string>> {
      return std::nullopt;
    }));
  }
  tree[stack_paths::spec] = {.bytes = write_spec(spec), .origin = "spec"};
  const auto valid = validate_tree(tree);
  CHECK_MESSAGE(valid, (valid ? "" : valid.error().message));
  return tree;
}

const fs::path k_golden = fs::path(OBSCTL_SOURCE_DIR) / "tests" / "golden";

// Generated names start with dots (.env.example, .gitignore), which git would act upon.
fs::path stored(const std::string& variant, const std::string& path) {
  return k_golden / variant /
         (replace_all(path.starts_with(".") ? "dot" + path : path, "/.", "/dot."));
}

std::string read(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string listing(const FileTree& tree) {
  std::string out;
  for (const auto& [path, file] : tree) {
    out += fmt::format("{:04o} {}{}\n", file.mode, path, file.secret ? " (secret)" : "");
  }
  return out;
}

bool belongs(const Variant& variant, const FileTree& base, const std::string& path,
             const std::string& bytes) {
  // Configurations are the same wherever a target puts them.
  constexpr std::string_view k_chart = "chart/";
  auto it = base.find(path);
  if (it == base.end() && path.starts_with(k_chart)) {
    it = base.find(path.substr(k_chart.size()));
  }
  return variant.settings.empty() || it == base.end() || it->second.bytes != bytes;
}

// What a variant's folder has to hold, by path in the source tree.
std::map<fs::path, std::string> stored_files(const Variant& variant, const FileTree& base,
                                             const FileTree& tree) {
  std::map<fs::path, std::string> out = {{k_golden / variant.name / "FILES", listing(tree)}};
  for (const auto& [path, file] : tree) {
    if (belongs(variant, base, path, file.bytes)) {
      out[stored(variant.name, path)] = file.bytes;
    }
  }
  return out;
}

std::set<fs::path> files_there(const Variant& variant) {
  std::set<fs::path> out;
  if (fs::exists(k_golden / variant.name)) {
    for (const auto& entry : fs::recursive_directory_iterator(k_golden / variant.name)) {
      if (entry.is_regular_file()) {
        out.insert(entry.path());
      }
    }
  }
  return out;
}

// Writes what differs. A run that has changed a file fails, so that nobody takes it for a check.
void update(const std::map<fs::path, std::string>& wanted, std::set<fs::path> there) {
  for (const auto& [path, bytes] : wanted) {
    if (there.erase(path) == 0 || read(path) != bytes) {
      fs::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << bytes;
      FAIL_CHECK("rewritten: " << path.string());
    }
  }
  for (const auto& path : there) {
    fs::remove(path);
    FAIL_CHECK("removed: " << path.string());
  }
}

void compare(const std::map<fs::path, std::string>& wanted, std::set<fs::path> there) {
  for (const auto& [path, bytes] : wanted) {
    CHECK_MESSAGE(there.erase(path) == 1, path.string());
    const std::string diff = unified_diff(path.string(), read(path), bytes);
    CHECK_MESSAGE(diff.empty(), diff);
  }
  for (const auto& path : there) {
    FAIL_CHECK("no longer generated: " << path.string());
  }
}

}  // namespace

TEST_CASE("the generated stacks are the committed ones") {
  const FileTree base = tree_of(k_variants.front());
  for (const auto& variant : k_variants) {
    CAPTURE(variant.name);
    const auto wanted = stored_files(variant, base, tree_of(variant));
    const bool updates = std::getenv("OBSCTL_UPDATE_GOLDEN") != nullptr;
    (updates ? update : compare)(wanted, files_there(variant));
  }
}

TEST_CASE("rendering twice gives the same bytes") {
  for (const auto& variant : k_variants) {
    const FileTree one = tree_of(variant);
    const FileTree two = tree_of(variant);
    REQUIRE(one.size() == two.size());
    for (const auto& [path, file] : one) {
      CHECK(two.at(path).bytes == file.bytes);
    }
  }
}

TEST_CASE("the spec in a tree generates the same tree") {
  for (const auto& variant : k_variants) {
    const FileTree tree = tree_of(variant);
    const auto spec = read_spec(tree.at(stack_paths::spec).bytes, "obsctl.yaml");
    REQUIRE(spec);
    CHECK(write_spec(*spec) == tree.at(stack_paths::spec).bytes);
  }
}
