// SPDX-License-Identifier: Apache-2.0
// Asks for one image after the other.
#include "lib/init/digests.hpp"

#include "lib/engine/registry.hpp"

namespace obsctl::init {

Result<std::map<std::string, std::string>> digests_of(HttpClient& http, const stack::Stack& stack) {
  OBS_TRY_ASSIGN(const auto references, stack::images(stack));
  std::map<std::string, std::string> out;
  for (const auto& reference : references) {
    OBS_TRY_ASSIGN(out[reference], image_digest(http, reference));
  }
  return out;
}

}  // namespace obsctl::init
