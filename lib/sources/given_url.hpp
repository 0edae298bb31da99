// SPDX-License-Identifier: Apache-2.0
// The URL by which somebody names a program: of its API, or of its metrics.
#pragma once

#include <string>
#include <string_view>

namespace obsctl::health {

struct GivenUrl {
  std::string base;  // without the path of the metrics and without a slash at its end
  int port = 0;      // that of the scheme when it says none; 0: it makes no sense
};

[[nodiscard]] GivenUrl read_given_url(std::string_view url, std::string_view metrics_path);

}  // namespace obsctl::health
