// SPDX-License-Identifier: Apache-2.0
// Finds the receivers of a stack as a load test finds them: endpoint, trust and token.
#include "lib/stack/receivers.hpp"

#include <utility>

#include "lib/probe/probe.hpp"

namespace obsctl::health {
namespace {

loadgen::StackTarget stack_target(const stack::Stack& stack) {
  const stack::Receivers receivers = stack::receivers(stack);
  loadgen::StackTarget out;
  out.grpc_endpoint = receivers.grpc;
  out.http_endpoint = receivers.http;
  out.ca_file = receivers.ca_file.string();
  out.token_file = receivers.token_file.string();
  return out;
}

// What a person gave is wrong for good; what a stack lacks is a fact about the stack.
bool is_given_wrong(const Error& error, const std::string& endpoint) {
  return error.code == Code::usage || !endpoint.empty();
}

}  // namespace

Result<std::vector<ProbeReceiver>> probe_receivers(FileSystem& files, const Subject& subject,
                                                   const ProbeEndpoints& endpoints) {
  const bool own = subject.own();
  const loadgen::StackTarget stack = own ? stack_target(subject.stack) : loadgen::StackTarget{};
  const std::pair<loadgen::Transport, const std::string&> both[] = {
      {loadgen::Transport::grpc, endpoints.grpc},
      {loadgen::Transport::http_protobuf, endpoints.http}};
  std::vector<ProbeReceiver> out;
  for (const auto& [transport, endpoint] : both) {
    if (!own && endpoint.empty()) {
      continue;
    }
    loadgen::TargetOptions options = endpoints.access;
    options.transport = transport;
    options.endpoints = endpoint.empty() ? std::vector<std::string>() : std::vector{endpoint};
    options.user_agent = "obsctl-health";
    auto target =
        loadgen::resolve_target(options, own ? &stack : nullptr, files, subject.stack.directory);
    ProbeReceiver receiver{.transport = transport};
    if (target) {
      receiver.target = std::move(*target);
    } else if (is_given_wrong(target.error(), endpoint)) {
      return Failure(std::move(target).error());
    } else {
      receiver.error = std::move(target).error();
    }
    out.push_back(std::move(receiver));
  }
  if (out.empty()) {
    return fail(Code::usage, "there is no OTLP endpoint to send a probe to",
                "name the gRPC or HTTP endpoint of the receiver, such as localhost:4317");
  }
  return out;
}

}  // namespace obsctl::health
