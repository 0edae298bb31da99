// SPDX-License-Identifier: Apache-2.0
// Asks the engine about itself. That it does not answer is an answer.
#include "lib/sources/engine.hpp"

#include "lib/base/text.hpp"
#include "lib/checks/samples.hpp"
#include "lib/engine/address.hpp"

namespace obsctl::health {
namespace {

// "1.41" is 141: versions can then be compared.
std::optional<double> as_number(const std::string& version) {
  const auto parts = split(version, '.');
  if (parts.size() != 2) {
    return std::nullopt;
  }
  const auto major = parse_number(parts[0]);
  const auto minor = parse_number(parts[1]);
  return major && minor ? std::optional(*major * 100 + *minor) : std::nullopt;
}

Samples read_engine(const Context& context) {
  const Services& services = context.services;
  Samples out;
  if (const auto& containers = context.engine->containers(); !containers) {
    put_flag(out, "engine_up", false, {{"error", containers.error().message}});
    return out;
  }
  put_flag(out, "engine_up", true);
  const auto& answer = context.engine->host();
  std::string version = answer ? answer->host.api_version : "";
  if (version.empty()) {
    version = engine_api_version(services.http, services.environment).value_or("");
  }
  if (const auto number = as_number(version)) {
    put(out, "engine_api_version", *number);
  }
  if (answer && answer->clock_skew) {
    put(out, "engine_clock_skew_seconds", *answer->clock_skew);
  }
  return out;
}

}  // namespace

std::vector<Inquiry> engine_inquiries(const Context& context) {
  if (!context.engine) {
    return {};
  }
  return {{.component = {},
           .source = Source::engine,
           .from = engine_address(context.services.environment),
           .read = [context]() -> Result<Samples> { return read_engine(context); }}};
}

}  // namespace obsctl::health
