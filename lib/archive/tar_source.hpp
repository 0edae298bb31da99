// SPDX-License-Identifier: Apache-2.0
// A plain tar stream as the source of an archive. The container engine ends such a stream without an
// error when a file shrank under it, so the end is only believed when it is written in the stream.
#pragma once

#include <memory>

#include "lib/archive/source.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

// Errors of next() and read(), all Code::integrity: the stream ended before the two blocks of zeros
// that end an archive; a header is damaged; something other than zeros comes behind the end.
// Entries that the policy of `check_foreign_tar` refuses are errors too: nothing hostile gets into an
// archive of one's own.
class TarSource final : public TreeSource {
 public:
  explicit TarSource(ByteSource tar);
  ~TarSource() override;
  TarSource(const TarSource&) = delete;
  TarSource& operator=(const TarSource&) = delete;

  [[nodiscard]] Result<std::optional<Member>> next() override;
  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] const std::vector<Problem>& problems() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace obsctl::archive
