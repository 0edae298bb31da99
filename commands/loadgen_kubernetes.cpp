// `--kubernetes N`: the options of a run as a Job, with what they point to on this machine carried
// along or asked for. Nothing is dropped: what a pod cannot do is refused.
#include <fmt/format.h>

#include <algorithm>

#include "commands/loadgen_options.hpp"
#include "lib/base/text.hpp"
#include "lib/loadgen/kubernetes.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_scenario = 1'000'000;  // a ConfigMap holds 1 MiB

// What needs more than one shard to see, or writes files where nobody finds them.
Result<void> refuse_what_no_pod_can_do(const LoadgenOptions& o) {
  const LoadgenOptions fresh;
  const std::pair<const char*, bool> flags[] = {
      {"--shard", o.shard != fresh.shard},
      {"--ledger", o.ledger.has_value()},
      {"--sink-counts", o.sink_counts.has_value()},
      {"--settle", o.settle != fresh.settle},
      {"--keep", o.keep.has_value()},
      {"--slow-threshold", o.slow_threshold.has_value()},
      {"--decision-wait", o.decision_wait.has_value()},
      {"--find-max", o.find_max},
      {"--write-calibration", o.write_calibration},
      {"--dry-run", o.dry_run},
      {"--report-json", !o.json_file.empty()},
      {"--report-markdown", !o.markdown_file.empty()},
      {"--report-junit", !o.junit_file.empty()},
      {"--output", o.output == "markdown" || o.output == "junit"}};
  for (const auto& [flag, given] : flags) {
    if (given) {
      return fail(
          Code::usage, fmt::format("'{}' makes no sense with '--kubernetes'", flag),
          "a pod sends its part and prints a JSON report; 'obsctl loadgen merge' joins them");
    }
  }
  if (o.tier && o.stack) {
    return fail(Code::usage, "a job cannot certify the tier of a stack on this machine",
                "leave --stack out for the tier's documented rates, and say where with --endpoint");
  }
  return {};
}

// A pod has a loopback of its own, and nobody listens there.
Result<void> refuse_loopback(const Prepared& prepared) {
  for (const otlp::Endpoint& endpoint : prepared.plan.client.endpoints) {
    if (otlp::is_loopback(endpoint)) {
      return fail(
          Code::usage,
          fmt::format("'{}' is this machine; in a pod it would be the pod itself", endpoint.url()),
          "give the collector's Service, for example --endpoint "
          "http://otel-collector.observability:4317");
    }
  }
  return {};
}

// They would end the comment that shows the value.
Result<void> refuse_control_characters(const char* flag, const std::string& value) {
  if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20; })) {
    return fail(Code::usage, fmt::format("the value of --{} contains a control character", flag));
  }
  return {};
}

// Files by the flag that names them, as they are found on this machine.
Result<std::vector<std::pair<std::string, std::string>>> secret_files(Context& context,
                                                                      const LoadgenOptions& o,
                                                                      const Prepared& prepared) {
  std::string bearer = o.bearer_file.value_or("");
  const auto& headers = prepared.plan.client.headers;
  const bool of_stack = bearer.empty() && headers.size() > o.headers.size();
  if (of_stack) {
    bearer = (fs::path(*o.stack) / stack_paths::otlp_secret).string();
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [flag, file] : {std::pair<const char*, std::string>{"bearer-file", bearer},
                                   {"ca-file", prepared.plan.client.tls.ca_file},
                                   {"cert-file", o.cert_file},
                                   {"key-file", o.key_file}}) {
    if (file.empty()) {
      continue;
    }
    if (!context.files.exists(context.environment.directory / file)) {
      return fail(Code::missing, fmt::format("there is no '{}' for --{}", file, flag));
    }
    OBS_TRY(refuse_control_characters(flag, file));
    out.emplace_back(flag, file);
  }
  return out;
}

