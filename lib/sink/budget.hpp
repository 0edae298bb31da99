// SPDX-License-Identifier: Apache-2.0
// One limit on the memory that all unfinished requests hold together, whoever sends them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace obsctl::otlp {

class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}

  // Takes `more` bytes for a request that has `held` already; false when there is no room. The last
  // quarter is for small requests, so that a few giants do not shut out everybody else.
  [[nodiscard]] bool take(std::size_t more, std::size_t held) {
    constexpr std::size_t k_small = 1U << 20;
    const std::size_t limit = held + more > k_small ? limit_ - limit_ / 4 : limit_;
    if (more > limit || used_ > limit - more) {
      return false;
    }
    used_ += more;
    return true;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

// What one request has taken, given back at its end.
class Holding {
 public:
  explicit Holding(Budget& budget) : budget_(&budget) {}
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;
  ~Holding() { release(); }

  [[nodiscard]] bool grow(std::size_t bytes) {
    if (!budget_->take(bytes, held_)) {
      return false;
    }
    held_ += bytes;
    return true;
  }
  // Makes room in `text` for `more` bytes. What counts is the memory, not what is in it.
  [[nodiscard]] bool reserve(std::string& text, std::size_t more) {
    constexpr std::size_t k_step = 4096;
    const std::size_t size = text.size() + more;
    if (size <= text.capacity()) {
      return true;
    }
    const std::size_t wanted = std::max({size, text.capacity() * 2, k_step});
    if (!grow(wanted - text.capacity())) {
      return false;
    }
    text.reserve(wanted);
    return true;
  }
  // Gives everything back; `text` is emptied and keeps only what is not worth counting.
  void release(std::string& text) {
    constexpr std::size_t k_keep = 16 * 1024;
    text.clear();
    if (text.capacity() > k_keep) {
      text.shrink_to_fit();
    }
    release();
  }
  void release() {
    budget_->give_back(held_);
    held_ = 0;
  }

 private:
  Budget* budget_;
  std::size_t held_ = 0;
};

}  // namespace obsctl::otlp
