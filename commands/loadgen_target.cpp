// Where to send: endpoints, certificates and tokens, from flags or from a generated stack; and the
// refusal to flood a stranger.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "commands/loadgen_options.hpp"
#include "commands/stack_templates.hpp"
#include "lib/base/text.hpp"
#include "lib/model/load_target.hpp"
#include "lib/otlp/connect_error.hpp"
#include "lib/render/stack.hpp"
#include "lib/topology/build.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr double k_safe_rate = 1000;  // items/s to a target beyond this machine that nobody named

int port_of(const Topology& topology, const std::string& name, int fallback) {
  const Port* port = topology.port(name);
  return port == nullptr || port->host == 0 ? fallback : port->host;
}

// An address that listens everywhere is reached on this machine.
std::string host_of(const std::string& bind) {
  if (bind == "0.0.0.0" || bind == "::" || bind.empty()) {
    return "localhost";
  }
  return bind.find(':') != std::string::npos ? "[" + bind + "]" : bind;
}

Result<std::string> read_token(Context& context, const fs::path& file) {
  OBS_TRY_ASSIGN(const std::string text, context.files.read(file));
  for (const std::string& line : split(text, '\n')) {
    constexpr std::string_view k_name = "OTLP_AUTH_TOKEN=";
    if (line.starts_with(k_name)) {
      return std::string(trim(std::string_view(line).substr(k_name.size())));
    }
  }
  return std::string(trim(text));
}

// Headers that the transport writes itself, or that would make the request another one.
bool is_reserved(const std::string& name) {
  static const std::vector<std::string> k_reserved = {
      "connection", "content-encoding", "content-length",   "content-type", "expect", "host",
      "te",         "trailer",          "transfer-encoding"};
  return name.starts_with("grpc-") || std::ranges::find(k_reserved, name) != k_reserved.end();
}

