// SPDX-License-Identifier: Apache-2.0
// obsctl.yaml: whatever is read must be an error with a position or a spec that survives a round
// trip.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/model/spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = obsctl::read_spec(text, "fuzz.yaml");
  if (!spec) {
    if (!spec.error().at || spec.error().at->file != "fuzz.yaml") {
      std::abort();
    }
    return 0;
  }
  const std::string written = obsctl::write_spec(*spec);
  const auto again = obsctl::read_spec(written, "again.yaml");
  if (!again || *again != *spec || obsctl::write_spec(*again) != written) {
    std::abort();
  }
  return 0;
}
