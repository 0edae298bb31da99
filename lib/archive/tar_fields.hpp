// SPDX-License-Identifier: Apache-2.0
// Where the fields of a tar header are; whoever writes and whoever reads one share it.
#pragma once

#include <cstddef>

namespace obsctl::archive {

struct Field {
  std::size_t at;
  std::size_t length;
};
inline constexpr Field k_name = {0, 100};
inline constexpr Field k_mode = {100, 8};
inline constexpr Field k_uid = {108, 8};
inline constexpr Field k_gid = {116, 8};
inline constexpr Field k_size = {124, 12};
inline constexpr Field k_time = {136, 12};
inline constexpr Field k_sum = {148, 8};
inline constexpr Field k_type = {156, 1};
inline constexpr Field k_link = {157, 100};
inline constexpr Field k_magic = {257, 6};
inline constexpr Field k_version = {263, 2};
inline constexpr Field k_major = {329, 8};
inline constexpr Field k_minor = {337, 8};
inline constexpr Field k_prefix = {345, 155};

// Names of pax records that both know.
inline constexpr const char* k_pax_path = "path";
inline constexpr const char* k_pax_link = "linkpath";
inline constexpr const char* k_pax_size = "size";
inline constexpr const char* k_pax_uid = "uid";
inline constexpr const char* k_pax_gid = "gid";
inline constexpr const char* k_pax_mtime = "mtime";
inline constexpr const char* k_pax_charset = "hdrcharset";
inline constexpr const char* k_pax_xattr = "SCHILY.xattr.";
inline constexpr const char* k_pax_major = "SCHILY.devmajor";
inline constexpr const char* k_pax_minor = "SCHILY.devminor";
inline constexpr const char* k_sparse = "GNU.sparse.";
inline constexpr const char* k_sparse_major = "GNU.sparse.major";
inline constexpr const char* k_sparse_minor = "GNU.sparse.minor";
inline constexpr const char* k_sparse_name = "GNU.sparse.name";
inline constexpr const char* k_sparse_size = "GNU.sparse.realsize";

}  // namespace obsctl::archive
