// SPDX-License-Identifier: Apache-2.0
// A page of metrics, which any server may send: whatever is read is an error with a line of that
// page, or samples that are complete.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/prom/exposition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace obsctl::prom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto families = parse_exposition(text, "fuzz");
  if (!families) {
    const auto& at = families.error().at;
    if (!at || at->file != "fuzz" || at->line < 1) {
      std::abort();
    }
    return 0;
  }
  std::size_t samples = 0;
  for (const Family& family : *families) {
    if (family.name.empty()) {
      std::abort();
    }
    for (const Sample& sample : family.samples) {
      ++samples;
      if (!sample.name.starts_with(family.name)) {
        std::abort();
      }
    }
  }
  if (samples > size) {  // each takes at least two characters
    std::abort();
  }
  return 0;
}
