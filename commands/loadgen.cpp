// Declares `obsctl loadgen` and sends its modes where they are done.
#include "commands/loadgen.hpp"

#include <fmt/format.h>

#include <memory>

#include "commands/loadgen_options.hpp"
#include "commands/stack_templates.hpp"
#include "lib/base/text.hpp"
#include "lib/loadgen/scenario.hpp"
#include "lib/sink/fault.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    R"(Sends synthetic traces, metrics and logs over OTLP at an exact rate and tells the truth about what became of them. Without a mode it runs; the other modes stand in its place:

  run      send (the default)
  sink     receive: count, find duplicates, answer with chosen faults, print
  compare  two JSON reports side by side
  merge    the JSON reports of several generators as one

The rate is open loop: a schedule says when every request is due, and a slow target cannot slow it down. Latency counts from that intended moment, so waiting shows; the service time from the actual sending stands beside it. Requests that left late or never are counted, and a run that the generator itself limited says so. --max sends as fast as the target answers instead.

Every sent item has one fate: accepted, rejected (partial_success), refused (an error answer), failed (no connection) or unknown (no answer). With --ledger the collector's own counters are read before and after, and every item is accounted for or named as missing.

Scenarios say what is sent: a shipped one by name or a file of the same form. The same seed gives the same bytes apart from the time; the fingerprint in the report proves it. Without --seed every run has its own ids. Requests are encoded once and only ids, times and numbers are rewritten, so ids are always fresh at the cost of pre-encoded data.

--tier sends what a tier is documented to carry and certifies it; --stack takes the endpoint, the certificate, the token, the rates and the sampling policy from a generated stack. --find-max searches the highest rate that holds the thresholds.

A target beyond this machine gets at most 1000 items/s unless --yes is given, its stack is named with --stack, or it stands under loadgen.targets in that stack's obsctl.yaml or in the one of the current directory. Every run ends: after --duration (10s unless --count is given) or --count. Ctrl-C drains, reports and exits 130 (143 after SIGTERM); a second one stops at once.)";

using Options = LoadgenOptions;

void add_target(std::vector<Flag>& out, Options& o) {
  const std::string group = "Target";
  out.push_back({.name = "endpoint",
                 .short_name = 'e',
                 .value = "URL",
                 .into = &o.endpoints,
                 .env = "OTEL_EXPORTER_OTLP_ENDPOINT",
                 .env_unless = "stack",
                 .fallback = "localhost:4317",
                 .group = group,
                 .common = true,
                 .doc = "where to send; may be repeated, connections are spread"});
  out.push_back({.name = "protocol",
                 .value = "PROTOCOL",
                 .into = &o.protocol,
                 .choices = {"grpc", "http/protobuf", "http/json"},
                 .fallback = "grpc",
                 .group = group,
                 .doc = "transport and encoding"});
  out.push_back({.name = "compression",
                 .value = "NAME",
                 .into = &o.compression,
                 .choices = {"none", "gzip", "zstd"},
                 .fallback = "none",
                 .group = group,
                 .doc = "compress every request while sending"});
  out.push_back({.name = "header",
                 .short_name = 'H',
                 .value = "NAME=VALUE",
                 .into = &o.headers,
                 .group = group,
                 .doc = "extra header or gRPC metadata; may be repeated"});
  out.push_back({.name = "bearer-file",
                 .value = "FILE",
                 .into = &o.bearer_file,
                 .completes = "file",
                 .group = group,
                 .doc = "send the token in this file"});
  out.push_back({.name = "ca-file",
                 .value = "FILE",
                 .into = &o.ca_file,
                 .completes = "file",
                 .group = group,
                 .doc = "trust this CA (PEM)"});
  out.push_back({.name = "cert-file",
                 .value = "FILE",
                 .into = &o.cert_file,
                 .completes = "file",
                 .group = group,
                 .doc = "client certificate (PEM)"});
  out.push_back({.name = "key-file",
                 .value = "FILE",
                 .into = &o.key_file,
                 .completes = "file",
                 .group = group,
                 .doc = "key of the client certificate (PEM)"});
  out.push_back({.name = "server-name",
                 .value = "NAME",
                 .into = &o.server_name,
                 .group = group,
                 .doc = "name in the server's certificate, when it is not the host"});
  out.push_back({.name = "insecure-skip-verify",
                 .into = &o.insecure,
                 .group = group,
                 .doc = "accept any certificate"});
  out.push_back({.name = "connections",
                 .value = "N",
                 .into = &o.connections,
                 .fallback = "1",
                 .group = group,
                 .doc = "connections per worker, at least one for every endpoint"});
  out.push_back({.name = "streams",
                 .value = "N",
                 .into = &o.streams,
                 .fallback = "64",
                 .group = group,
                 .doc = "gRPC requests in flight per connection"});
  out.push_back({.name = "timeout",
                 .value = "DURATION",
                 .into = &o.timeout,
                 .fallback = "10s",
                 .group = group,
                 .doc = "how long to wait for an answer"});
  out.push_back({.name = "stack",
                 .value = "DIR",
                 .into = &o.stack,
                 .completes = "directory",
                 .group = group,
                 .common = true,
                 .doc = "take target, rates and policies from this generated stack"});
  out.push_back(template_dir_flag(&o.template_dirs, group));
  out.push_back({.name = "yes",
                 .short_name = 'y',
                 .into = &o.yes,
                 .group = group,
                 .doc = "send more than 1000 items/s beyond this machine"});
}

