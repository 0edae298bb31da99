// SPDX-License-Identifier: Apache-2.0
// Where a load test sends and how it gets in: endpoints, TLS, headers and token as the client
// wants them.
#pragma once

#include <filesystem>

#include "lib/io/filesystem.hpp"
#include "lib/loadgen/options.hpp"

namespace obsctl::loadgen {

struct Target {
  otlp::Protocol protocol = otlp::Protocol::grpc;
  otlp::ClientOptions client;
  bool is_stack = false;  // the stack's own endpoint, not one that was named beside it
};

// Relative paths of files are below `directory`; `stack` may be null. Errors: an endpoint that is
// none (Code::usage), a header that cannot be sent (its value is never shown), TLS options for an
// endpoint without TLS, two authorizations, a token file that does not hold one token
// (Code::config) or cannot be read.
[[nodiscard]] Result<Target> resolve_target(const TargetOptions& options, const StackTarget* stack,
                                            FileSystem& files,
                                            const std::filesystem::path& directory);

// The token of a file that holds it alone or in a line OTLP_AUTH_TOKEN=….
[[nodiscard]] Result<std::string> read_token(FileSystem& files, const std::filesystem::path& file);

}  // namespace obsctl::loadgen
