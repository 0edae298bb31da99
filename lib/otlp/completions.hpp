// SPDX-License-Identifier: Apache-2.0
// The completions between two waits: a vector whose elements are used again, strings included.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

class CompletionBuffer {
 public:
  // A completion with nothing set but what the request says.
  Completion& add(const Request& request, Time done) {
    if (used_ == items_.size()) {
      items_.emplace_back();
    }
    Completion& one = items_[used_++];
    std::string message = std::move(one.message);
    message.clear();
    one = Completion{};
    one.message = std::move(message);
    one.tag = request.tag;
    one.signal = request.signal;
    one.intended = request.intended;
    one.send_time = request.intended;
    one.done_time = done;
    return one;
  }

  [[nodiscard]] bool empty() const { return used_ == 0; }
  void clear() { used_ = 0; }
  [[nodiscard]] std::span<const Completion> view() const { return std::span(items_).first(used_); }

 private:
  std::vector<Completion> items_;
  std::size_t used_ = 0;
};

}  // namespace obsctl::otlp
