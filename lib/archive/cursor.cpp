// SPDX-License-Identifier: Apache-2.0
// The reader of a tar stream on top of the reader of frames, and what both say in the words of the
// index.
#include "lib/archive/cursor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/content.hpp"
#include "lib/archive/digest.hpp"

namespace obsctl::archive {
namespace {

constexpr std::uint64_t k_near = std::uint64_t{4} << 20U;  // skipped rather than jumped over

// The error with the name of the entry, where it does not have it yet.
Failure in_entry(Error error, std::string_view path) {
  const std::string name = fmt::format("'{}'", printable(path));
  if (error.message.find(name) == std::string::npos) {
    error.message += fmt::format(", in {}", name);
  }
  return Failure(std::move(error));
}

}  // namespace

Cursor::Cursor(const Stored& stored, std::vector<Frame> frames, bool digest)
    : stored_(stored), frames_(std::move(frames)), digest_(digest), chunk_(4 * k_chunk, '\0') {
  open({});
}

void Cursor::open(const Frame& from) {
  tar_.reset();
  reader_ = std::make_unique<FrameReader>(
      stored_.blob,
      FrameReaderOptions{.from = from, .most = stored_.expected.raw_bytes, .digest = digest_});
  tar_ = std::make_unique<TarReader>([this](std::span<char> into) { return reader_->read(into); },
                                     from.raw_offset);
}

Result<void> Cursor::jump(std::uint64_t offset) {
  const auto behind = std::upper_bound(
      frames_.begin(), frames_.end(), offset,
      [](std::uint64_t value, const Frame& frame) { return value < frame.raw_offset; });
  open(behind == frames_.begin() ? Frame{} : *(behind - 1));
  while (reader_->position() < offset) {
    const auto most = static_cast<std::size_t>(
        std::min<std::uint64_t>(offset - reader_->position(), chunk_.size()));
    OBS_TRY_ASSIGN(const std::size_t n, reader_->read(std::span(chunk_).first(most)));
    if (n == 0) {
      return fail(Code::integrity,
                  fmt::format("the archive ended early at byte {}", reader_->position()));
    }
  }
  tar_ = std::make_unique<TarReader>([this](std::span<char> into) { return reader_->read(into); },
                                     offset);
  return {};
}

Result<Member> Cursor::at(const Entry& expected) {
  const std::uint64_t here = tar_->position();
  if (!frames_.empty() && (expected.offset < here || expected.offset - here > k_near)) {
    if (auto result = jump(expected.offset); !result) {
      return in_entry(std::move(result).error(), expected.path);
    }
  }
  for (;;) {
    auto member = tar_->next();
    if (!member) {
      return in_entry(std::move(member).error(), expected.path);
    }
    if (*member && (*member)->entry.offset < expected.offset && !frames_.empty()) {
      continue;
    }
    Entry wanted = expected;
    wanted.sha256.clear();
    if (!*member || (*member)->entry != wanted) {
      return fail(Code::integrity,
                  fmt::format("what the archive has at byte {} is not what its index says of '{}'",
                              expected.offset, printable(expected.path)));
    }
    return std::move(**member);
  }
}

Result<void> Cursor::content(const Member& member, const Entry& expected, const ByteSink& into) {
  Sha256 digest;
  const ByteSink hash = [&digest](std::string_view bytes) -> Result<void> {
    digest.add(bytes);
    return {};
  };
  Content content;
  content.begin(member);
  for (;;) {
    auto n = tar_->read(chunk_);
    if (!n) {
      return in_entry(std::move(n).error(), expected.path);
    }
    if (*n == 0) {
      break;
    }
    const std::string_view bytes = std::string_view(chunk_).substr(0, *n);
    OBS_TRY(content.write(bytes, hash));
    OBS_TRY(into(bytes));
  }
  OBS_TRY(content.end(hash));
  if (digest.hex() != expected.sha256) {
    return fail(
        Code::integrity,
        fmt::format("the content of '{}', at byte {} of the archive, is not what was written",
                    printable(expected.path), expected.offset));
  }
  return {};
}

Result<void> Cursor::end(std::string_view last) {
  auto member = tar_->next();
  if (!member) {
    return in_entry(std::move(member).error(), last);
  }
  if (*member) {
    return fail(Code::integrity,
                fmt::format("the archive has '{}' at byte {}, which its index does not know",
                            printable((*member)->entry.path), (*member)->entry.offset));
  }
  return {};
}

}  // namespace obsctl::archive
