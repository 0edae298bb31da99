// SPDX-License-Identifier: Apache-2.0
// Makes what strangers wrote into labels harmless.
#include "lib/checks/samples.hpp"

#include <algorithm>

#include "lib/base/utf8.hpp"

namespace obsctl::health {

void put_none(Samples& into, std::string_view name) {
  const auto is_it = [name](const Sample& sample) { return sample.name == name; };
  if (std::ranges::none_of(into, is_it)) {
    put(into, std::string(name), 0);
  }
}

std::string shown_label(std::string_view text) {
  constexpr std::size_t k_longest = 200;
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view one = text.substr(0, std::max<std::size_t>(length, 1));
    const std::string_view shown = length != 0 && is_text(one) ? one : "?";
    if (out.size() + shown.size() > k_longest) {
      break;
    }
    out += shown;
    text.remove_prefix(one.size());
  }
  return out;
}

Samples with_shown_labels(Samples samples) {
  for (Sample& sample : samples) {
    for (auto& [name, value] : sample.labels) {
      value = shown_label(value);
    }
  }
  return samples;
}

}  // namespace obsctl::health
