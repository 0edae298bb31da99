// SPDX-License-Identifier: Apache-2.0
// One pass over the source: header, content and digest of each entry into the frames, a line about it
// into the index.
#include "lib/archive/write.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/content.hpp"
#include "lib/archive/digest.hpp"
#include "lib/archive/index.hpp"
#include "lib/archive/tar_header.hpp"

namespace obsctl::archive {
namespace {

class Writer {
 public:
  Writer(TreeSource& source, const ByteSink& blob, const ByteSink& index,
         const WriteOptions& options)
      : source_(source),
        frames_(blob, {.level = options.level, .threads = options.threads, .frame = options.frame}),
        index_(index),
        progress_(options.progress) {}

  Result<Written> run() {
    for (;;) {
      OBS_TRY_ASSIGN(const std::optional<Member> member, source_.next());
      if (!member) {
        return finish();
      }
      OBS_TRY(add(*member));
    }
  }

 private:
  Result<void> add(const Member& member) {
    Entry entry = member.entry;
    entry.offset = frames_.position();
    OBS_TRY(frames_.write(header_of(member)));
    if (entry.type == EntryType::file) {
      OBS_TRY_ASSIGN(entry.sha256, content(member));
    }
    ++entries_;
    OBS_TRY(index_.add(entry));
    return progress_ ? progress_(frames_.position()) : Result<void>();
  }

  // Returns the digest of the file with its holes.
  Result<std::string> content(const Member& member) {
    const ByteSink hash = [this](std::string_view bytes) -> Result<void> {
      digest_.add(bytes);
      return {};
    };
    Content content;
    content.begin(member);
    for (std::uint64_t left = member.stored(); left > 0;) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk_.size()));
      OBS_TRY_ASSIGN(const std::size_t n, source_.read(std::span(chunk_).first(most)));
      if (n == 0) {
        return fail(Code::failed, fmt::format("'{}' gave {} bytes less than it has",
                                              printable(member.entry.path), left));
      }
      const std::string_view bytes = std::string_view(chunk_).substr(0, n);
      OBS_TRY(content.write(bytes, hash));
      OBS_TRY(frames_.write(bytes));
      left -= n;
      OBS_TRY(progress_ ? progress_(frames_.position()) : Result<void>());
    }
    OBS_TRY(content.end(hash));
    const std::uint64_t stored = member.stored();
    OBS_TRY(frames_.write(std::string(static_cast<std::size_t>(padded(stored) - stored), '\0')));
    return digest_.hex();
  }

  Result<Written> finish() {
    OBS_TRY(frames_.write(std::string(k_trailer, '\0')));
    OBS_TRY_ASSIGN(const FrameTotals totals, frames_.finish());
    OBS_TRY_ASSIGN(const FrameTotals index, index_.finish(totals));
    return Written{.summary = {.raw_bytes = totals.raw_bytes,
                               .entries = entries_,
                               .blob_bytes = totals.blob_bytes,
                               .index_bytes = index.blob_bytes,
                               .tar_sha256 = totals.raw_sha256,
                               .blob_sha256 = totals.blob_sha256,
                               .index_sha256 = index.blob_sha256},
                   .problems = source_.problems()};
  }

  TreeSource& source_;
  FrameWriter frames_;
  IndexWriter index_;
  Progress progress_;
  Sha256 digest_;
  std::string chunk_ = std::string(4 * k_chunk, '\0');
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<Written> write_archive(TreeSource& source, const ByteSink& blob, const ByteSink& index,
                              const WriteOptions& options) {
  return Writer(source, blob, index, options).run();
}

}  // namespace obsctl::archive
