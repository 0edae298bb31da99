// SPDX-License-Identifier: Apache-2.0
// The thread that gives the engine what comes through a pipe.
#include "lib/protect/engine_upload.hpp"

#include "lib/engine/volume.hpp"
#include "lib/protect/pipe.hpp"

namespace obsctl::protect {

Result<std::unique_ptr<EngineUpload>> EngineUpload::open(HttpClient& http,
                                                         const Environment& environment,
                                                         std::string helper, const StopFlag& stop) {
  OBS_TRY_ASSIGN(Pipe pipe, make_pipe());
  std::unique_ptr<EngineUpload> out(new EngineUpload(std::move(pipe.read), std::move(pipe.write)));
  out->thread_ =
      std::thread([self = out.get(), &http, &environment, helper = std::move(helper), &stop] {
        self->outcome_ = engine::write_volume(
            http, environment, helper, [self](std::span<char> into) { return self->read(into); },
            &stop);
        self->read_.close();  // the writer hears of it: EPIPE
      });
  return out;
}

EngineUpload::~EngineUpload() {
  write_.close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

// In the thread.
Result<std::size_t> EngineUpload::read(std::span<char> into) {
  OBS_TRY_ASSIGN(const std::size_t got, read_some(read_.get(), into));
  if (got == 0 && !whole_) {
    return fail(Code::failed, "the content ended early");
  }
  return got;
}

Result<void> EngineUpload::write(std::string_view bytes) {
  const auto written = write_all(write_.get(), bytes);
  if (written) {
    return {};
  }
  write_.close();
  thread_.join();
  return outcome_ ? fail(Code::failed, "the engine took only a part of the volume") : outcome_;
}

Result<void> EngineUpload::finish() {
  whole_ = true;
  write_.close();
  thread_.join();
  return outcome_;
}

}  // namespace obsctl::protect
