// SPDX-License-Identifier: Apache-2.0
// Looks at a line from left to right; each look is linear, because a log may hold anything.
#include "lib/base/secret_forms.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "lib/base/text.hpp"

namespace obsctl::secret_forms {
namespace {

constexpr std::size_t k_npos = std::string_view::npos;
constexpr std::string_view k_blank = " \t";

// Headers whose whole value is one.
bool is_secret_header(std::string_view key) {
  return key.ends_with("authorization") || key.ends_with("cookie");
}

// "${NAME}", "${env:NAME}", "$__file{PATH}": where a secret is, not what it is.
bool is_reference(std::string_view value) {
  const auto is_name = [](char c) { return is_word(c) || c == ':' || c == '/'; };
  if (value.starts_with("${") && value.ends_with('}')) {
    const std::string_view name = value.substr(2, value.size() - 3);
    return name.find(":-") == k_npos && std::ranges::all_of(name, is_name);
  }
  return value.starts_with("$__file{") && value.ends_with('}');
}

// The word in front of a separator, without quotes and what escapes them.
Span key_before(std::string_view line, std::size_t separator) {
  std::size_t end = separator;
  while (end > 0 && std::string_view(" \t\"'\\").find(line[end - 1]) != k_npos) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && is_word(line[begin - 1])) {
    --begin;
  }
  return {begin, end};
}

// True for a key that opens its line, as in YAML, in INI and environment files: its value ends with
// the line.
bool opens_line(std::string_view line, std::size_t key) {
  const std::string_view before = line.substr(0, key);
  return before.find_first_not_of(" \t-#\"'") == k_npos || trim(before) == "export";
}

// A value in quotes, which may themselves be escaped, as JSON in a text is.
std::optional<Span> quoted_value(std::string_view line, std::size_t at) {
  const std::size_t quote = line.find_first_not_of('\\', at);
  if (quote == k_npos || (line[quote] != '"' && line[quote] != '\'')) {
    return std::nullopt;
  }
  const std::string_view mark = line.substr(at, quote + 1 - at);
  std::size_t end = line.find(mark, quote + 1);
  while (end != k_npos && mark.size() == 1 && line[end - 1] == '\\') {
    end = line.find(mark, end + 1);
  }
  return Span{quote + 1, std::min(end, line.size())};
}

// What ends a value that is not in quotes: in braces blanks are a part of it.
const char* ends_of(std::string_view line, Span key) {
  if (is_secret_header(lower(line.substr(key.begin, key.end - key.begin)))) {
    return "\"'";
  }
  constexpr std::size_t k_near = 256;  // looking farther back for each key would be quadratic
  const std::size_t from = key.begin - std::min(key.begin, k_near);
  const std::string_view before = line.substr(from, key.begin - from);
  const auto brace = before.find_last_of("{}");
  return brace != k_npos && before[brace] == '{' ? ",}\"" : " \t,;&\"')]}";
}

Span value_after(std::string_view line, std::size_t separator, Span key) {
  const std::size_t at = std::min(line.find_first_not_of(k_blank, separator + 1), line.size());
  if (const auto quoted = quoted_value(line, at)) {
    return *quoted;
  }
  if (opens_line(line, key.begin)) {
    return {at, line.size()};
  }
  return {at, std::min(line.find_first_of(ends_of(line, key), at), line.size())};
}

std::optional<Span> next_value(std::string_view line, std::size_t from) {
  for (std::size_t i = line.find_first_of("=: ", from); i != k_npos;
       i = line.find_first_of("=: ", i + 1)) {
    if (line[i] == ' ' && (i == 0 || !is_word(line[i - 1]))) {
      continue;  // one of many blanks
    }
    const Span key = key_before(line, i);
    const std::string_view word = line.substr(key.begin, key.end - key.begin);
    if (key.begin < from || !is_secret_key(word) || (line[i] == ' ' && !word.starts_with("--"))) {
      continue;
    }
    const Span value = value_after(line, i, key);
    const std::string_view text = line.substr(value.begin, value.end - value.begin);
    if (!text.empty() && !is_reference(trim(text))) {
      return value;
    }
  }
  return std::nullopt;
}

// What follows the name of a scheme of HTTP authentication at `begin`.
std::optional<Span> login_at(std::string_view line, std::size_t begin) {
  constexpr std::size_t k_shortest_token = 6;  // shorter ones are words of a sentence
  constexpr std::string_view k_escaped_blank = "%20";
  const std::string_view rest = line.substr(begin);
  const std::size_t gap = rest.starts_with(k_escaped_blank)
                              ? k_escaped_blank.size()
                              : std::min(rest.find_first_not_of(k_blank), rest.size());
  std::size_t end = gap;
  while (end < rest.size() &&
         (is_word(rest[end]) || std::string_view("+/=~%").find(rest[end]) != k_npos)) {
    ++end;
  }
  const std::string_view token = rest.substr(gap, end - gap);
  return gap > 0 && token.size() >= k_shortest_token && !token.starts_with(k_redacted)
             ? std::optional(Span{begin + gap, begin + end})
             : std::nullopt;
}

}  // namespace

