// SPDX-License-Identifier: Apache-2.0
// Errors as values: what failed, where, why, and what to do about it.
//
// Library code returns Result<T>; only main() turns an Error into text and an exit code. Exceptions
// of third-party libraries are caught at the module that calls them and become an Error there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace obsctl {

// One-based position in a file a person can open; column 0 means "the whole line".
struct SourcePos {
  std::string file;
  int line = 0;
  int column = 0;

  [[nodiscard]] std::string str() const;
  bool operator==(const SourcePos&) const = default;
};

// The kind of failure. Its name is stable and appears in JSON output; its exit code is in
// exit_code().
enum class Code {
  usage,        // the command line is wrong; nothing was attempted
  config,       // a spec, catalog or template is wrong; nothing was attempted
  failed,       // the operation was attempted and failed
  io,           // reading or writing failed
  missing,      // a needed program, service or file is not there
  unreachable,  // a needed service does not answer
  integrity,    // data does not match its checksum
  interrupted,  // SIGINT
  terminated,   // SIGTERM
};

// Settings of a stack by key ("logs.retention"), as text that obsctl.yaml and the command line
// take. Only commands/ knows how a user types one.
using Settings = std::map<std::string, std::string>;

struct Error {
  Code code = Code::failed;
  std::string message;                    // lower case, no full stop, subject in single quotes
  std::optional<SourcePos> at = {};       // where in the user's input
  std::string hint = {};                  // what to do next
  std::vector<std::string> context = {};  // outermost last, for example "reading 'obsctl.yaml'"
  std::vector<Error> more = {};           // further mistakes of the same input
  std::string subject = {};               // key of the setting it is about; empty: of none
  Settings settings = {};                 // with which it would be right; behind the hint

  Error&& with_hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Error&& in(std::string where) && {
    context.push_back(std::move(where));
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

// Shorthand for `return fail(Code::usage, "…")`.
[[nodiscard]] Failure fail(Code code, std::string message, std::string hint = {});
[[nodiscard]] Failure fail_at(SourcePos at, std::string message, std::string hint = {});

// About a setting: what `subject` names, and with which settings it would be right.
[[nodiscard]] Failure fail_setting(std::string_view subject, std::string message,
                                   std::string hint = {}, Settings settings = {});

// Stable name of a code, for example "config".
[[nodiscard]] std::string_view code_name(Code code);

// Exit codes of every command; `obsctl help exit-codes` documents them.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int findings = 3;
inline constexpr int unavailable = 4;
inline constexpr int integrity = 5;
inline constexpr int interrupted = 130;
inline constexpr int terminated = 143;
}  // namespace exit_code

[[nodiscard]] int exit_code_of(Code code);

}  // namespace obsctl

#define OBS_CONCAT_(a, b) a##b
#define OBS_CONCAT(a, b) OBS_CONCAT_(a, b)

// Returns the error of `expr` from the enclosing function, if it has one.
#define OBS_TRY(expr)                                            \
  do {                                                           \
    if (auto obs_result = (expr); !obs_result) {                 \
      return tl::make_unexpected(std::move(obs_result).error()); \
    }                                                            \
  } while (false)

// Declares `var` with the value of `expr`, or returns its error.
#define OBS_TRY_ASSIGN(var, expr) OBS_TRY_ASSIGN_(OBS_CONCAT(obs_result_, __LINE__), var, expr)
#define OBS_TRY_ASSIGN_(tmp, var, expr)                 \
  auto tmp = (expr);                                    \
  if (!tmp) {                                           \
    return tl::make_unexpected(std::move(tmp).error()); \
  }                                                     \
  var = std::move(*tmp)
