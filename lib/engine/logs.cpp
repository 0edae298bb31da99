// SPDX-License-Identifier: Apache-2.0
// Asks for a log, takes the engine's frames apart and keeps the end of it.
#include "lib/engine/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/address.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/command.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_header = 8;
constexpr std::size_t k_longest_line = 16UL << 10;
// Enough for the lines that are asked for; an engine that sends on and on is not listened to.
constexpr std::size_t k_longest_answer = 32UL << 20;

// The engine's stamp "2026-11-26T02:54:04.123456789Z " is taken off the text.
Time take_stamp(std::string& text) {
  constexpr std::size_t k_seconds = 19;
  const auto end = text.find(' ');
  if (end == std::string::npos || end < k_seconds || text[end - 1] != 'Z') {
    return {};
  }
  const auto time = parse_time(text.substr(0, k_seconds) + "Z");
  if (!time) {
    return {};
  }
  text.erase(0, end + 1);
  return *time;
}

std::size_t length_in(const std::string& header) {
  std::size_t out = 0;
  for (const char c : header.substr(4)) {
    out = out << 8U | static_cast<unsigned char>(c);
  }
  return out;
}

}  // namespace

void LogDecoder::keep(std::string line) {
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  LogLine out;
  out.at = take_stamp(line);
  out.text = std::move(line);
  kept_bytes_ += out.text.size();
  kept_.push_back(std::move(out));
  while (kept_bytes_ > most_bytes_) {
    kept_bytes_ -= kept_.front().text.size();
    kept_.pop_front();
  }
}

void LogDecoder::take_text(std::size_t stream, std::string_view text) {
  std::string& begun = begun_.at(stream);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::size_t room = k_longest_line - std::min(k_longest_line, begun.size());
    begun += text.substr(0, std::min(end, room));
    if (end == text.size()) {
      return;
    }
    text.remove_prefix(end + 1);
    keep(std::move(begun));
    begun.clear();
  }
}

void LogDecoder::take(std::string_view bytes) {
  if (form_ == Form::unknown && !bytes.empty()) {
    // The stream's number, which no text begins with.
    form_ = static_cast<unsigned char>(bytes.front()) < k_streams ? Form::framed : Form::raw;
  }
  if (form_ == Form::raw) {
    return take_text(0, bytes);
  }
  while (!bytes.empty()) {
    if (left_ == 0) {
      const std::size_t piece = std::min(bytes.size(), k_header - header_.size());
      header_ += bytes.substr(0, piece);
      bytes.remove_prefix(piece);
      if (header_.size() < k_header) {
        return;
      }
      stream_ = std::min<std::size_t>(static_cast<unsigned char>(header_.front()), k_streams - 1);
      left_ = length_in(header_);
      header_.clear();
      continue;
    }
    const std::size_t piece = std::min(bytes.size(), left_);
    take_text(stream_, bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    left_ -= piece;
  }
}

std::vector<LogLine> LogDecoder::lines() {
  for (std::string& begun : begun_) {
    if (!begun.empty()) {
      keep(std::move(begun));
      begun.clear();
    }
  }
  return {kept_.begin(), kept_.end()};
}

Result<std::vector<LogLine>> container_log(HttpClient& http, const Environment& environment,
                                           const std::string& container, const LogWindow& window) {
  const auto since =
      std::chrono::duration_cast<std::chrono::seconds>(window.since.time_since_epoch()).count();
  OBS_TRY_ASSIGN(
      HttpRequest request,
      engine_request(
          environment,
          fmt::format("/containers/{}/logs?stdout=1&stderr=1&timestamps=1&since={}&tail={}",
                      percent_encoded(container), since, window.lines)));
  request.timeout = window.timeout;
  request.connect_timeout = Duration{0.5};
  request.max_body = k_chunk;  // of an error
  LogDecoder decoder(window.bytes);
  std::size_t taken = 0;
  request.download = [&](std::string_view bytes) -> Result<void> {
    taken += bytes.size();
    if (taken > k_longest_answer) {
      return engine::no_sense(environment, "a log of more lines than were asked for");
    }
    decoder.take(bytes);
    return {};
  };
  OBS_TRY_ASSIGN(const HttpResponse response, http.send(request));
  if (response.status / 100 != 2) {
    return fail(Code::failed, fmt::format("the engine gives no log of '{}': {}", container,
                                          engine::message_in(response.body)));
  }
  return decoder.lines();
}

}  // namespace obsctl
