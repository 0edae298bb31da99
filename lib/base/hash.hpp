// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), used wherever bytes must be recognised again: manifests, backups, digests.
#pragma once

#include <string>
#include <string_view>

namespace obsctl {

// The digest of `bytes` as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace obsctl
