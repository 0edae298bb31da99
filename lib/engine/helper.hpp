// SPDX-License-Identifier: Apache-2.0
// What a helper container is made of: named here once, for those who make, find and remove it.
#pragma once

namespace obsctl::engine {

inline constexpr const char* k_helper_label = "io.obsctl.volume-helper";  // its value: the volume
inline constexpr const char* k_owner_label = "io.obsctl.volume-helper-owner";  // whose journal
inline constexpr const char* k_helper_prefix = "obsctl-volume-";
inline constexpr const char* k_helper_parent = "/obsctl";  // the volume lies at /obsctl/data

}  // namespace obsctl::engine
