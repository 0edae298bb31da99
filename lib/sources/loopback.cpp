// SPDX-License-Identifier: Apache-2.0
// Reads the kernel's tables of sockets, whose addresses are 32-bit words of the machine's byte order.
#include "lib/sources/loopback.hpp"

#include <charconv>
#include <string>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

// 127.x.x.x ends with its first byte on the little-endian machines that Docker runs on; in tcp6 it
// may stand behind ::ffff:.
bool is_loopback(std::string_view address) {
  const bool v4 = address.size() == 8;
  const bool mapped = address.size() == 32 && address.starts_with("0000000000000000FFFF0000");
  return address == "00000000000000000000000001000000" ||
         ((v4 || mapped) && address.ends_with("7F"));
}

}  // namespace

void read_listening(std::string_view table, ListeningPorts& into) {
  constexpr std::string_view k_listens = "0A";
  for (const std::string& line : split(table, '\n')) {
    std::vector<std::string> words = split(line, ' ');
    std::erase(words, "");
    if (words.size() < 4 || words[3] != k_listens) {
      continue;
    }
    const std::string& local = words[1];
    const auto colon = local.find(':');
    int port = 0;
    if (colon == std::string::npos ||
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), port, 16).ec !=
            std::errc()) {
      continue;
    }
    (is_loopback(std::string_view(local).substr(0, colon)) ? into.loopback : into.reachable)
        .insert(port);
  }
}

}  // namespace obsctl::health
