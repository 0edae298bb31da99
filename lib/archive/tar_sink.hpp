// SPDX-License-Identifier: Apache-2.0
// An archive as a plain tar stream, as the container engine takes it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/archive/sink.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

struct TarSinkOptions {
  bool sparse =
      false;  // holes stay holes, in GNU's format 1.0; otherwise they are written as zeros
};

class Content;

class TarSink final : public EntrySink {
 public:
  explicit TarSink(ByteSink tar, const TarSinkOptions& options = {});
  ~TarSink() override;
  TarSink(const TarSink&) = delete;
  TarSink& operator=(const TarSink&) = delete;

  Result<void> begin(const Member& member) override;
  Result<void> write(std::string_view bytes) override;
  Result<void> end() override;
  // Ends the stream with the two blocks of zeros.
  Result<void> finish() override;
  [[nodiscard]] const std::vector<Problem>& problems() const override { return problems_; }

 private:
  ByteSink tar_;
  TarSinkOptions options_;
  std::unique_ptr<Content> content_;
  std::uint64_t left_over_ = 0;  // of the last block
  std::vector<Problem> problems_;
};

}  // namespace obsctl::archive