bool is_header_name(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

// A line break in a value would be a header of its own.
bool is_header_value(const std::string& value) {
  return std::ranges::all_of(value, [](char c) {
    return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
  });
}

// Its errors never show a value: it may be a key.
Result<void> add_header(const std::string& text, otlp::ClientOptions& into) {
  const auto at = text.find('=');
  const std::string name = lower(text.substr(0, at));
  if (at == std::string::npos || !is_header_name(name)) {
    const bool colon = text.find(':') < at;
    return fail(Code::usage,
                fmt::format("'--header' takes NAME=VALUE{}", colon ? ", without a colon" : ""),
                "for example --header x-tenant=load");
  }
  if (is_reserved(name)) {
    return fail(Code::usage, fmt::format("the header '{}' is written by the transport", name),
                "--protocol and --compression choose what it says");
  }
  const std::string value = text.substr(at + 1);
  if (!is_header_value(value)) {
    return fail(Code::usage,
                fmt::format("the value of header '{}' contains a control character", name));
  }
  into.headers.emplace_back(name, value);
  return {};
}

// One authorization: of --header, of --bearer-file, or of the stack when neither is given.
Result<void> add_headers(Context& context, const LoadgenOptions& options, const Prepared& prepared,
                         otlp::ClientOptions& into) {
  for (const std::string& header : options.headers) {
    OBS_TRY(add_header(header, into));
  }
  const bool given = std::ranges::any_of(
      into.headers, [](const auto& header) { return header.first == "authorization"; });
  if (options.bearer_file) {
    if (given) {
      return fail(Code::usage, "'--bearer-file' and '--header authorization' exclude each other");
    }
    OBS_TRY_ASSIGN(const std::string token,
                   read_token(context, context.environment.directory / *options.bearer_file));
    if (token.empty() || !is_header_value(token) || token.find(' ') != std::string::npos) {
      return fail(Code::config, fmt::format("'{}' does not hold one token", *options.bearer_file),
                  "the file is the token alone, or a line OTLP_AUTH_TOKEN=…");
    }
    into.headers.emplace_back("authorization", "Bearer " + token);
  } else if (!given && prepared.stack && options.endpoints.empty() &&
             !prepared.stack->bearer.empty()) {
    into.headers.emplace_back("authorization", "Bearer " + prepared.stack->bearer);
  }
  return {};
}

// What is said about TLS must not be lost because the endpoint does not use it: a token or a
// certificate that was meant to be protected would travel in the open.
Result<void> check_endpoints(const LoadgenOptions& options, const loadgen::Plan& plan) {
  const auto& endpoints = plan.client.endpoints;
  const bool tls = std::ranges::any_of(endpoints, [](const auto& one) { return one.tls; });
  const std::pair<const char*, bool> flags[] = {{"--ca-file", !options.ca_file.empty()},
                                                {"--cert-file", !options.cert_file.empty()},
                                                {"--key-file", !options.key_file.empty()},
                                                {"--server-name", !options.server_name.empty()},
                                                {"--insecure-skip-verify", options.insecure}};
  for (const auto& [flag, given] : flags) {
    if (given && !tls) {
      return fail(
          Code::usage,
          fmt::format("'{}' is given but '{}' is not encrypted", flag, endpoints.front().url()),
          fmt::format("write --endpoint https://{}", endpoints.front().authority()));
    }
  }
  for (const otlp::Endpoint& endpoint : endpoints) {
    if (plan.protocol == otlp::Protocol::grpc && !endpoint.path.empty()) {
      return fail(Code::usage, fmt::format("'{}' has a path, and gRPC knows none", endpoint.url()),
                  "leave the path out, or use --protocol http/protobuf");
    }
  }
  return {};
}

Result<void> read_numbers(const LoadgenOptions& options, otlp::ClientOptions& into) {
  OBS_TRY_ASSIGN(const auto connections,
                 parse_integer(options.connections, "--connections", 1, 1024));
  OBS_TRY_ASSIGN(const auto streams, parse_integer(options.streams, "--streams", 1, 10'000));
  OBS_TRY_ASSIGN(const Duration timeout, parse_duration(options.timeout, "--timeout"));
  if (timeout.seconds <= 0) {
    return fail(Code::usage, "'--timeout' must be longer than 0");
  }
  // Every endpoint gets its share: one without a connection would be left out silently.
  into.connections =
      std::max(static_cast<unsigned>(connections), static_cast<unsigned>(into.endpoints.size()));
  into.streams = static_cast<unsigned>(streams);
  into.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(timeout.seconds * 1e9));
  return {};
}

// Items per second at the profile's peak; infinite when nothing bounds them.
double peak_items(const LoadgenOptions& options, const Prepared& prepared) {
  if (prepared.plan.max || options.find_max) {
    return INFINITY;
  }
  const double peak = prepared.plan.profile.peak();
  return prepared.plan.unit == loadgen::Unit::requests
             ? peak * static_cast<double>(prepared.compile.batch)
             : peak;
}

// loadgen.targets of the stack, or of the obsctl.yaml in the current directory. It is read only
// when the answer depends on it, so that a broken file stops nobody else.
Result<std::vector<std::string>> named_targets(Context& context, const Prepared& prepared) {
  if (prepared.stack) {
    std::vector<std::string> out = prepared.stack->spec.loadgen.targets;
    out.push_back(prepared.stack->authority);
    return out;
  }
  const fs::path file = context.environment.directory / stack_paths::spec;
  if (!context.files.exists(file)) {
    return std::vector<std::string>{};
  }
  OBS_TRY_ASSIGN(const std::string text, context.files.read(file));
  OBS_TRY_ASSIGN(const StackSpec spec, read_spec(text, stack_paths::spec));
  return spec.loadgen.targets;
}

}  // namespace

Result<void> check_target(Context& context, const LoadgenOptions& options,
                          const Prepared& prepared) {
  const double items = peak_items(options, prepared);
  if (options.yes || options.dry_run || items <= k_safe_rate ||
      (prepared.stack && options.endpoints.empty())) {
    return {};
  }
  std::optional<std::vector<std::string>> named;
  for (const otlp::Endpoint& endpoint : prepared.plan.client.endpoints) {
    if (otlp::is_loopback(endpoint)) {
      continue;
    }
    if (!named) {
      OBS_TRY_ASSIGN(named, named_targets(context, prepared));
    }
    if (!load_allowed(*named, endpoint.host, endpoint.port)) {
      return fail(
          Code::usage,
          fmt::format("'{}' is not this machine, and {} is more than the safe {:.0f} items/s",
                      endpoint.url(), std::isinf(items) ? "an open rate" : human_rate({items}),
                      k_safe_rate),
          fmt::format("if it is meant: --yes, --stack DIR when it belongs to a generated stack, or "
                      "'{}' under loadgen.targets in obsctl.yaml",
                      endpoint.authority()));
    }
  }
  return {};
}

Result<void> check_arrival(const loadgen::Report& report, bool merged) {
  const loadgen::SignalTally sum = report.result.total();
  if ((report.shards > 1 && !merged) || sum.accepted + sum.rejected > 0 ||
      sum.sent + sum.unsent == 0) {
    return {};
  }
  const auto& causes = report.result.causes;
  const auto most =
      std::ranges::max_element(causes, {}, [](const auto& one) { return one.second; });
  const std::string cause = most == causes.end() ? "no answer" : most->first;
  const bool tls = !report.endpoints.empty() && report.endpoints.front().starts_with("https");
  std::string hint = sum.refused > 0
                         ? "are the endpoint, its port, its path and the protocol right?"
                         : otlp::connect_hint(cause, {.tls = tls}, "OTLP");
  for (const std::string_view word : {"401", "403", "UNAUTHENTICATED", "PERMISSION_DENIED"}) {
    if (cause.find(word) != std::string::npos) {
      hint = "the target wants credentials: --bearer-file, --header or --cert-file";
    }
  }
  return fail(
      sum.refused > 0 ? Code::failed : Code::unreachable,
      fmt::format("nothing was accepted by '{}': {}", join(report.endpoints, "', '"), cause), hint);
}

Result<std::optional<LoadgenStack>> find_stack(Context& context, const LoadgenOptions& options) {
  if (!options.stack) {
    return std::optional<LoadgenStack>{};
  }
  LoadgenStack out;
  const fs::path dir = context.environment.directory / *options.stack;
  out.file = dir / stack_paths::spec;
  if (!context.files.exists(out.file)) {
    return fail(Code::missing, fmt::format("there is no obsctl.yaml in '{}'", *options.stack),
                "'obsctl init' generates a stack; --endpoint sends anywhere else");
  }
  OBS_TRY_ASSIGN(const std::string text, context.files.read(out.file));
  OBS_TRY_ASSIGN(out.spec,
                 read_spec(text, (fs::path(*options.stack) / stack_paths::spec).string()));
  OBS_TRY_ASSIGN(const auto templates, load_stack_templates(context, options.template_dirs, dir));
  OBS_TRY_ASSIGN(const auto stack, size_and_build(out.spec, templates.catalogs));
  const Topology& topology = stack.topology;
  const bool tls = out.spec.security.tls != Tls::off;
  const std::string host = host_of(out.spec.security.bind);
  const int port = options.protocol == "grpc" ? port_of(topology, "otlp-grpc", 4317)
                                              : port_of(topology, "otlp-http", 4318);
  out.authority = fmt::format("{}:{}", host, port);
  out.endpoint = fmt::format("{}://{}", tls ? "https" : "http", out.authority);
  const Port* metrics = topology.port("collector-metrics");
  const std::string metrics_host = metrics == nullptr ? host : host_of(metrics->bind);
  out.ledger = fmt::format("http://{}:{}/metrics", metrics_host,
                           port_of(topology, "collector-metrics", 8888));
  if (out.spec.security.tls == Tls::self_signed) {
    out.ca_file = (dir / stack_paths::tls_ca).string();
  }
  if (out.spec.security.auth == Auth::bearer) {
    OBS_TRY_ASSIGN(out.bearer, read_token(context, dir / stack_paths::otlp_secret));
  }
  out.spans = topology.load.spans.per_second;
  out.records = topology.load.lines.per_second;
  out.series = topology.load.series;
  out.points = out.series / std::max(1.0, out.spec.metrics.scrape_interval.seconds);
  return std::optional<LoadgenStack>(std::move(out));
}

Result<void> prepare_target(Context& context, const LoadgenOptions& options, Prepared& out) {
  loadgen::Plan& plan = out.plan;
  plan.protocol = options.protocol == "grpc" ? otlp::Protocol::grpc : otlp::Protocol::http;
  plan.client.encoding =
      options.protocol == "http/json" ? otlp::Encoding::json : otlp::Encoding::protobuf;
  plan.client.compression = options.compression == "gzip"   ? otlp::Compression::gzip
                            : options.compression == "zstd" ? otlp::Compression::zstd
                                                            : otlp::Compression::none;
  std::vector<std::string> endpoints = options.endpoints;
  if (endpoints.empty()) {
    endpoints.push_back(out.stack                               ? out.stack->endpoint
                        : plan.protocol == otlp::Protocol::grpc ? "localhost:4317"
                                                                : "localhost:4318");
  }
  for (const std::string& text : endpoints) {
    OBS_TRY_ASSIGN(otlp::Endpoint endpoint,
                   otlp::parse_endpoint(text, plan.protocol, "--endpoint"));
    out.report.endpoints.push_back(endpoint.url());
    plan.client.endpoints.push_back(std::move(endpoint));
  }
  OBS_TRY(check_endpoints(options, plan));
  const bool of_stack = out.stack && options.endpoints.empty();
  plan.client.tls.ca_file =
      of_stack && options.ca_file.empty() ? out.stack->ca_file : options.ca_file;
  plan.client.tls.cert_file = options.cert_file;
  plan.client.tls.key_file = options.key_file;
  plan.client.tls.server_name = options.server_name;
  plan.client.tls.verify = !options.insecure;
  OBS_TRY(add_headers(context, options, out, plan.client));
  plan.client.user_agent = "obsctl-loadgen/" OBSCTL_VERSION;
  return read_numbers(options, plan.client);
}

}  // namespace obsctl
