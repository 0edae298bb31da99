// SPDX-License-Identifier: Apache-2.0
// An archive as a plain tar stream, as the container engine takes it.
#pragma once

#include <memory>
#include <vector>

#include "lib/archive/sink.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

struct TarSinkOptions {
  bool sparse =
      false;  // holes stay holes, in GNU's format 1.0; otherwise they are written as zeros
};

class TarSink final : public EntrySink {
 public:
  explicit TarSink(ByteSink tar, const TarSinkOptions& options = {});

  Result<void> begin(const Member& member) override;
  Result<void> write(std::string_view bytes) override;
  Result<void> end() override;
  // Ends the stream with the two blocks of zeros.
  Result<void> finish() override;
  [[nodiscard]] const std::vector<Problem>& problems() const override { return problems_; }

 private:
  Result<void> zeros(std::uint64_t count);

  ByteSink tar_;
  TarSinkOptions options_;
  Member member_;
  std::size_t extent_ = 0;       // that is written
  std::uint64_t in_extent_ = 0;  // of its bytes
  std::uint64_t at_ = 0;         // bytes of content in the stream
  std::vector<Problem> problems_;
};

}  // namespace obsctl::archive
