// SPDX-License-Identifier: Apache-2.0
// Makes an archive: a PAX tar cut into independent zstd frames, which any `tar --zstd` unpacks, and
// beside it an index that says what is where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/archive/source.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

// What is kept elsewhere about an archive, to tell later that it is still the same.
struct Summary {
  std::uint64_t raw_bytes = 0;  // of the tar stream
  std::uint64_t entries = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t index_bytes = 0;
  std::string tar_sha256;
  std::string blob_sha256;
  std::string index_sha256;

  bool operator==(const Summary&) const = default;
};

struct WriteOptions {
  int level = 3;         // of zstd, 1 … 19
  unsigned threads = 2;  // that compress
  std::size_t frame = std::size_t{8}
                      << 20U;  // bytes of the tar stream in one frame, 1 KiB … 16 MiB
  Progress progress = {};
};

struct Written {
  Summary summary;
  std::vector<Problem>
      problems;  // with one that is `incomplete`, the archive is not the whole tree
};

// Reads the source to its end and writes both. The sink of the blob is called by other threads, one
// at a time and in order; neither is called again after it failed. Errors: of the source, of a sink,
// of `progress`.
[[nodiscard]] Result<Written> write_archive(TreeSource& source, const ByteSink& blob,
                                            const ByteSink& index,
                                            const WriteOptions& options = {});

}  // namespace obsctl::archive
