// SPDX-License-Identifier: Apache-2.0
// When to draw, and what.
#include "lib/ui/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/ui/table.hpp"

namespace obsctl {
namespace {

constexpr auto k_redraw = std::chrono::milliseconds(100);
constexpr auto k_log = std::chrono::seconds(10);
constexpr const char* k_erase = "\r\033[K";

std::string amount(ProgressUnit unit, double value) {
  return unit == ProgressUnit::bytes ? human_bytes({value}) : human_count(value);
}

// A line that the terminal would break could not be rewritten.
std::string shortened(std::string text, int width) {
  const auto most = static_cast<std::size_t>(std::max(width, 2)) - 1;
  while (display_width(text) > most) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U) {
      text.pop_back();
    }
    text.pop_back();
  }
  return text;
}

}  // namespace

ProgressLine::ProgressLine(Terminal& terminal, const Clock& clock, bool quiet)
    : terminal_(terminal), clock_(clock), quiet_(quiet), rewrites_(terminal.err_is_terminal()) {
  next_ = clock.monotonic() + (rewrites_ ? std::chrono::milliseconds(k_redraw) : k_log);
}

void ProgressLine::show(const std::function<std::string()>& text) {
  const auto now = clock_.monotonic();
  if (quiet_ || now < next_) {
    return;
  }
  if (rewrites_) {
    terminal_.err(k_erase + shortened(text(), terminal_.width()));
    dirty_ = true;
    next_ = now + k_redraw;
  } else {
    terminal_.err(text() + "\n");
    next_ = now + k_log;
  }
}

void ProgressLine::clear() {
  if (dirty_) {
    terminal_.err(k_erase);
    dirty_ = false;
  }
}

std::string progress_text(const std::string& doing, ProgressUnit unit, double done,
                          std::optional<double> total, Duration elapsed) {
  std::string out = fmt::format("{}  {}", doing, amount(unit, done));
  if (total) {
    out += fmt::format(" of {}", amount(unit, *total));
    if (*total > 0) {
      out += fmt::format("  {:.0f} %", std::floor(std::min(done / *total, 1.0) * 100));
    }
  }
  if (done <= 0 || elapsed.seconds <= 0) {
    return out;
  }
  const double rate = done / elapsed.seconds;
  out += fmt::format("  {}/s", amount(unit, rate));
  if (total && *total > done) {
    out += fmt::format("  {} left", human_duration({std::ceil((*total - done) / rate)}));
  }
  return out;
}

Progress::Progress(ProgressLine& line, const Clock& clock, std::string doing, ProgressUnit unit,
                   std::optional<double> total)
    : line_(line),
      clock_(clock),
      doing_(std::move(doing)),
      unit_(unit),
      total_(total),
      start_(clock.monotonic()) {}

void Progress::add(double amount) {
  done_ += amount;
  line_.show([this] { return progress_text(doing_, unit_, done_, total_, clock_.since(start_)); });
}

}  // namespace obsctl
