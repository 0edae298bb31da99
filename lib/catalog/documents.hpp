// SPDX-License-Identifier: Apache-2.0
// The source of the numbers that the project's own documents give.
#pragma once

namespace obsctl::catalog {

// For a reader of any output; docs/sources.md has the line of each row and formula.
inline constexpr auto k_documents = "reference documents (docs/sizing.md)";

}  // namespace obsctl::catalog