// What shapes the plan and differs from the defaults.
std::vector<std::string> plan_arguments(const LoadgenOptions& o, const Prepared& prepared) {
  const LoadgenOptions fresh;
  std::vector<std::string> out;
  const auto add = [&out](const char* flag, const std::string& value, const std::string& usual) {
    if (value != usual) {
      out.push_back(fmt::format("--{}={}", flag, value));
    }
  };
  for (const otlp::Endpoint& endpoint : prepared.plan.client.endpoints) {
    add("endpoint", endpoint.url(), "");
  }
  for (const auto& [flag, values] :
       {std::pair{"signals", &o.signals}, {"threshold", &o.thresholds}}) {
    for (const std::string& value : *values) {
      add(flag, value, "");
    }
  }
  for (const auto& [flag, value] : {std::pair{"tier", &o.tier},
                                    {"rate", &o.rate},
                                    {"profile", &o.profile},
                                    {"duration", &o.duration},
                                    {"count", &o.count},
                                    {"span-size", &o.span_size},
                                    {"log-size", &o.log_size},
                                    {"series", &o.series}}) {
    add(flag, value->value_or(""), "");
  }
  add("protocol", o.protocol, fresh.protocol);
  add("compression", o.compression, fresh.compression);
  add("server-name", o.server_name, "");
  add("connections", o.connections, fresh.connections);
  add("streams", o.streams, fresh.streams);
  add("timeout", o.timeout, fresh.timeout);
  add("unit", o.unit, fresh.unit);
  add("warmup", o.warmup, fresh.warmup);
  add("batch", o.batch, fresh.batch);
  add("workers", o.workers, fresh.workers);
  add("retry", o.retry, fresh.retry);
  out.push_back(fmt::format("--seed={}", prepared.plan.seed));
  for (const auto& [flag, on] :
       {std::pair{"max", o.max}, {"sequence", o.sequence}, {"insecure-skip-verify", o.insecure}}) {
    if (on) {
      out.push_back(fmt::format("--{}", flag));
    }
  }
  return out;
}

// MiB that a pod needs at most: the program, the templates, and copies of them for every request
// that can be on its way, twice because not all templates have the same share of them. In steps of
// 256.
std::size_t memory_of(const Prepared& prepared) {
  const loadgen::Plan& plan = prepared.plan;
  std::size_t templates = 0;
  std::size_t largest = 0;
  for (const auto* ring :
       {&prepared.payload.traces, &prepared.payload.metrics, &prepared.payload.logs}) {
    if (*ring) {
      for (const loadgen::RequestTemplate& request : (*ring)->requests) {
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

Result<void> carry_scenario(Context& context, const LoadgenOptions& o,
                            loadgen::KubernetesJob& job) {
  if (!o.scenario) {
    return {};
  }
  if (!is_scenario_file(*o.scenario)) {
    job.arguments.push_back("--scenario=" + *o.scenario);
    return {};
  }
  OBS_TRY_ASSIGN(job.scenario, context.files.read(context.environment.directory / *o.scenario));
  if (job.scenario.size() > k_max_scenario) {
    return fail(Code::usage,
                fmt::format("'{}' is larger than a ConfigMap may be (1 MiB)", *o.scenario));
  }
  return {};
}

}  // namespace

Result<int> print_job(Context& context, const LoadgenOptions& options, const Prepared& prepared) {
  loadgen::KubernetesJob job;
  OBS_TRY_ASSIGN(const auto shards, parse_integer(*options.kubernetes, "--kubernetes", 1, 10'000));
  OBS_TRY(refuse_what_no_pod_can_do(options));
  OBS_TRY(refuse_loopback(prepared));
  OBS_TRY(refuse_control_characters("image", options.image));
  job.shards = static_cast<int>(shards);
  job.cpus = static_cast<int>(prepared.plan.workers);
  job.memory = memory_of(prepared);
  job.image = options.image;
  job.arguments = plan_arguments(options, prepared);
  OBS_TRY(carry_scenario(context, options, job));
  OBS_TRY_ASSIGN(job.secret_files, secret_files(context, options, prepared));
  for (std::size_t i = 0; i < options.headers.size(); ++i) {
    job.headers.push_back(prepared.plan.client.headers[i].first);
  }
  // The target was checked here. Nothing but the report may be in the pod's log: it is merged.
  for (const char* word : {"--yes", "--quiet", "--output=json"}) {
    job.arguments.emplace_back(word);
  }
  OBS_TRY_ASSIGN(const std::string manifest, loadgen::kubernetes_manifest(job));
  context.terminal.out(manifest);
  return exit_code::ok;
}

}  // namespace obsctl
