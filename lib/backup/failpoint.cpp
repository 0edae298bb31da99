// SPDX-License-Identifier: Apache-2.0
// The one place that reads OBSCTL_FAILPOINT, so that an ordinary run pays one comparison.
#include "lib/backup/failpoint.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace obsctl::backup {
namespace {

struct Wanted {
  std::string_view name = {};
  int signal = SIGKILL;
  int time = 1;
};

Wanted wanted() {
  const char* text = std::getenv("OBSCTL_FAILPOINT");
  Wanted out;
  out.name = text == nullptr ? std::string_view() : std::string_view(text);
  constexpr std::string_view k_stop = ":stop";
  if (out.name.ends_with(k_stop)) {
    out.name.remove_suffix(k_stop.size());
    out.signal = SIGSTOP;
  }
  if (const auto sign = out.name.find('#'); sign != std::string_view::npos) {
    const std::string_view number = out.name.substr(sign + 1);
    std::from_chars(number.data(), number.data() + number.size(), out.time);
    out.name = out.name.substr(0, sign);
  }
  return out;
}

}  // namespace

void failpoint(std::string_view name) {
  static const Wanted k_wanted = wanted();
  static std::atomic<int> times{0};
  if (!k_wanted.name.empty() && name == k_wanted.name && ++times == k_wanted.time) {
    static_cast<void>(std::raise(k_wanted.signal));
  }
}

}  // namespace obsctl::backup
