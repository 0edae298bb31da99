// SPDX-License-Identifier: Apache-2.0
// Making and recognising the names of a repository.
#include "lib/backup/names.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/text.hpp"

namespace obsctl::backup {
namespace {

// d: a digit, r: a digit or a small letter.
constexpr std::string_view k_set_id = "ddddddddTddddddZ-rrrrrr";
constexpr std::size_t k_random = 6;
constexpr std::size_t k_longest_name = 100;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_small_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_name_character(char c) {
  return is_digit(c) || is_small_letter(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
         c == '-';
}

std::string volume_name_of(const std::filesystem::path& directory) {
  std::string out = directory.lexically_normal().string();
  while (out.size() > 1 && out.ends_with('/')) {
    out.pop_back();
  }
  out = std::filesystem::path(out).filename().string().substr(0, k_longest_name);
  std::ranges::replace_if(
      out, [](char c) { return !is_name_character(c); }, '-');
  out.erase(0, std::min(out.find_first_not_of(".-"), out.size()));
  return out.empty() ? "root" : out;
}

}  // namespace

Result<std::string> new_set_id(Time now, Random& random) {
  OBS_TRY_ASSIGN(const std::string token, random.token(k_random));
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     lower(token));
}

bool is_set_id(std::string_view text) {
  return std::ranges::equal(text, k_set_id, [](char c, char wanted) {
    switch (wanted) {
      case 'd': return is_digit(c);
      case 'r': return is_digit(c) || is_small_letter(c);
      default: return c == wanted;
    }
  });
}

bool is_volume_name(std::string_view text) {
  return !text.empty() && text.size() <= k_longest_name && text.front() != '.' &&
         text.front() != '-' && std::ranges::all_of(text, is_name_character);
}

std::vector<std::string> volume_names(const std::vector<std::filesystem::path>& directories) {
  std::vector<std::string> out;
  std::set<std::string> taken;
  for (const auto& directory : directories) {
    const std::string name = volume_name_of(directory);
    std::string unique = name;
    for (int number = 2; !taken.insert(unique).second; ++number) {
      const std::string suffix = fmt::format("-{}", number);
      unique = name.substr(0, k_longest_name - suffix.size()) + suffix;
    }
    out.push_back(unique);
  }
  return out;
}

std::string blob_path(std::string_view volume) {
  return fmt::format("{}/{}.tar.zst", file_names::volumes, volume);
}

std::string index_path(std::string_view volume) {
  return fmt::format("{}/{}.idx.zst", file_names::volumes, volume);
}

}  // namespace obsctl::backup
