// SPDX-License-Identifier: Apache-2.0
// Values are text in every format of Prometheus.
#include "lib/prom/sample.hpp"

#include "lib/base/text.hpp"

namespace obsctl::prom {

std::optional<double> parse_value(std::string_view text) {
  // Neither a sign in front of a sign nor the payload of "nan(…)" is anybody's number.
  const bool plus = text.starts_with('+') && !text.starts_with("+-");
  text.remove_prefix(plus ? 1 : 0);
  return text.ends_with(')') ? std::nullopt : parse_number(text);
}

}  // namespace obsctl::prom
