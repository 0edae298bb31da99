// SPDX-License-Identifier: Apache-2.0
// Bytes that are pushed into a volume of the engine. An archive gives them when it has decoded them,
// the engine takes them when it likes: a thread and a pipe stand between.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/fd.hpp"
#include "lib/io/http.hpp"

namespace obsctl::protect {

class EngineUpload {
 public:
  // `helper` is a container of engine::create_helper(). Everything outlives the upload.
  [[nodiscard]] static Result<std::unique_ptr<EngineUpload>> open(HttpClient& http,
                                                                  const Environment& environment,
                                                                  std::string helper,
                                                                  const StopFlag& stop);
  // Gives the exchange up, unless finish() was called.
  ~EngineUpload();
  EngineUpload(const EngineUpload&) = delete;
  EngineUpload& operator=(const EngineUpload&) = delete;

  // Errors: what the engine said when it did not want more.
  [[nodiscard]] Result<void> write(std::string_view bytes);
  // After the last byte. Errors: of the exchange.
  [[nodiscard]] Result<void> finish();

 private:
  EngineUpload(Fd read, Fd write) : read_(std::move(read)), write_(std::move(write)) {}
  Result<std::size_t> read(std::span<char> into);

  Fd read_;
  Fd write_;
  std::atomic<bool> whole_ = false;  // everything was written; a pipe that ends before is no end
  Result<void> outcome_;
  std::thread thread_;
};

}  // namespace obsctl::protect
