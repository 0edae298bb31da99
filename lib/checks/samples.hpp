// SPDX-License-Identifier: Apache-2.0
// Writes samples, for sources that have no /metrics page of their own.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "lib/checks/evidence.hpp"

namespace obsctl::health {

using SampleLabels = std::map<std::string, std::string>;

inline void put(Samples& into, std::string name, double value, SampleLabels labels = {}) {
  into.push_back({.name = std::move(name), .labels = std::move(labels), .value = value});
}

inline void put_flag(Samples& into, std::string name, bool value, SampleLabels labels = {}) {
  put(into, std::move(name), value ? 1 : 0, std::move(labels));
}

// What is listed one by one, with the value 1: where there is none, a single 0 says that it was
// looked for.
void put_none(Samples& into, std::string_view name);

// A label as it may be shown and stored: UTF-8 without control characters, for which '?' stands, and
// of at most 200 bytes.
[[nodiscard]] std::string shown_label(std::string_view text);

// The same for every label.
[[nodiscard]] Samples with_shown_labels(Samples samples);

}  // namespace obsctl::health
