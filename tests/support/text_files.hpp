// SPDX-License-Identifier: Apache-2.0
// Whole text files of a test, for what is held against a program that reads files.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace obsctl::test {

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace obsctl::test
