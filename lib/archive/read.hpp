// SPDX-License-Identifier: Apache-2.0
// Reads what write_archive() made: verifies it, lists it, takes it out again whole or in part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/blob.hpp"
#include "lib/archive/sink.hpp"
#include "lib/archive/write.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

// An archive and what is known about it from elsewhere (the manifest of its set). Both blobs outlive
// it.
struct Stored {
  const Blob& blob;
  const Blob& index;
  Summary expected;
};

enum class Level : std::uint8_t { quick, full };
constexpr auto names_of(Level /*level*/) {
  return std::to_array<Named<Level>>({{Level::quick, "quick"}, {Level::full, "full"}});
}

struct Verified {
  std::uint64_t entries = 0;  // 0 of a quick one
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of the files' content
};

// quick: sizes and SHA-256 of blob and index. full: every frame is decoded and the tar stream walked
// to its end; every entry equals its line of the index, every file and the blob their digests, and
// nothing comes behind. Errors (Code::integrity) name the offset and, where it is known, the
// file.
[[nodiscard]] Result<Verified> verify_archive(const Stored& stored, Level level,
                                              const Progress& progress = {});

// Where in the tar stream and in the blob a frame begins.
struct Frame {
  std::uint64_t raw_offset = 0;
  std::uint64_t blob_offset = 0;
  bool operator==(const Frame&) const = default;
};

struct Index {
  std::vector<Entry> entries;  // in the order of the tar stream
  std::vector<Frame> frames;
};

// Errors (Code::integrity): size or digest of the index differ from what is expected, or it does not
// say what an index says.
[[nodiscard]] Result<Index> read_index(const Stored& stored);

// Which entries: each path names one, with everything below it. Empty: all.
struct Selection {
  std::vector<std::string> paths;
};

struct Extracted {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of the files' content
};

// Gives the entries to the sink, in the order of the stream, and finishes it. Only the frames that
// hold them are decoded; every content is compared with its digest, so that the sink's last word is
// never given to damaged bytes, but what it wrote before stays: verify first. A selected hard link
// whose file is not selected becomes the file. Errors: Code::usage for a path that names nothing,
// Code::integrity, those of the sink.
[[nodiscard]] Result<Extracted> extract(const Stored& stored, EntrySink& sink,
                                        const Selection& selection = {},
                                        const Progress& progress = {});

// The content of one file, its holes as zeros. Errors as above, and Code::usage for what is no file.
[[nodiscard]] Result<void> read_file(const Stored& stored, std::string_view path,
                                     const ByteSink& into);

}  // namespace obsctl::archive
