// SPDX-License-Identifier: Apache-2.0
// Owns what a C library hands out and takes back with a function, so that no path forgets to.
#pragma once

#include <memory>

namespace obsctl {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* held) const {
    release(held);
  }
};

// A pointer that `release` frees: Handle<CURL, curl_easy_cleanup>.
template <class T, auto release>
using Handle = std::unique_ptr<T, Release<release>>;

}  // namespace obsctl
