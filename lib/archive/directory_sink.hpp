// SPDX-License-Identifier: Apache-2.0
// Restores entries below one open directory. Whatever an archive says and whoever exchanges
// directories meanwhile, nothing outside of it is opened: no link is followed on the way.
#pragma once

#include <memory>
#include <vector>

#include "lib/archive/sink.hpp"
#include "lib/io/fd.hpp"

namespace obsctl::archive {

struct DirectorySinkOptions {
  bool devices = false;      // device nodes are made; otherwise they are an error
  bool special_bits = true;  // setuid and setgid are kept; otherwise they are left out, and noted
  bool owner = true;         // restored when the process is root; otherwise it owns everything
  bool replace = false;      // a file or a link that is there gives way; otherwise it is an error
  bool durable = true;       // finish() returns when the disk has everything
  bool openat2 = true;       // where the kernel has it; off: part by part, as on older ones
};

class DirectorySink final : public EntrySink {
 public:
  // The entry "data" is `root` itself.
  explicit DirectorySink(Fd root, const DirectorySinkOptions& options = {});
  ~DirectorySink() override;
  DirectorySink(const DirectorySink&) = delete;
  DirectorySink& operator=(const DirectorySink&) = delete;

  Result<void> begin(const Member& member) override;
  Result<void> write(std::string_view bytes) override;
  Result<void> end() override;
  Result<void> finish() override;
  [[nodiscard]] const std::vector<Problem>& problems() const override;

 private:
  class Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace obsctl::archive
