// SPDX-License-Identifier: Apache-2.0
// One thread reads, hashes and decodes at most two frames ahead; whoever reads does the rest
// meanwhile.
#include "lib/archive/frame_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "lib/archive/frame_writer.hpp"
#include "lib/archive/zstd.hpp"

namespace obsctl::archive {

class FrameReader::Ahead {
 public:
  struct Piece {
    Frame frame;
    std::uint64_t blob_end = 0;
    std::string raw;
  };

  Ahead(const Blob& blob, const FrameReaderOptions& options, Sha256* digest)
      : blob_(blob), what_(options.what), at_(options.from), most_(options.most), digest_(digest) {
    thread_ = std::jthread([this] { work(); });
  }
  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // The next frame; nothing at the end. Gives `old` back to be used again.
  Result<std::optional<Piece>> next(std::string old) {
    std::unique_lock lock(mutex_);
    spare_.push_back(std::move(old));
    changed_.wait(lock, [&] { return !ready_.empty() || ended_; });
    if (!ready_.empty()) {
      Piece out = std::move(ready_.front());
      ready_.pop_front();
      changed_.notify_all();
      return out;
    }
    return error_ ? Result<std::optional<Piece>>(Failure(*error_)) : std::nullopt;
  }

 private:
  static constexpr std::size_t k_ahead = 2;

  void work() {
    std::optional<Error> error;
    try {
      auto result = run();
      if (!result) {
        error = std::move(result).error();
      }
    } catch (const std::exception& thrown) {  // memory ran out
      error = Error{.code = Code::failed, .message = thrown.what()};
    }
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    ended_ = true;
    changed_.notify_all();
  }

  Result<void> run() {
    Decompressor decompressor;
    for (;;) {
      Piece piece;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ready_.size() < k_ahead || closed_; });
        if (closed_) {
          return {};
        }
        if (!spare_.empty()) {
          piece.raw = std::move(spare_.back());
          spare_.pop_back();
        }
      }
      OBS_TRY_ASSIGN(const bool more, decode(decompressor, piece));
      if (!more) {
        return {};
      }
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(piece));
      changed_.notify_all();
    }
  }

  // Reads on until the buffer holds the largest frame there can be, or the blob ends.
  Result<void> fill() {
    packed_.erase(0, used_);
    used_ = 0;
    const std::size_t wanted = packed_bound(k_most_frame);
    while (packed_.size() < wanted) {
      const std::size_t before = packed_.size();
      const std::uint64_t from = at_.blob_offset + before;
      const std::uint64_t rest = from < blob_.size() ? blob_.size() - from : 0;
      if (rest == 0) {
        return {};
      }
      packed_.resize(before + std::min<std::size_t>(
                                  {wanted - before, k_piece, static_cast<std::size_t>(rest)}));
      auto n = blob_.read_at(from, std::span(packed_).subspan(before));
      packed_.resize(before + (n ? *n : 0));
      OBS_TRY(n);
      if (digest_ != nullptr) {
        digest_->add(std::string_view(packed_).substr(before));
      }
      if (*n == 0 || packed_size(packed_)) {
        return {};
      }
    }
    return {};
  }

  [[nodiscard]] Failure damaged(std::string_view how) const {
    return fail(Code::integrity, fmt::format("the {} is damaged: the frame at byte {} {}", what_,
                                             at_.blob_offset, how));
  }

  // False at the end of the blob.
  Result<bool> decode(Decompressor& decompressor, Piece& piece) {
    auto size = packed_size(std::string_view(packed_).substr(used_));
    if (!size) {
      OBS_TRY(fill());
      if (packed_.empty()) {
        return false;
      }
      size = packed_size(packed_);
    }
    if (!size) {
      return damaged(at_.blob_offset + packed_.size() >= blob_.size() ? "is cut short or none"
                                                                      : "is none");
    }
    const std::string_view frame = std::string_view(packed_).substr(used_, *size);
    if (!decompressor.unpack(frame, k_most_frame, piece.raw) || piece.raw.empty()) {
      return damaged("does not have the content that it had");
    }
    if (piece.raw.size() > most_ || at_.raw_offset > most_ - piece.raw.size()) {
      return damaged(fmt::format("holds more than the {} bytes that the archive had", most_));
    }
    piece.frame = at_;
    at_.raw_offset += piece.raw.size();
    at_.blob_offset += *size;
    piece.blob_end = at_.blob_offset;
    used_ += *size;
    return true;
  }

  static constexpr std::size_t k_piece = std::size_t{1} << 20U;  // read at a time

  const Blob& blob_;
  std::string what_;
  Frame at_;
  std::uint64_t most_;
  Sha256* digest_;
  std::string packed_;
  std::size_t used_ = 0;  // of it

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> ready_;
  std::vector<std::string> spare_;
  bool ended_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
  std::jthread thread_;  // last: it uses the others
};

FrameReader::FrameReader(const Blob& blob, const FrameReaderOptions& options)
    : digest_(options.digest ? std::make_unique<Sha256>() : nullptr),
      ahead_(std::make_unique<Ahead>(blob, options, digest_.get())),
      position_(options.from.raw_offset),
      blob_position_(options.from.blob_offset) {}
FrameReader::~FrameReader() = default;

Result<std::size_t> FrameReader::read(std::span<char> into) {
  if (used_ == raw_.size()) {
    OBS_TRY_ASSIGN(auto piece, ahead_->next(std::move(raw_)));
    raw_.clear();
    used_ = 0;
    if (!piece) {
      return std::size_t{0};
    }
    raw_ = std::move(piece->raw);
    frames_.push_back(piece->frame);
    blob_position_ = piece->blob_end;
  }
  const std::size_t n = raw_.copy(into.data(), into.size(), used_);
  used_ += n;
  position_ += n;
  return n;
}

std::string FrameReader::blob_sha256() {
  return digest_->hex();
}

}  // namespace obsctl::archive
