// What the user gave on the command line of `obsctl loadgen`, and how it becomes a plan.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/loadgen/report.hpp"
#include "lib/loadgen/run.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {

struct LoadgenOptions {
  std::string mode = "run";
  std::vector<std::string> files;  // compare, merge

  // Target
  std::vector<std::string> endpoints;
  std::string protocol = "grpc";
  std::string compression = "none";
  std::vector<std::string> headers;
  std::optional<std::string> bearer_file;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  bool insecure = false;
  std::string connections = "1";
  std::string streams = "64";
  std::string timeout = "10s";
  std::optional<std::string> stack;
  std::vector<std::string> template_dirs;
  bool yes = false;

  // Load
  std::optional<std::string> scenario;
  std::vector<std::string> signals;
  std::optional<std::string> tier;
  std::optional<std::string> rate;
  std::string unit = "items";
  std::optional<std::string> profile;
  std::optional<std::string> duration;
  std::optional<std::string> count;
  bool max = false;
  std::string warmup = "0";
  std::string batch = "100";
  std::string workers = "1";
  std::optional<std::string> seed;
  std::string shard = "0/1";
  std::optional<std::string> span_size;
  std::optional<std::string> log_size;
  std::optional<std::string> series;
  bool sequence = false;
  std::string retry = "honour";

  // Truth
  std::optional<std::string> ledger;
  std::optional<std::string> sink_counts;
  std::string settle = "30s";
  std::optional<std::string> keep;
  std::optional<std::string> slow_threshold;
  std::optional<std::string> decision_wait;
  std::vector<std::string> thresholds;
  bool find_max = false;
  bool write_calibration = false;

  // Reports
  std::string output = "text";
  std::string json_file;
  std::string markdown_file;
  std::string junit_file;
  bool dry_run = false;
  std::optional<std::string> kubernetes;
  std::string image = "obsctl:" OBSCTL_VERSION;

  // Sink
  std::string listen = "127.0.0.1";
  std::string grpc_port = "4317";
  std::string http_port = "4318";
  std::vector<std::string> faults;
  std::string depth = "full";
  std::string group;
  bool print = false;
};

// The stack whose obsctl.yaml says where to send and what to expect.
struct LoadgenStack {
  std::filesystem::path file;  // absolute
  StackSpec spec;
  std::string endpoint;   // of the chosen protocol
  std::string authority;  // its host:port
  std::string ledger;     // URL of the collector's own metrics
  std::string ca_file;    // empty: no TLS, or a certificate that the system trusts
  std::string bearer;     // empty: no authentication
  double spans = 0;       // documented rates per second
  double points = 0;
  double records = 0;
  double series = 0;
};

// A plan with everything it points to.
struct Prepared {
  loadgen::Scenario scenario;
  loadgen::CompileOptions compile;
  loadgen::Payload payload;
  loadgen::Plan plan;
  std::optional<LoadgenStack> stack;
  std::string ledger;      // URL or empty
  loadgen::Report report;  // everything that is known before the run
  std::vector<loadgen::Threshold> thresholds;
  double rate = 0;  // units/s of the base
};

// --stack, or nothing when it was not given. Errors: no obsctl.yaml there.
[[nodiscard]] Result<std::optional<LoadgenStack>> find_stack(Context& context,
                                                             const LoadgenOptions& options);

// Endpoints, TLS, headers, connections.
[[nodiscard]] Result<void> prepare_target(Context& context, const LoadgenOptions& options,
                                          Prepared& out);

// Refuses more than the safe rate to a target beyond this machine that nobody has named: not with
// --yes, not as the stack of --stack, not under loadgen.targets of that stack's obsctl.yaml or of
// the one in the current directory.
[[nodiscard]] Result<void> check_target(Context& context, const LoadgenOptions& options,
                                        const Prepared& prepared);

// --tier: the tier's documented rates, sizes and series become the scenario's.
[[nodiscard]] Result<void> apply_tier(const LoadgenOptions& options, Prepared& out);
// Whether the tier of the report held: everything sent, accepted and, with a ledger, delivered.
void certify(loadgen::Report& report);

// An error when nothing at all was accepted: Code::unreachable without any answer, Code::failed
// when the target refused everything. A run that delivered something is judged by its thresholds.
// Says nothing about one shard: it is judged when all are put together (`merged`).
[[nodiscard]] Result<void> check_arrival(const loadgen::Report& report, bool merged = false);

// Everything else; compiles the payload. Refuses a target beyond this machine above the safe rate.
[[nodiscard]] Result<Prepared> prepare_loadgen(Context& context, const LoadgenOptions& options);

// True when --scenario names a file, not a shipped scenario.
[[nodiscard]] bool is_scenario_file(const std::string& name);

// Prints the Job that runs the plan in pods. Code::usage for what no pod can do, and for a target
// that is not reachable from one.
[[nodiscard]] Result<int> print_job(Context& context, const LoadgenOptions& options,
                                    const Prepared& prepared);

[[nodiscard]] Result<int> run_loadgen(Context& context, const LoadgenOptions& options);
[[nodiscard]] Result<int> run_sink(Context& context, const LoadgenOptions& options);

}  // namespace obsctl
