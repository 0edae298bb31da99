// SPDX-License-Identifier: Apache-2.0
// POST /containers/{id}/stop and /start.
#include "lib/engine/lifecycle.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/base/text.hpp"
#include "lib/engine/command.hpp"

namespace obsctl::engine {
namespace {

constexpr int k_is_so_already = 304;

}  // namespace

Result<void> stop_container(HttpClient& http, const Environment& environment, const std::string& id,
                            Duration grace) {
  constexpr double k_reserve = 30;  // for the engine's own part, on a busy host
  const double seconds = std::ceil(grace.seconds);
  OBS_TRY(
      carry_out(http, environment,
                {.path = fmt::format("/containers/{}/stop?t={:.0f}", percent_encoded(id), seconds),
                 .also = {k_is_so_already},
                 .timeout = {seconds + k_reserve}},
                "the container cannot be stopped"));
  return {};
}

Result<void> start_container(HttpClient& http, const Environment& environment,
                             const std::string& id) {
  constexpr double k_longest = 60;
  OBS_TRY(carry_out(http, environment,
                    {.path = fmt::format("/containers/{}/start", percent_encoded(id)),
                     .also = {k_is_so_already},
                     .timeout = {k_longest}},
                    "the container cannot be started"));
  return {};
}

}  // namespace obsctl::engine
