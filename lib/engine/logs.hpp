// SPDX-License-Identifier: Apache-2.0
// What a container wrote to its standard output and error, as the engine kept it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/base/units.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

struct LogLine {
  Time at = {};      // when the engine got it; the epoch where it does not say
  std::string text;  // without the line's end; what is longer than 16 KiB is cut
};

// Takes the bytes of an answer as they come and keeps the newest lines. Each write of a container
// without a terminal has a header of 8 bytes (stream, three zeros, length), those of one with a
// terminal come as they are.
class LogDecoder {
 public:
  explicit LogDecoder(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void take(std::string_view bytes);
  // All lines that were kept, oldest first; ends what was begun.
  [[nodiscard]] std::vector<LogLine> lines();

 private:
  void take_text(std::size_t stream, std::string_view text);
  void keep(std::string line);

  enum class Form { unknown, framed, raw };
  static constexpr std::size_t k_streams = 3;

  std::size_t most_bytes_;
  Form form_ = Form::unknown;
  std::string header_;                        // of a frame, as far as it came
  std::size_t left_ = 0;                      // of the frame's text
  std::size_t stream_ = 0;                    // that the frame is of
  std::array<std::string, k_streams> begun_;  // lines without an end so far
  std::deque<LogLine> kept_;
  std::size_t kept_bytes_ = 0;
};

struct LogWindow {
  Time since;
  int lines = 2000;                          // the newest of them
  std::size_t bytes = std::size_t{1} << 20;  // kept; what is older goes
  Duration timeout = {2};
};

// The lines of a container, by its id or name. Errors: as engine::ask(); a container that is not
// there, or whose logging driver cannot be read, with the engine's words.
[[nodiscard]] Result<std::vector<LogLine>> container_log(HttpClient& http,
                                                         const Environment& environment,
                                                         const std::string& container,
                                                         const LogWindow& window);

}  // namespace obsctl
