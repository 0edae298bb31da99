// SPDX-License-Identifier: Apache-2.0
// Streams that are texts, of a terminal or not.
#pragma once

#include <string>
#include <string_view>

#include "lib/io/terminal.hpp"

namespace obsctl::test {

class FakeTerminal final : public Terminal {
 public:
  std::string out_text;
  std::string err_text;
  std::string in_text;
  bool is_terminal = false;
  int columns = 80;
  Result<void> flushed = {};  // what flush() says, such as a full disk

  void out(std::string_view text) override { out_text += text; }
  void err(std::string_view text) override { err_text += text; }
  [[nodiscard]] Result<void> flush() override { return flushed; }
  [[nodiscard]] bool out_is_terminal() const override { return is_terminal; }
  [[nodiscard]] bool err_is_terminal() const override { return is_terminal; }
  [[nodiscard]] int width() const override { return columns; }
  [[nodiscard]] Result<std::string> read_stdin() override { return in_text; }
};

}  // namespace obsctl::test
