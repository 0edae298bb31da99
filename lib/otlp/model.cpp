// SPDX-License-Identifier: Apache-2.0
// The one operation that needs both halves of the recursive value type to be complete.
#include "lib/otlp/model.hpp"

namespace obsctl::otlp {

bool AnyValue::operator==(const AnyValue& other) const {
  return value == other.value;
}

}  // namespace obsctl::otlp
