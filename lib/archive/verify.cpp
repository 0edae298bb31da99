// SPDX-License-Identifier: Apache-2.0
// Holds an archive against what is known about it, and says where it is damaged rather than that it
// is.
#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/cursor.hpp"
#include "lib/archive/index.hpp"
#include "lib/archive/read.hpp"

namespace obsctl::archive {
namespace {

Failure another(std::string_view what) {
  return fail(Code::integrity,
              fmt::format("the archive is not the one that was written: {}", what));
}

// Everything that has to be right once the stream was walked to its end. The stream's own digest is
// not computed again: what the same blob decodes to is the same stream, and hashing it once more
// would cost a fifth of the time.
Result<void> check_end(const Stored& stored, const IndexReader& index, FrameReader& frames) {
  const Summary& expected = stored.expected;
  if (frames.position() != expected.raw_bytes) {
    return another(
        fmt::format("its stream has {} bytes, not {}", frames.position(), expected.raw_bytes));
  }
  if (frames.frames() != index.frames()) {
    return another("its frames are not where its index says");
  }
  if (frames.blob_position() != expected.blob_bytes) {
    return another(fmt::format("its frames end at byte {} of {}", frames.blob_position(),
                               expected.blob_bytes));
  }
  if (frames.blob_sha256() != expected.blob_sha256) {
    return another("its SHA-256 is another");
  }
  return {};
}

Result<Verified> walk(const Stored& stored, const Progress& progress) {
  OBS_TRY_ASSIGN(const auto index, IndexReader::open(stored));
  Cursor cursor(stored, {}, true);
  const ByteSink nowhere = [&](std::string_view) {
    return progress ? progress(cursor.position()) : Result<void>();
  };
  Verified out;
  std::string last;
  for (;;) {
    OBS_TRY_ASSIGN(const std::optional<Entry> entry, index->next());
    if (!entry) {
      OBS_TRY(cursor.end(last));
      OBS_TRY(check_end(stored, *index, cursor.frames()));
      return out;
    }
    OBS_TRY_ASSIGN(const Member member, cursor.at(*entry));
    if (entry->type == EntryType::file) {
      OBS_TRY(cursor.content(member, *entry, nowhere));
      ++out.files;
      out.bytes += entry->size;
    }
    OBS_TRY(progress ? progress(cursor.position()) : Result<void>());
    ++out.entries;
    last = entry->path;
  }
}

// The error of a cut with the first file that is not whole any more, as far as the index knows it.
Failure with_file(const Stored& stored, Error error) {
  const auto index = read_index(stored);
  if (!index) {
    return Failure(std::move(error));
  }
  const std::uint64_t end = stored.blob.size();
  const auto frame = std::find_if(index->frames.rbegin(), index->frames.rend(),
                                  [&](const Frame& one) { return one.blob_offset <= end; });
  if (frame != index->frames.rend() && end < stored.expected.blob_bytes) {
    const auto behind = std::upper_bound(
        index->entries.begin(), index->entries.end(), frame->raw_offset,
        [](std::uint64_t value, const Entry& entry) { return value < entry.offset; });
    if (behind != index->entries.begin()) {
      error.message += fmt::format(", in '{}' or soon behind it", printable((behind - 1)->path));
    }
  }
  return Failure(std::move(error));
}

}  // namespace

Result<Verified> verify_archive(const Stored& stored, Level level, const Progress& progress) {
  const Summary& expected = stored.expected;
  OBS_TRY(check_size(stored.index, "index", expected.index_bytes));
  if (auto size = check_size(stored.blob, "archive", expected.blob_bytes); !size) {
    return with_file(stored, std::move(size).error());
  }
  if (level == Level::full) {
    return walk(stored, progress);
  }
  OBS_TRY(check_blob(stored.index, "index", expected.index_bytes, expected.index_sha256));
  if (auto same =
          check_blob(stored.blob, "archive", expected.blob_bytes, expected.blob_sha256, progress);
      !same) {
    if (same.error().code == Code::integrity) {
      OBS_TRY(walk(stored, {}));  // says where
    }
    return Failure(std::move(same).error());
  }
  return Verified{};
}

}  // namespace obsctl::archive