void add_load(std::vector<Flag>& out, Options& o) {
  const std::string group = "Load";
  out.push_back({.name = "scenario",
                 .short_name = 's',
                 .value = "NAME|FILE",
                 .into = &o.scenario,
                 .suggestions = loadgen::scenario_names(),
                 .completes = "file",
                 .fallback = "shop",
                 .group = group,
                 .common = true,
                 .doc = "what to send; 'obsctl help scenarios' lists and explains"});
  out.push_back({.name = "signals",
                 .value = "SIGNAL",
                 .into = &o.signals,
                 .choices = {"traces", "metrics", "logs"},
                 .group = group,
                 .doc = "only these of the scenario's signals; may be repeated"});
  out.push_back({.name = "tier",
                 .value = "TIER",
                 .into = &o.tier,
                 .choices = {"small", "medium", "large", "xlarge"},
                 .group = group,
                 .common = true,
                 .doc = "the tier's documented rates, and certify them"});
  out.push_back({.name = "rate",
                 .short_name = 'r',
                 .value = "RATE",
                 .into = &o.rate,
                 .fallback = "100/s",
                 .group = group,
                 .common = true,
                 .doc = "units per second over all signals and workers, for example 50k/s"});
  out.push_back({.name = "unit",
                 .value = "UNIT",
                 .into = &o.unit,
                 .choices = {"items", "requests"},
                 .fallback = "items",
                 .group = group,
                 .doc = "what --rate counts: spans, points and records, or requests"});
  out.push_back({.name = "profile",
                 .value = "PROFILE",
                 .into = &o.profile,
                 .suggestions = {"constant", "ramp", "step:5", "spike:10x@20s+10s", "sine:50%/60s"},
                 .fallback = "constant",
                 .group = group,
                 .doc = "how the rate moves: constant, ramp, step, spike, sine"});
  out.push_back({.name = "duration",
                 .short_name = 'd',
                 .value = "DURATION",
                 .into = &o.duration,
                 .fallback = "10s",
                 .group = group,
                 .common = true,
                 .doc = "length of the run"});
  out.push_back({.name = "count",
                 .short_name = 'n',
                 .value = "N",
                 .into = &o.count,
                 .group = group,
                 .common = true,
                 .doc = "exactly N items ('100ktraces': whole traces, '500requests')"});
  out.push_back({.name = "max",
                 .into = &o.max,
                 .group = group,
                 .doc = "closed loop: as fast as the target answers"});
  out.push_back({.name = "warmup",
                 .value = "DURATION",
                 .into = &o.warmup,
                 .fallback = "0",
                 .group = group,
                 .doc = "first part of the run that latencies do not count"});
  out.push_back({.name = "batch",
                 .short_name = 'b',
                 .value = "N",
                 .into = &o.batch,
                 .fallback = "100",
                 .group = group,
                 .doc = "items per request"});
  out.push_back({.name = "workers",
                 .value = "N",
                 .into = &o.workers,
                 .fallback = "1",
                 .group = group,
                 .doc = "threads; one is enough for millions of spans per second"});
  out.push_back({.name = "seed",
                 .value = "N",
                 .into = &o.seed,
                 .fallback = "random",
                 .group = group,
                 .doc = "same seed, same bytes and ids; the report names it"});
  out.push_back({.name = "shard",
                 .value = "K/N",
                 .into = &o.shard,
                 .env = "OBSCTL_LOADGEN_SHARD",
                 .fallback = "0/1",
                 .group = group,
                 .doc = "send part K of N of the plan; start all parts together"});
  out.push_back({.name = "span-size",
                 .value = "SIZE",
                 .into = &o.span_size,
                 .group = group,
                 .doc = "pad every span to this many bytes, for example 1KB"});
  out.push_back({.name = "log-size",
                 .value = "SIZE",
                 .into = &o.log_size,
                 .group = group,
                 .doc = "fill every log record to this many bytes, for example 300B"});
  out.push_back({.name = "series",
                 .value = "COUNT",
                 .into = &o.series,
                 .group = group,
                 .doc = "distinct metric series"});
  out.push_back(
      {.name = "sequence",
       .into = &o.sequence,
       .group = group,
       .doc = "number every item (attribute obsctl.seq), for exact duplicates at the sink"});
  out.push_back({.name = "retry",
                 .value = "MODE",
                 .into = &o.retry,
                 .choices = {"honour", "ignore", "off"},
                 .fallback = "honour",
                 .group = group,
                 .doc = "as OTLP says, at once whatever the server says, or never"});
}

