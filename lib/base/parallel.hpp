// SPDX-License-Identifier: Apache-2.0
// Independent pieces of work on all processors, for the few places where a person waits for it.
#pragma once

#include <cstddef>
#include <functional>

namespace obsctl {

// Calls work(0) … work(count - 1), each once, in any order and from several threads; returns when
// all are done. What a call throws (memory ran out) is thrown here once the others have ended; calls
// that had not begun are then left out.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace obsctl