std::string unquoted(std::string_view text) {
  text = trim(text);
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

bool is_secret_key(std::string_view word) {
  static constexpr std::array k_endings = {
      "password",    "passwd",      "passphrase",  "pwd",           "secret",      "token",
      "api_key",     "apikey",      "access_key",  "secret_key",    "private_key", "routing_key",
      "service_key", "account_key", "credentials", "authorization", "cookie"};
  const std::string key = replace_all(replace_all(lower(word), "-", "_"), ".", "_");
  return std::ranges::any_of(k_endings, [&key](const char* one) { return key.ends_with(one); });
}

std::optional<Span> next_login(std::string_view line, std::string_view low, std::size_t from) {
  for (std::size_t i = low.find('b', from); i != k_npos; i = low.find('b', i + 1)) {
    for (const std::string_view scheme : {"bearer", "basic"}) {
      const auto found =
          low.substr(i).starts_with(scheme) ? login_at(line, i + scheme.size()) : std::nullopt;
      if (found) {
        return found;
      }
    }
  }
  return std::nullopt;
}

std::optional<Span> next_userinfo(std::string_view line, std::size_t from) {
  for (std::size_t i = line.find("://", from); i != k_npos; i = line.find("://", i + 1)) {
    const std::size_t begin = i + 3;
    const std::size_t end = std::min(line.find_first_of("/?# \t\"'<>", begin), line.size());
    const std::string_view authority = line.substr(begin, end - begin);
    const std::size_t length = authority.rfind('@');
    if (length != k_npos && length > 0 && authority.substr(0, length) != k_redacted) {
      return Span{begin, begin + length};
    }
  }
  return std::nullopt;
}

std::string without_forms(std::string_view line) {
  const std::string values = replaced(line, next_value);
  const std::string low = lower(values);
  const std::string logins = replaced(values, [&low](std::string_view text, std::size_t from) {
    return next_login(text, low, from);
  });
  return replaced(logins, next_userinfo);
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(" -"), line.size());
}

bool opens_block(std::string_view line) {
  const std::string_view shown = trim(line);
  const auto colon = shown.rfind(':');
  if (colon == k_npos || !is_secret_key(unquoted(shown.substr(0, colon)))) {
    return false;
  }
  const std::string_view value = trim(shown.substr(colon + 1));
  const bool marked = value.starts_with('|') || value.starts_with('>');
  const auto rest = marked ? value.find_first_not_of("+-123456789", 1) : k_npos;
  return marked && (rest == k_npos || value[rest] == ' ');
}

std::string without_private_keys(std::string_view text) {
  constexpr std::string_view k_begin = "-----BEGIN ";
  constexpr std::string_view k_end = "-----END ";
  constexpr std::string_view k_dashes = "-----";
  return replaced(text, [&](std::string_view all, std::size_t from) -> std::optional<Span> {
    for (std::size_t i = all.find(k_begin, from); i != k_npos; i = all.find(k_begin, i + 1)) {
      const std::size_t body = all.find(k_dashes, i + k_begin.size());
      if (body != k_npos && all.substr(i, body - i).ends_with("PRIVATE KEY")) {
        const std::size_t begin = body + k_dashes.size();
        return Span{begin, std::min(all.find(k_end, begin), all.size())};
      }
    }
    return std::nullopt;
  });
}

}  // namespace obsctl::secret_forms
