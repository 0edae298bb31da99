// SPDX-License-Identifier: Apache-2.0
// Archives that are made are found in again, and those of strangers lead nowhere.
#include "lib/bundle/tar.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace obsctl;
using namespace obsctl::bundle;

namespace {

std::string archive_of(const std::vector<std::pair<std::string, std::string>>& files) {
  TarWriter writer(*parse_time("2026-11-26T02:54:04Z"));
  for (const auto& [path, bytes] : files) {
    REQUIRE(writer.add(path, bytes).has_value());
  }
  return std::move(writer).finish();
}

}  // namespace

TEST_CASE("a file is found by its name, in whatever folder") {
  const std::string large(5000, 'x');
  const std::string tar = archive_of({{"a/b", large}, {"a/c", ""}, {"a/d/e", "one"}, {"e", "two"}});
  CHECK(tar.size() % 512 == 0);
  CHECK(find_in_tar(tar, "b").value() == large);
  CHECK(find_in_tar(tar, "c").value() == "");
  CHECK(find_in_tar(tar, "e").value() == "one");
  CHECK_FALSE(find_in_tar(tar, "f").value().has_value());
}

TEST_CASE("long paths") {
  const std::string folder(90, 'd');
  const std::string tar = archive_of({{folder + "/" + folder + "/x", "deep"}});
  CHECK(find_in_tar(tar, "x").value() == "deep");
  CHECK_FALSE(TarWriter({}).add(std::string(101, 'n'), "").has_value());
  CHECK_FALSE(TarWriter({}).add(folder + folder + "/" + folder, "").has_value());
}

TEST_CASE("what is no archive, or a damaged one, is an error") {
  CHECK_FALSE(find_in_tar("", "x").has_value());
  CHECK_FALSE(find_in_tar(std::string(2000, 'x'), "x").has_value());
  std::string tar = archive_of({{"a", std::string(600, 'a')}, {"x", "1"}});
  CHECK_FALSE(find_in_tar(tar.substr(0, 600), "x").has_value());
  tar[2000 - 2000 % 512 + 10] = '!';  // in the second header
  CHECK_FALSE(find_in_tar(tar, "x").has_value());
}

TEST_CASE("a link is not read") {
  std::string tar = archive_of({{"x", ""}});
  tar[156] = '2';  // a symbolic link of that name, and the sum to match
  const int sum = std::stoi(tar.substr(148, 6), nullptr, 8) + ('2' - '0');
  tar.replace(148, 6, fmt::format("{:06o}", sum));
  const auto found = find_in_tar(tar, "x");
  REQUIRE(found.has_value());
  CHECK_FALSE(found->has_value());
}
