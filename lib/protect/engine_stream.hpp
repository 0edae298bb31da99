// SPDX-License-Identifier: Apache-2.0
// The content of an engine's volume as bytes that are asked for. The engine sends when it likes, an
// archive reads when it needs: a thread and a pipe stand between.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <thread>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/fd.hpp"
#include "lib/io/http.hpp"

namespace obsctl::protect {

class EngineStream {
 public:
  // `helper` is a container of engine::create_helper(). Everything outlives the stream.
  [[nodiscard]] static Result<std::unique_ptr<EngineStream>> open(HttpClient& http,
                                                                  const Environment& environment,
                                                                  std::string helper,
                                                                  const StopFlag& stop);
  // Ends the exchange, wherever it is.
  ~EngineStream();
  EngineStream(const EngineStream&) = delete;
  EngineStream& operator=(const EngineStream&) = delete;

  // Fills the front of the buffer and returns how many bytes; 0 when the engine has ended its answer
  // well. Errors: of the exchange.
  [[nodiscard]] Result<std::size_t> read(std::span<char> into);

 private:
  EngineStream(Fd read, Fd write) : read_(std::move(read)), write_(std::move(write)) {}

  Fd read_;
  Fd write_;
  Result<void> outcome_;
  std::thread thread_;
};

}  // namespace obsctl::protect
