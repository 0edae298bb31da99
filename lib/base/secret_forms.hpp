// SPDX-License-Identifier: Apache-2.0
// What looks like a secret by the form of its line, for those that nobody can know: a password in a
// log, a token in a part that a person added.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obsctl::secret_forms {

// What stands in the place of a secret.
inline constexpr std::string_view k_redacted = "REDACTED";

// A part of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Replaces what `find` finds, from left to right. It gets the text and where to begin.
template <class Find>
[[nodiscard]] std::string replaced(std::string_view text, const Find& find) {
  std::string out;
  std::size_t done = 0;
  for (auto found = find(text, done); found; found = find(text, done)) {
    out += text.substr(done, found->begin - done);
    out += k_redacted;
    done = found->end;
  }
  return out + std::string(text.substr(done));
}

// A character of names of settings.
[[nodiscard]] bool is_word(char c);

// Without blanks around it, then without quotes around it.
[[nodiscard]] std::string unquoted(std::string_view text);

// Ends in a word like password, secret or token.
[[nodiscard]] bool is_secret_key(std::string_view word);

// The next token behind Bearer or Basic; `low` is the line in lower case.
[[nodiscard]] std::optional<Span> next_login(std::string_view line, std::string_view low,
                                             std::size_t from);

// The next user and password of a URL.
[[nodiscard]] std::optional<Span> next_userinfo(std::string_view line, std::size_t from);

// A line without values of secret keys, but for references such as ${NAME}, and without logins.
[[nodiscard]] std::string without_forms(std::string_view line);

// How deep a line of YAML is; a list item counts with its dash.
[[nodiscard]] std::size_t indent_of(std::string_view line);

// A line whose secret stands in the deeper lines below it: "password: |".
[[nodiscard]] bool opens_block(std::string_view line);

// A text without private keys in PEM, which may be lines of their own or escaped in one.
[[nodiscard]] std::string without_private_keys(std::string_view text);

}  // namespace obsctl::secret_forms
