// SPDX-License-Identifier: Apache-2.0
// Finds who answers PromQL.
#include "lib/health/query_url.hpp"

#include <fmt/format.h>

namespace obsctl::health {

Result<std::string> query_url(const Subject& subject) {
  const Provider* provider = subject.stack.topology.provider("metrics.query");
  const Component* component =
      provider == nullptr ? nullptr : subject.stack.topology.find(provider->component);
  if (component == nullptr) {
    return fail(Code::missing, "there is nobody to ask for the trends",
                "name the server that answers PromQL: --prometheus URL");
  }
  auto url = subject.url_of(*component, provider->port);
  if (!url) {
    return fail(Code::unreachable, fmt::format("{} is not reachable from here", component->title),
                "run this where its port is published");
  }
  return *std::move(url);
}

}  // namespace obsctl::health
