// SPDX-License-Identifier: Apache-2.0
// Fills templates/loadgen/job.yaml in: which arguments a pod gets, and what they point to.
#include "lib/loadgen/kubernetes.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/template/template.hpp"
#include "lib/yaml/write.hpp"
#include "templates/embedded.hpp"

namespace obsctl::loadgen {
namespace {

constexpr auto k_template = "loadgen/job.yaml";
constexpr auto k_secret_folder = "/etc/obsctl/secret";
constexpr auto k_scenario_folder = "/etc/obsctl/scenario";

std::string variable(std::size_t header) {
  return fmt::format("OBSCTL_HEADER_{}", header + 1);
}
std::string key(std::size_t header) {
  return fmt::format("header-{}", header + 1);
}

Values arguments(const KubernetesJob& job) {
  // Kubernetes replaces $(NAME) in arguments, and reads $$ as $.
  const auto literal = [](const std::string& text) { return replace_all(text, "$", "$$"); };
  Values out = Values::array();
  for (const std::string& argument : job.arguments) {
    out.push_back(literal(argument));
  }
  if (!job.scenario.empty()) {
    out.push_back(fmt::format("--scenario={}/scenario.yaml", k_scenario_folder));
  }
  for (const auto& [flag, file] : job.secret_files) {
    out.push_back(literal(fmt::format("--{}={}/{}", flag, k_secret_folder, flag)));
  }
  for (std::size_t i = 0; i < job.headers.size(); ++i) {
    out.push_back(fmt::format("--header={}=$({})", job.headers[i], variable(i)));
  }
  return out;
}

// The words of `kubectl create secret` that put files and headers into the Secret.
Values secret_words(const KubernetesJob& job) {
  Values out = Values::array();
  for (const auto& [flag, file] : job.secret_files) {
    out.push_back(fmt::format("--from-file={}={}", flag, shell_quoted(file)));
  }
  for (std::size_t i = 0; i < job.headers.size(); ++i) {
    out.push_back(fmt::format("--from-literal={}=\"$VALUE_OF_{}\"", key(i),
                              replace_all(replace_all(job.headers[i], "-", "_"), ".", "_")));
  }
  return out;
}

}  // namespace

Result<std::string> kubernetes_manifest(const KubernetesJob& job) {
  Values headers = Values::array();
  for (std::size_t i = 0; i < job.headers.size(); ++i) {
    headers.push_back(Values{{"variable", variable(i)}, {"key", key(i)}});
  }
  Values files = Values::array();
  for (const auto& [flag, file] : job.secret_files) {
    files.push_back(flag);
  }
  const bool has_scenario = !job.scenario.empty();
  const Values values = {
      {"shards", job.shards},
      {"cpus", job.cpus},
      {"memory", job.memory},
      {"image", yaml::scalar(job.image)},
      {"image_word", shell_quoted(job.image)},
      {"arguments", yaml::lines(arguments(job), 12)},
      {"scenario",
       has_scenario ? Values(yaml::lines({{"scenario.yaml", job.scenario}}, 2)) : Values(false)},
      {"scenario_folder", k_scenario_folder},
      {"headers", headers},
      {"has_secret", !files.empty() || !headers.empty()},
      {"secret_words", secret_words(job)},
      {"has_files", !files.empty()},
      {"secret_files", files},
      {"secret_folder", k_secret_folder},
      {"has_volumes", !files.empty() || has_scenario}};
  const Template source = {
      .path = k_template, .origin = "embedded", .text = std::string(embedded_file(k_template))};
  return render_template(source, values);
}

}  // namespace obsctl::loadgen
