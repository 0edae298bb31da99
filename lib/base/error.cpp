// SPDX-License-Identifier: Apache-2.0
// Names and exit codes of the error kinds, in one place so that help, JSON and main() agree.
#include "lib/base/error.hpp"

#include <fmt/format.h>

namespace obsctl {

std::string SourcePos::str() const {
  if (line == 0) {
    return file;
  }
  return column == 0 ? fmt::format("{}:{}", file, line)
                     : fmt::format("{}:{}:{}", file, line, column);
}

Failure fail(Code code, std::string message, std::string hint) {
  return Failure(Error{.code = code, .message = std::move(message), .hint = std::move(hint)});
}

Failure fail_at(SourcePos at, std::string message, std::string hint) {
  return Failure(Error{.code = Code::config,
                       .message = std::move(message),
                       .at = std::move(at),
                       .hint = std::move(hint)});
}

Failure fail_setting(std::string_view subject, std::string message, std::string hint,
                     Settings settings) {
  return Failure(Error{.code = Code::usage,
                       .message = std::move(message),
                       .hint = std::move(hint),
                       .subject = std::string(subject),
                       .settings = std::move(settings)});
}

std::string_view code_name(Code code) {
  switch (code) {
    case Code::usage: return "usage";
    case Code::config: return "config";
    case Code::failed: return "failed";
    case Code::io: return "io";
    case Code::missing: return "missing";
    case Code::unreachable: return "unreachable";
    case Code::integrity: return "integrity";
    case Code::interrupted: return "interrupted";
    case Code::terminated: return "terminated";
  }
  return "failed";
}

int exit_code_of(Code code) {
  switch (code) {
    case Code::usage:
    case Code::config: return exit_code::usage;
    case Code::failed:
    case Code::io: return exit_code::failed;
    case Code::missing:
    case Code::unreachable: return exit_code::unavailable;
    case Code::integrity: return exit_code::integrity;
    case Code::interrupted: return exit_code::interrupted;
    case Code::terminated: return exit_code::terminated;
  }
  return exit_code::failed;
}

}  // namespace obsctl
