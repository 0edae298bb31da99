// SPDX-License-Identifier: Apache-2.0
// Derives the Job: what points to this machine is carried along or asked for, never dropped.
#include "lib/loadgen/job.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::loadgen {
namespace {

constexpr std::size_t k_max_scenario = 1'000'000;  // a ConfigMap holds 1 MiB

// A pod has a loopback of its own, and nobody listens there.
Result<void> refuse_loopback(const PreparedRun& run) {
  for (const otlp::Endpoint& endpoint : run.plan.client.endpoints) {
    if (otlp::is_loopback(endpoint)) {
      return fail(Code::usage,
                  fmt::format("'{}' is a loopback address; inside a pod it refers to the pod",
                              endpoint.url()),
                  "use the endpoint of the collector's Service, for example "
                  "http://otel-collector.observability:4317");
    }
  }
  return {};
}

// They would end the comment that shows the value.
Result<void> refuse_control_characters(std::string_view setting, const std::string& value) {
  if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20; })) {
    return fail(Code::usage, fmt::format("the {} contains a control character", setting),
                "use a name without line breaks and tabs");
  }
  return {};
}

// MiB that a pod needs at most: the program, the templates, and copies of them for every request
// that can be in flight, twice because not all templates have the same share of them. In steps of
// 256.
std::size_t memory_of(const PreparedRun& run) {
  const Plan& plan = run.plan;
  std::size_t templates = 0;
  std::size_t largest = 0;
  for (const auto* ring : {&run.payload->traces, &run.payload->metrics, &run.payload->logs}) {
    if (*ring) {
      for (const RequestTemplate& request : (*ring)->requests) {
        templates += request.bytes.size();
        largest = std::max(largest, request.bytes.size());
      }
    }
  }
  const std::size_t copies = plan.client.compression == otlp::Compression::none ? 2 : 3;
  const bool grpc = plan.protocol == otlp::Protocol::grpc;
  const std::size_t flights =
      std::size_t{plan.workers} * plan.client.connections * (grpc ? plan.client.streams : 1);
  constexpr std::size_t k_program = 128 << 20;
  constexpr std::size_t k_step = 256 << 20;
  const std::size_t bytes = k_program + templates + flights * largest * copies;
  return (bytes + k_step - 1) / k_step * (k_step >> 20);
}

Result<void> carry_scenario(const std::string& name, const Local& local, KubernetesJob& job) {
  if (!is_scenario_file(name)) {
    job.arguments.push_back("--scenario=" + name);
    return {};
  }
  OBS_TRY_ASSIGN(job.scenario, local.files.read(local.directory / name));
  if (job.scenario.size() > k_max_scenario) {
    return fail(Code::usage, fmt::format("'{}' is too large for a ConfigMap (1 MiB)", name),
                "build an image that contains the scenario");
  }
  return {};
}

// The pods have an environment of their own.
void carry_environment(const PreparedRun& run, KubernetesJob& job) {
  const TargetOptions& target = run.target;
  if (run.report.environment.contains("protocol")) {
    job.arguments.push_back(fmt::format("--protocol={}", name_of(*target.transport)));
  }
  if (run.report.environment.contains("compression")) {
    job.arguments.push_back(fmt::format("--compression={}", name_of(*target.compression)));
  }
  if (run.report.environment.contains("timeout")) {
    job.arguments.push_back(fmt::format("--timeout={}", print_duration(*target.timeout)));
  }
}

// Files by the flag that names them in the pod, as they are found on this machine.
Result<void> carry_secrets(const PreparedRun& run, const StackTarget* stack, const Local& local,
                           KubernetesJob& job) {
  const TargetOptions& options = run.target;
  for (std::size_t i = 0; i < options.headers.size(); ++i) {
    job.headers.push_back(run.plan.client.headers[i].first);
  }
  const bool of_stack =
      options.bearer_file.empty() && run.plan.client.headers.size() > options.headers.size();
  for (const auto& [flag, file] :
       {std::pair<const char*, std::string>{"bearer-file",
                                            of_stack ? stack->token_file : options.bearer_file},
        {"ca-file", run.plan.client.tls.ca_file},
        {"cert-file", run.plan.client.tls.cert_file},
        {"key-file", run.plan.client.tls.key_file}}) {
    if (file.empty()) {
      continue;
    }
    if (!local.files.exists(local.directory / file)) {
      return fail(Code::missing, fmt::format("file '{}' not found", file),
                  "the pods get it from a Secret that is made from this file");
    }
    OBS_TRY(refuse_control_characters(fmt::format("name of the {}", flag), file));
    job.secret_files.emplace_back(flag, file);
  }
  return {};
}

}  // namespace

Result<KubernetesJob> derive_job(const RunOptions& options, const PreparedRun& run,
                                 const StackTarget* stack, const Local& local,
                                 std::vector<std::string> arguments, int shards,
                                 const std::string& image) {
  OBS_TRY(refuse_loopback(run));
  OBS_TRY(refuse_control_characters("image", image));
  KubernetesJob job;
  job.shards = shards;
  job.cpus = static_cast<int>(run.plan.workers);
  job.memory = memory_of(run);
  job.image = image;
  for (const otlp::Endpoint& endpoint : run.plan.client.endpoints) {
    job.arguments.push_back("--endpoint=" + endpoint.url());
  }
  std::ranges::move(arguments, std::back_inserter(job.arguments));
  carry_environment(run, job);
  OBS_TRY(carry_scenario(options.load.scenario, local, job));
  OBS_TRY(carry_secrets(run, stack, local, job));
  job.arguments.push_back(fmt::format("--seed={}", run.plan.seed));
  // The target was checked here. Nothing but the report may be in the pod's log: it is merged.
  for (const char* word : {"--yes", "--quiet", "--output=json"}) {
    job.arguments.emplace_back(word);
  }
  return job;
}

}  // namespace obsctl::loadgen
