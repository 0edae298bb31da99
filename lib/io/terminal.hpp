// SPDX-License-Identifier: Apache-2.0
// The three standard streams with what is known about them: is it a terminal, how wide, may it be
// coloured.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"

namespace obsctl {

class Terminal {
 public:
  virtual ~Terminal() = default;

  virtual void out(std::string_view text) = 0;  // the result
  virtual void err(std::string_view text) = 0;  // everything else

  // Flushes stdout; an error when the result could not be written (full disk). A reader that closed
  // the pipe early (`obsctl … | head`) is not an error.
  [[nodiscard]] virtual Result<void> flush() = 0;

  [[nodiscard]] virtual bool out_is_terminal() const = 0;
  [[nodiscard]] virtual bool err_is_terminal() const = 0;
  [[nodiscard]] virtual int width() const = 0;  // columns of stdout, 80 when unknown
  [[nodiscard]] virtual Result<std::string> read_stdin() = 0;
};

// The real streams; `environment` supplies COLUMNS.
class OsTerminal final : public Terminal {
 public:
  explicit OsTerminal(const Environment& environment);

  void out(std::string_view text) override;
  void err(std::string_view text) override;
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] bool out_is_terminal() const override;
  [[nodiscard]] bool err_is_terminal() const override;
  [[nodiscard]] int width() const override { return width_; }
  [[nodiscard]] Result<std::string> read_stdin() override;

 private:
  int width_;
  int out_error_ = 0;  // errno of the first failed write to stdout
};

}  // namespace obsctl
