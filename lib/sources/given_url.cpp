// SPDX-License-Identifier: Apache-2.0
// Takes a URL apart as far as two questions about it need.
#include "lib/sources/given_url.hpp"

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

int port_of(std::string_view url) {
  const auto scheme = url.find("://");
  std::string_view authority = scheme == url.npos ? url : url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    authority.remove_prefix(at + 1);
  }
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon == authority.npos || (bracket != authority.npos && colon < bracket)) {
    return url.starts_with("https://") ? 443 : 80;
  }
  constexpr double k_highest = 65535;
  const double port = parse_number(authority.substr(colon + 1)).value_or(0);
  return port >= 1 && port <= k_highest ? static_cast<int>(port) : 0;
}

}  // namespace

GivenUrl read_given_url(std::string_view url, std::string_view metrics_path) {
  GivenUrl out{.base = {}, .port = port_of(url)};
  while (url.ends_with('/')) {
    url.remove_suffix(1);
  }
  if (metrics_path.size() > 1 && url.ends_with(metrics_path)) {
    url.remove_suffix(metrics_path.size());
  }
  out.base = url;
  return out;
}

}  // namespace obsctl::health
