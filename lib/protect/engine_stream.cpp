// SPDX-License-Identifier: Apache-2.0
// The thread that writes what the engine sends into a pipe.
#include "lib/protect/engine_stream.hpp"

#include "lib/engine/volume.hpp"
#include "lib/protect/pipe.hpp"

namespace obsctl::protect {

Result<std::unique_ptr<EngineStream>> EngineStream::open(HttpClient& http,
                                                         const Environment& environment,
                                                         std::string helper, const StopFlag& stop) {
  OBS_TRY_ASSIGN(Pipe pipe, make_pipe());
  std::unique_ptr<EngineStream> out(new EngineStream(std::move(pipe.read), std::move(pipe.write)));
  out->thread_ =
      std::thread([self = out.get(), &http, &environment, helper = std::move(helper), &stop] {
        self->outcome_ = engine::read_volume(
            http, environment, helper,
            [self](std::string_view bytes) { return write_all(self->write_.get(), bytes); }, &stop);
        self->write_.close();  // after the outcome, which the reader looks at then
      });
  return out;
}

EngineStream::~EngineStream() {
  read_.close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

Result<std::size_t> EngineStream::read(std::span<char> into) {
  OBS_TRY_ASSIGN(const std::size_t got, read_some(read_.get(), into));
  if (got == 0) {
    if (thread_.joinable()) {
      thread_.join();
    }
    OBS_TRY(outcome_);
  }
  return got;
}

}  // namespace obsctl::protect
