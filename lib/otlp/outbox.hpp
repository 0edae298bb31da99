// SPDX-License-Identifier: Apache-2.0
// Bytes on their way to a socket: small pieces are copied together, large ones only pointed to.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lib/otlp/net.hpp"

namespace obsctl::otlp {

class Outbox {
 public:
  Outbox();

  // Copies as much as fits and says how much that was.
  std::size_t copy(const void* data, std::size_t size);
  // Takes a pointer to bytes that stay where they are until they were sent or detach() was called.
  void refer(ByteView bytes);

  // Room for `size` copied bytes and `parts` more parts.
  [[nodiscard]] bool has_room(std::size_t size, std::size_t parts) const;
  [[nodiscard]] bool empty() const { return first_ == parts_.size(); }

  // Writes until empty or blocked; adds to `sent`.
  [[nodiscard]] Io flush(Channel& channel, std::uint64_t& sent);

  // Replaces pointers into `bytes` by a copy, because their owner takes them back.
  void detach(ByteView bytes);

 private:
  void reset();

  std::unique_ptr<char[]> arena_;  // not cleared: an idle connection's pages are never touched
  std::size_t used_ = 0;           // of arena_
  std::size_t referred_ = 0;       // bytes pointed to
  std::vector<iovec> parts_;
  std::size_t first_ = 0;  // first part not yet sent
  std::deque<std::string> copies_;
};

}  // namespace obsctl::otlp
