// SPDX-License-Identifier: Apache-2.0
// Resolves a target; what was said about security is used or refused, never lost.
#include "lib/loadgen/target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::loadgen {
namespace {

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
                fmt::format("a header is NAME=VALUE{}", colon ? ", without a colon" : ""),
                "for example x-tenant=load");
  }
  if (is_reserved(name)) {
    return fail(Code::usage, fmt::format("header '{}' is set by the transport", name),
                "leave it out; protocol and compression determine its value");
  }
  const std::string value = text.substr(at + 1);
  if (!is_header_value(value)) {
    return fail(Code::usage,
                fmt::format("the value of header '{}' contains a control character", name));
  }
  into.headers.emplace_back(name, value);
  return {};
}

// One authorization: of a header, of the token file, or of the stack when neither is given.
Result<void> add_headers(const TargetOptions& options, const StackTarget* stack, FileSystem& files,
                         const std::filesystem::path& directory, otlp::ClientOptions& into) {
  for (const std::string& header : options.headers) {
    OBS_TRY(add_header(header, into));
  }
  const bool given = std::ranges::any_of(
      into.headers, [](const auto& header) { return header.first == "authorization"; });
  if (given && !options.bearer_file.empty()) {
    return fail(Code::usage, "an authorization header and a token file exclude each other",
                "give one of them");
  }
  const std::string& file = !options.bearer_file.empty() || given || stack == nullptr
                                ? options.bearer_file
                                : stack->token_file;
  if (file.empty()) {
    return {};
  }
  OBS_TRY_ASSIGN(const std::string token, read_token(files, directory / file));
  if (token.empty() || !is_header_value(token) || token.find(' ') != std::string::npos) {
    return fail(Code::config, fmt::format("'{}' does not hold one token", file),
                "the file must contain the token alone, or a line OTLP_AUTH_TOKEN=…");
  }
  into.headers.emplace_back("authorization", "Bearer " + token);
  return {};
}

// A token or a certificate that was meant to be protected must not travel in clear text because the
// endpoint does not use TLS.
Result<void> check_endpoints(const otlp::TlsOptions& asked, const Target& target) {
  const auto& endpoints = target.client.endpoints;
  const bool tls = std::ranges::any_of(endpoints, [](const auto& one) { return one.tls; });
  const std::pair<const char*, bool> settings[] = {{"CA file", !asked.ca_file.empty()},
                                                   {"client certificate", !asked.cert_file.empty()},
                                                   {"client key", !asked.key_file.empty()},
                                                   {"server name", !asked.server_name.empty()},
                                                   {"'skip verification'", !asked.verify}};
  for (const auto& [setting, given] : settings) {
    if (given && !tls) {
      return fail(
          Code::usage,
          fmt::format("{} is set but '{}' does not use TLS", setting, endpoints.front().url()),
          fmt::format("use the endpoint https://{}", endpoints.front().authority()));
    }
  }
  for (const otlp::Endpoint& endpoint : endpoints) {
    if (target.protocol == otlp::Protocol::grpc && !endpoint.path.empty()) {
      return fail(Code::usage,
                  fmt::format("'{}' has a path, which gRPC does not support", endpoint.url()),
                  "remove the path, or use the protocol http/protobuf");
    }
  }
  return {};
}

Result<std::vector<std::string>> endpoint_texts(const TargetOptions& options,
                                                const StackTarget* stack) {
  if (!options.endpoints.empty()) {
    return options.endpoints;
  }
  const bool grpc = options.transport.value_or(Transport::grpc) == Transport::grpc;
  if (stack == nullptr) {
    return std::vector<std::string>{grpc ? "localhost:4317" : "localhost:4318"};
  }
  const std::string& published = grpc ? stack->grpc_endpoint : stack->http_endpoint;
  if (published.empty()) {
    const char* port = grpc ? "otlp-grpc" : "otlp-http";
    return fail(Code::config, fmt::format("the stack does not publish its port '{}'", port),
                fmt::format("set ports.{} in obsctl.yaml, or name an endpoint", port));
  }
  return std::vector<std::string>{published};
}

}  // namespace

Result<std::string> read_token(FileSystem& files, const std::filesystem::path& file) {
  OBS_TRY_ASSIGN(const std::string text, files.read(file));
  for (const std::string& line : split(text, '\n')) {
    constexpr std::string_view k_name = "OTLP_AUTH_TOKEN=";
    if (line.starts_with(k_name)) {
      return std::string(trim(std::string_view(line).substr(k_name.size())));
    }
  }
  return std::string(trim(text));
}

Result<Target> resolve_target(const TargetOptions& options, const StackTarget* stack,
                              FileSystem& files, const std::filesystem::path& directory) {
  Target out;
  out.is_stack = stack != nullptr && options.endpoints.empty();
  const Transport transport = options.transport.value_or(Transport::grpc);
  out.protocol = transport == Transport::grpc ? otlp::Protocol::grpc : otlp::Protocol::http;
  if (options.streams && out.protocol == otlp::Protocol::http) {
    return fail(Code::usage, "HTTP/1.1 has no streams: a connection carries one request at a time",
                "set the number of connections instead");
  }
  otlp::ClientOptions& client = out.client;
  client.encoding =
      transport == Transport::http_json ? otlp::Encoding::json : otlp::Encoding::protobuf;
  client.compression = options.compression.value_or(otlp::Compression::none);
  OBS_TRY_ASSIGN(const auto texts, endpoint_texts(options, stack));
  for (const std::string& text : texts) {
    OBS_TRY_ASSIGN(otlp::Endpoint endpoint, otlp::parse_endpoint(text, out.protocol, "endpoint"));
    client.endpoints.push_back(std::move(endpoint));
  }
  client.tls = options.tls;
  OBS_TRY(check_endpoints(options.tls, out));
  if (out.is_stack && client.tls.ca_file.empty()) {
    client.tls.ca_file = stack->ca_file;
  }
  OBS_TRY(add_headers(options, out.is_stack ? stack : nullptr, files, directory, client));
  // Every endpoint gets its share: one without a connection would be left out silently.
  client.connections =
      std::max(options.connections, static_cast<unsigned>(client.endpoints.size()));
  client.streams = options.streams.value_or(client.streams);
  if (options.timeout) {
    client.timeout =
        std::chrono::nanoseconds(static_cast<std::int64_t>(options.timeout->seconds * 1e9));
  }
  client.user_agent = options.user_agent;
  return out;
}

}  // namespace obsctl::loadgen
