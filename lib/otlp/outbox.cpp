// SPDX-License-Identifier: Apache-2.0
// Gathers frames for few large writes: one system call per request, not one per frame.
#include "lib/otlp/outbox.hpp"

#include <algorithm>
#include <cstring>

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_arena = 64 * 1024;
constexpr std::size_t k_parts = 128;
constexpr std::size_t k_referred = 512 * 1024;  // beyond this the socket is asked first

}  // namespace

Outbox::Outbox() : arena_(std::make_unique_for_overwrite<char[]>(k_arena)) {
  parts_.reserve(k_parts + 1);
}

std::size_t Outbox::copy(const void* data, std::size_t size) {
  const std::size_t take = std::min(size, k_arena - used_);
  if (take == 0) {
    return 0;
  }
  char* at = arena_.get() + used_;
  std::memcpy(at, data, take);
  used_ += take;
  if (!empty() && static_cast<char*>(parts_.back().iov_base) + parts_.back().iov_len == at) {
    parts_.back().iov_len += take;
  } else {
    parts_.push_back({at, take});
  }
  return take;
}

void Outbox::refer(ByteView bytes) {
  if (!bytes.empty()) {
    parts_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
    referred_ += bytes.size();
  }
}

bool Outbox::has_room(std::size_t size, std::size_t parts) const {
  return k_arena - used_ >= size && parts_.size() + parts <= k_parts && referred_ < k_referred;
}

void Outbox::reset() {
  parts_.clear();
  copies_.clear();
  first_ = 0;
  used_ = 0;
  referred_ = 0;
}

Io Outbox::flush(Channel& channel, std::uint64_t& sent) {
  while (!empty()) {
    std::size_t count = 0;
    const Io result = channel.write(std::span(parts_).subspan(first_), count);
    if (result != Io::done) {
      return result;
    }
    sent += count;
    while (count > 0) {
      iovec& part = parts_[first_];
      const std::size_t take = std::min(count, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + take;
      part.iov_len -= take;
      count -= take;
      first_ += part.iov_len == 0 ? 1 : 0;
    }
  }
  reset();
  return Io::done;
}

void Outbox::detach(ByteView bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const auto* end = begin + bytes.size();
  for (std::size_t i = first_; i < parts_.size(); ++i) {
    const auto* base = static_cast<const char*>(parts_[i].iov_base);
    if (base >= begin && base < end) {
      copies_.emplace_back(base, parts_[i].iov_len);
      parts_[i].iov_base = copies_.back().data();
    }
  }
}

}  // namespace obsctl::otlp
