// SPDX-License-Identifier: Apache-2.0
// A few threads that compress; the one that holds the next piece in order hashes and writes it, so
// that none waits for another and the caller's thread is free to read.
#include "lib/archive/frame_writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "lib/archive/digest.hpp"
#include "lib/archive/zstd.hpp"

namespace obsctl::archive {

class FrameWriter::Pool {
 public:
  Pool(ByteSink blob, const FrameOptions& options) : blob_(std::move(blob)) {
    const unsigned threads = std::clamp(options.threads, 1U, 16U);
    most_ = threads + 2;
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, level = options.level] { work(level); });
    }
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      waiting_.clear();
    }
    changed_.notify_all();
    threads_.clear();  // waits for them
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Takes the content of `raw` and leaves an empty text with some room in it.
  Result<void> submit(std::string& raw) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return on_their_way_ < most_ || error_; });
    if (error_) {
      return Failure(*error_);
    }
    Piece piece;
    if (!spare_.empty()) {
      piece = std::move(spare_.back());
      spare_.pop_back();
    }
    piece.raw.swap(raw);
    raw.clear();
    waiting_.emplace_back(submitted_++, std::move(piece));
    ++on_their_way_;
    changed_.notify_all();
    return {};
  }

  Result<FrameTotals> finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return on_their_way_ == 0 || error_; });
    if (error_) {
      return Failure(*error_);
    }
    totals_.raw_sha256 = raw_digest_.hex();
    totals_.blob_sha256 = blob_digest_.hex();
    return totals_;
  }

 private:
  struct Piece {
    std::string raw;
    std::string packed;  // kept larger than what is used of it
    std::size_t packed_size = 0;
  };

  void give_up(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) {
      error_ = std::move(error);
    }
    changed_.notify_all();
  }

  void work(int level) {
    try {
      Compressor compressor(level);
      for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || error_ || !waiting_.empty(); });
        if (closed_ || error_) {
          return;
        }
        auto [number, piece] = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        auto size = compressor.pack(piece.raw, piece.packed);
        if (!size) {
          return give_up(std::move(size).error());
        }
        piece.packed_size = *size;
        lock.lock();
        done_.emplace(number, std::move(piece));
        emit(lock);
      }
    } catch (const std::exception& thrown) {  // memory ran out, or a sink threw
      give_up({.code = Code::failed, .message = thrown.what()});
    }
  }

  // Writes what is next in order, as long as there is any and nobody else does it.
  void emit(std::unique_lock<std::mutex>& lock) {
    while (!writing_ && !done_.empty() && done_.begin()->first == written_ && !error_) {
      Piece piece = std::move(done_.begin()->second);
      done_.erase(done_.begin());
      writing_ = true;
      lock.unlock();
      auto result = write(piece);
      lock.lock();
      writing_ = false;
      if (!result && !error_) {
        error_ = std::move(result).error();
      }
      ++written_;
      --on_their_way_;
      piece.raw.clear();
      spare_.push_back(std::move(piece));
      changed_.notify_all();
    }
  }

  Result<void> write(const Piece& piece) {
    const std::string_view packed(piece.packed.data(), piece.packed_size);
    totals_.frames.push_back({.raw_offset = totals_.raw_bytes, .blob_offset = totals_.blob_bytes});
    raw_digest_.add(piece.raw);
    blob_digest_.add(packed);
    totals_.raw_bytes += piece.raw.size();
    totals_.blob_bytes += packed.size();
    return blob_(packed);
  }

  ByteSink blob_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::uint64_t, Piece>> waiting_;
  std::map<std::uint64_t, Piece> done_;
  std::vector<Piece> spare_;
  std::uint64_t submitted_ = 0;
  std::uint64_t written_ = 0;
  std::size_t on_their_way_ = 0;
  std::size_t most_ = 0;
  bool writing_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
  // Of the thread that writes.
  FrameTotals totals_;
  Sha256 raw_digest_;
  Sha256 blob_digest_;
  std::vector<std::jthread> threads_;  // last: they use the others
};

FrameWriter::FrameWriter(ByteSink blob, const FrameOptions& options)
    : pool_(std::make_unique<Pool>(std::move(blob), options)),
      frame_(std::clamp(options.frame, std::size_t{1} << 10U, k_most_frame)) {}
FrameWriter::~FrameWriter() = default;

Result<void> FrameWriter::write(std::string_view raw) {
  position_ += raw.size();
  while (!raw.empty()) {
    if (piece_.capacity() < frame_) {
      piece_.reserve(frame_);
    }
    const std::string_view part = raw.substr(0, frame_ - piece_.size());
    piece_ += part;
    raw.remove_prefix(part.size());
    if (piece_.size() == frame_) {
      OBS_TRY(pool_->submit(piece_));
    }
  }
  return {};
}

Result<FrameTotals> FrameWriter::finish() {
  if (!piece_.empty()) {
    OBS_TRY(pool_->submit(piece_));
  }
  return pool_->finish();
}

}  // namespace obsctl::archive
