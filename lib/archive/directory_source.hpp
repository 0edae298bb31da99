// SPDX-License-Identifier: Apache-2.0
// A directory of this machine as the source of an archive. Others may write to it meanwhile: links
// are never followed, and what vanishes, changes its size or cannot be read is said by its path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "lib/archive/source.hpp"
#include "lib/io/fd.hpp"

namespace obsctl::archive {

class DirectorySource final : public TreeSource {
 public:
  // True for what is left out, with everything below it: gets the path in the archive ("data/wal").
  using Exclude = std::function<bool(std::string_view path)>;

  // `root` is open for reading. Only its own file system is read: what is mounted in it is noted.
  explicit DirectorySource(Fd root, Exclude exclude = {});
  ~DirectorySource() override;
  DirectorySource(const DirectorySource&) = delete;
  DirectorySource& operator=(const DirectorySource&) = delete;

  [[nodiscard]] Result<std::optional<Member>> next() override;
  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] const std::vector<Problem>& problems() const override;

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

// Opens the directory that a person or an engine named; links in `path` are followed, as they mean
// it. Errors: not there, not a directory, not to be read.
[[nodiscard]] Result<Fd> open_root(const std::string& path);

}  // namespace obsctl::archive
