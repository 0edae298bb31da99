// SPDX-License-Identifier: Apache-2.0
// Which entries may be unpacked, judged from their names and types alone and before anything is
// touched. An archive may come from anybody: its names must stay below its top, and nothing may be
// written through a link that it brings along.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lib/archive/entry.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

struct PolicyOptions {
  bool devices = false;  // device nodes may be unpacked
};

// Judges entries in their order; it remembers which names there were.
class Policy {
 public:
  explicit Policy(const PolicyOptions& options = {});
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // What is to say about this entry after those before it; nothing when it is harmless.
  // Refused: a path outside of `data`, absolute or with an empty part, "." or ".."; a name that was
  // there; one below something that is no directory; a hard link to anything but a file or a link
  // before it; a device, unless allowed; a name longer than a kernel takes. Noted: setuid, setgid.
  [[nodiscard]] std::vector<Problem> check(const Entry& entry);

 private:
  struct Seen;
  PolicyOptions options_;
  std::unique_ptr<Seen> seen_;
};

[[nodiscard]] std::vector<Problem> problems_of(std::span<const Entry> entries,
                                               const PolicyOptions& options = {});

struct ForeignTar {
  std::uint64_t entries = 0;
  std::uint64_t raw_bytes = 0;  // of the stream
  std::vector<Problem> problems;
};

// Reads a tar stream to its end and unpacks nothing. Errors (Code::integrity): it is cut short or
// damaged.
[[nodiscard]] Result<ForeignTar> check_foreign_tar(const ByteSource& tar,
                                                   const PolicyOptions& options = {});

}  // namespace obsctl::archive