void add_truth(std::vector<Flag>& out, Options& o) {
  const std::string group = "Truth";
  out.push_back({.name = "ledger",
                 .value = "URL",
                 .into = &o.ledger,
                 .group = group,
                 .common = true,
                 .doc = "balance with the collector's own metrics (port 8888)"});
  out.push_back({.name = "sink-counts",
                 .value = "URL",
                 .into = &o.sink_counts,
                 .group = group,
                 .doc = "balance with an obsctl sink behind the collector"});
  out.push_back({.name = "settle",
                 .value = "DURATION",
                 .into = &o.settle,
                 .fallback = "30s",
                 .group = group,
                 .doc = "wait at most this long until the collector stands still"});
  out.push_back({.name = "keep",
                 .value = "SHARE",
                 .into = &o.keep,
                 .group = group,
                 .doc = "share of ordinary traces that tail sampling keeps: predict and check"});
  out.push_back({.name = "slow-threshold",
                 .value = "DURATION",
                 .into = &o.slow_threshold,
                 .fallback = "500ms",
                 .group = group,
                 .doc = "traces this long are always kept"});
  out.push_back({.name = "decision-wait",
                 .value = "DURATION",
                 .into = &o.decision_wait,
                 .fallback = "10s",
                 .group = group,
                 .doc = "how long the sampler waits for a trace to be complete"});
  out.push_back({.name = "threshold",
                 .short_name = 't',
                 .value = "TEST",
                 .into = &o.thresholds,
                 .suggestions = {"p99<50ms", "errors<0.1%", "loss<0.1%", "rate>99%", "late<1%"},
                 .group = group,
                 .common = true,
                 .doc = "exit 3 unless this holds, for example 'p99<50ms'"});
  out.push_back({.name = "find-max",
                 .into = &o.find_max,
                 .group = group,
                 .common = true,
                 .doc = "search the highest rate that holds the thresholds"});
  out.push_back({.name = "write-calibration",
                 .into = &o.write_calibration,
                 .group = group,
                 .doc = "write the measured bytes per item into the stack's obsctl.yaml"});
}

