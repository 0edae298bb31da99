// SPDX-License-Identifier: Apache-2.0
// The mistakes of one input, so that a person sees all of them at once.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl {

class Problems {
 public:
  // An error that carries others becomes as many.
  void add(Error error) {
    auto more = std::move(error.more);
    error.more.clear();
    errors_.push_back(std::move(error));
    for (auto& other : more) {
      add(std::move(other));
    }
  }
  void add(const SourcePos& at, std::string message, std::string hint = {}) {
    add(fail_at(at, std::move(message), std::move(hint)).value());
  }

  // Sets `into`, or remembers the error; true when there was none.
  template <class T>
  bool take(T& into, Result<T> result) {
    if (result) {
      into = std::move(*result);
      return true;
    }
    add(std::move(result).error());
    return false;
  }

  template <class T>
  bool check(Result<T> result) {
    if (!result) {
      add(std::move(result).error());
    }
    return result.has_value();
  }

  // True when a person would not read on; looking for more is a waste.
  [[nodiscard]] bool full() const { return errors_.size() >= k_enough; }

  // The first mistake, which carries the others.
  [[nodiscard]] Result<void> done() {
    if (errors_.empty()) {
      return {};
    }
    Error first = std::move(errors_.front());
    for (std::size_t i = 1; i < errors_.size(); ++i) {
      first.more.push_back(std::move(errors_[i]));
    }
    errors_.clear();
    return Failure(std::move(first));
  }

 private:
  static constexpr std::size_t k_enough = 100;
  std::vector<Error> errors_;
};

}  // namespace obsctl
