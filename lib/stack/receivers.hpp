// SPDX-License-Identifier: Apache-2.0
// Where and how a sender on this host reaches the receivers of a stack: the one place that knows it for a
// load test and for a probe.
#pragma once

#include <filesystem>
#include <string>

#include "lib/stack/stack.hpp"

namespace obsctl::stack {

struct Receivers {
  std::string grpc;               // URL; empty: not published
  std::string http;               // likewise
  std::filesystem::path ca_file;  // that signed their certificates; empty: whom the system trusts
  std::filesystem::path token_file;  // KEY=value lines; empty: they want none
};

[[nodiscard]] Receivers receivers(const Stack& stack);

}  // namespace obsctl::stack