void add_report(std::vector<Flag>& out, Options& o) {
  const std::string group = "Report";
  out.push_back(output_flag(&o.output, {"text", "json", "markdown", "junit"}));
  out.back().group = group;
  out.push_back({.name = "report-json",
                 .value = "FILE",
                 .into = &o.json_file,
                 .completes = "file",
                 .group = group,
                 .doc = "also write the JSON report"});
  out.push_back({.name = "report-markdown",
                 .value = "FILE",
                 .into = &o.markdown_file,
                 .completes = "file",
                 .group = group,
                 .doc = "also write a Markdown report"});
  out.push_back({.name = "report-junit",
                 .value = "FILE",
                 .into = &o.junit_file,
                 .completes = "file",
                 .group = group,
                 .doc = "also write a JUnit report"});
  out.push_back({.name = "dry-run",
                 .into = &o.dry_run,
                 .group = group,
                 .common = true,
                 .doc = "show the plan and the payload's fingerprint, send nothing"});
  out.push_back({.name = "kubernetes",
                 .value = "N",
                 .into = &o.kubernetes,
                 .group = group,
                 .doc = "print an Indexed Job that runs N shards of this plan"});
  out.push_back({.name = "image",
                 .value = "IMAGE",
                 .into = &o.image,
                 .fallback = "obsctl:" OBSCTL_VERSION,
                 .group = group,
                 .doc = "image of that job; scripts/image makes one"});
}

void add_sink(std::vector<Flag>& out, Options& o) {
  const std::string group = "Sink";
  out.push_back({.name = "listen",
                 .value = "ADDRESS",
                 .into = &o.listen,
                 .fallback = "127.0.0.1",
                 .group = group,
                 .doc = "address of the sink"});
  out.push_back({.name = "grpc-port",
                 .value = "PORT",
                 .into = &o.grpc_port,
                 .fallback = "4317",
                 .group = group,
                 .doc = "0: any free port, -1: no gRPC"});
  out.push_back({.name = "http-port",
                 .value = "PORT",
                 .into = &o.http_port,
                 .fallback = "4318",
                 .group = group,
                 .doc = "0: any free port, -1: no HTTP; counts are at /counts"});
  out.push_back({.name = "fault",
                 .value = "KIND[,KEY=VALUE]",
                 .into = &o.faults,
                 .suggestions = otlp::fault_names(),
                 .group = group,
                 .doc = "answer badly, for example unavailable,share=10%,retry=2s"});
  out.push_back({.name = "depth",
                 .value = "DEPTH",
                 .into = &o.depth,
                 .choices = {"requests", "items", "full"},
                 .fallback = "full",
                 .group = group,
                 .doc = "count requests, items, or identify every item"});
  out.push_back({.name = "group",
                 .value = "KEY",
                 .into = &o.group,
                 .group = group,
                 .doc = "count traces per value of this span attribute"});
  out.push_back({.name = "print",
                 .into = &o.print,
                 .group = group,
                 .doc = "print what arrives as OTLP/JSON, a line per request; headers and answers "
                        "go to stderr"});
}

Result<loadgen::Report> load_report(Context& context, const std::string& name) {
  OBS_TRY_ASSIGN(const std::string text, context.files.read(context.environment.directory / name));
  return loadgen::read_report(text, name);
}

Result<int> run_compare(Context& context, const Options& options) {
  if (options.files.size() != 2) {
    return fail(Code::usage, fmt::format("compare takes two reports, not {}", options.files.size()),
                "obsctl loadgen compare before.json after.json");
  }
  OBS_TRY_ASSIGN(const auto a, load_report(context, options.files[0]));
  OBS_TRY_ASSIGN(const auto b, load_report(context, options.files[1]));
  context.terminal.out(
      loadgen::compare_reports(a, b, options.files[0], options.files[1], context.color_out()));
  return exit_code::ok;
}

