// SPDX-License-Identifier: Apache-2.0
// Where the content of an archive goes: a directory of this machine, or a tar stream to the container
// engine.
#pragma once

#include <string_view>

#include "lib/archive/entry.hpp"

namespace obsctl::archive {

class EntrySink {
 public:
  virtual ~EntrySink() = default;

  // For each entry: begin, the bytes of its extents one after another, end.
  virtual Result<void> begin(const Member& member) = 0;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> end() = 0;

  // After the last entry; only then everything is there, durably.
  virtual Result<void> finish() = 0;

  // What could not be restored though its content could, for example an attribute that the file
  // system does not take.
  [[nodiscard]] virtual const std::vector<Problem>& problems() const = 0;
};

}  // namespace obsctl::archive
