// SPDX-License-Identifier: Apache-2.0
// A set of numbers that mostly come in order: seen once or seen before, in a bit per number.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace obsctl::otlp {

enum class Seen : std::uint8_t { fresh, duplicate, untracked };

// Sequence numbers. Memory: 512 bytes per 4096 numbers in use, at most `max_pages` of them.
class SequenceSet {
 public:
  explicit SequenceSet(std::size_t max_pages = 65'536) : max_pages_(max_pages) {}

  Seen add(std::uint64_t number) {
    const std::uint64_t page = number >> 12U;
    if (page != last_page_ || last_ == nullptr) {
      auto found = pages_.find(page);
      if (found == pages_.end()) {
        if (pages_.size() >= max_pages_) {
          return Seen::untracked;
        }
        found = pages_.emplace(page, std::make_unique<Page>()).first;
      }
      last_page_ = page;
      last_ = found->second.get();
    }
    std::uint64_t& word = (*last_)[(number & 4095U) >> 6U];
    const std::uint64_t bit = std::uint64_t{1} << (number & 63U);
    const bool seen = (word & bit) != 0;
    word |= bit;
    return seen ? Seen::duplicate : Seen::fresh;
  }

 private:
  using Page = std::array<std::uint64_t, 64>;
  std::size_t max_pages_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::uint64_t last_page_ = 0;
  Page* last_ = nullptr;
};

// Ids without order, as 64-bit fingerprints: open addressing, at most `max_entries`. With a million
// ids two different ones share a fingerprint with a probability of 3e-8.
class FingerprintSet {
 public:
  explicit FingerprintSet(std::size_t max_entries = std::size_t{1} << 23U) : max_(max_entries) {}

  Seen add(std::uint64_t fingerprint) {
    fingerprint += fingerprint == 0 ? 1 : 0;  // 0 marks a free place
    if (used_ * 2 >= size_) {
      if (used_ >= max_) {
        return contains(fingerprint) ? Seen::duplicate : Seen::untracked;
      }
      grow();
    }
    std::uint64_t& place = table_[find(fingerprint)];
    if (place == fingerprint) {
      return Seen::duplicate;
    }
    place = fingerprint;
    ++used_;
    return Seen::fresh;
  }
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  [[nodiscard]] std::size_t find(std::uint64_t fingerprint) const {
    std::size_t at = (fingerprint * 0x9E3779B97F4A7C15U) & (size_ - 1);
    while (table_[at] != 0 && table_[at] != fingerprint) {
      at = (at + 1) & (size_ - 1);
    }
    return at;
  }
  [[nodiscard]] bool contains(std::uint64_t fingerprint) const {
    return size_ != 0 && table_[find(fingerprint)] == fingerprint;
  }
  void grow() {
    const std::size_t old_size = size_;
    const auto old = std::move(table_);
    size_ = old_size == 0 ? 1024 : old_size * 2;
    table_ = std::make_unique<std::uint64_t[]>(size_);
    for (std::size_t i = 0; i < old_size; ++i) {
      if (old[i] != 0) {
        table_[find(old[i])] = old[i];
      }
    }
  }

  std::size_t max_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
  std::unique_ptr<std::uint64_t[]> table_;
};

}  // namespace obsctl::otlp
