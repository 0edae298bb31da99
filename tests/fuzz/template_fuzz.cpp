// SPDX-License-Identifier: Apache-2.0
// Templates come from users too (--template-dir): rendering one is text or an error, never a crash.
#include <cstdint>
#include <string>

#include "lib/template/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const obsctl::Values values = {
      {"name", "x"}, {"on", true}, {"off", false}, {"list", {{{"a", "1"}}, {{"a", "2"}}}}};
  const obsctl::Template source{
      .path = "fuzz.yml", .origin = "fuzz", .text = {reinterpret_cast<const char*>(data), size}};
  (void)obsctl::render_template(source, values);
  return 0;
}