Result<int> run_merge(Context& context, const Options& options) {
  std::vector<loadgen::Report> reports;
  for (const std::string& name : options.files) {
    OBS_TRY_ASSIGN(auto report, load_report(context, name));
    reports.push_back(std::move(report));
  }
  if (reports.empty()) {
    return fail(Code::usage, "merge takes the reports to merge",
                "obsctl loadgen merge shard-*.json -o json");
  }
  OBS_TRY_ASSIGN(const auto merged, loadgen::merge_reports(reports));
  context.terminal.out(options.output == "json"       ? loadgen::report_json(merged)
                       : options.output == "markdown" ? loadgen::report_markdown(merged)
                       : options.output == "junit"
                           ? loadgen::report_junit(merged)
                           : loadgen::report_text(merged, context.color_out()));
  if (merged.passed()) {
    OBS_TRY(check_arrival(merged, true));
  }
  return merged.passed() ? exit_code::ok : exit_code::findings;
}

Result<int> dispatch(Context& context, const Options& options) {
  if (!options.files.empty() && options.mode != "compare" && options.mode != "merge") {
    return fail(Code::usage, fmt::format("unexpected argument '{}'", options.files.front()),
                "only compare and merge take files");
  }
  if (options.mode == "sink") {
    return run_sink(context, options);
  }
  if (options.mode == "compare") {
    return run_compare(context, options);
  }
  if (options.mode == "merge") {
    return run_merge(context, options);
  }
  return run_loadgen(context, options);
}

}  // namespace

Command loadgen_command() {
  auto options = std::make_shared<Options>();
  Command out;
  out.name = "loadgen";
  out.group = "Prove";
  out.summary = "load-test collectors with synthetic traces, metrics and logs";
  out.description = k_description;
  add_target(out.flags, *options);
  add_load(out.flags, *options);
  add_truth(out.flags, *options);
  add_report(out.flags, *options);
  add_sink(out.flags, *options);
  out.arguments = {{.name = "MODE",
                    .into = &options->mode,
                    .required = false,
                    .choices = {"run", "sink", "compare", "merge"},
                    .doc = "run (default), sink, compare or merge"},
                   {.name = "FILE",
                    .into = &options->files,
                    .required = false,
                    .choices = {},
                    .doc = "reports to compare or merge"}};
  out.examples = {
      {"obsctl loadgen --rate 5k/s --duration 30s", "the shop's traces, metrics and logs"},
      {"obsctl loadgen --stack . --tier small -d 60s", "does this stack hold its tier's rate?"},
      {"obsctl loadgen -s sampling -n 100ktraces -r 25k/s --keep 10% --ledger "
       "http://localhost:8888/metrics",
       "does tail sampling keep 12,250 of 100,000 traces?"},
      {"obsctl loadgen -r 50k/s -t 'p99<50ms' -t 'errors<0.1%' --report-junit load.xml",
       "a gate for CI"},
      {"obsctl loadgen --find-max -t 'p99<100ms' -t 'errors<0.1%'", "where is the knee?"},
      {"obsctl loadgen sink --grpc-port 5317 --http-port 5318 --print",
       "see what an SDK really sends"},
      {"obsctl loadgen sink --fault unavailable,share=10%,retry=2s", "a server that pushes back"},
      {"obsctl loadgen compare before.json after.json", "two reports side by side"},
      {"obsctl loadgen -r 500k/s --kubernetes 5 -e otel:4317 --yes",
       "the same plan from five pods"},
  };
  out.exit_codes = {{3, "a threshold, the ledger, the sampling proof or the tier was missed"},
                    {1, "the target answered and refused everything"},
                    {4, "the target or the collector's metrics cannot be reached or do not answer"},
                    {130, "interrupted; the report tells what was sent"},
                    {143, "terminated by SIGTERM, likewise"}};
  out.see_also = {"scenarios", "size", "tiers"};
  out.run = [options](Context& context) { return dispatch(context, *options); };
  return out;
}

}  // namespace obsctl
