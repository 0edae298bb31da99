// SPDX-License-Identifier: Apache-2.0
// Known secrets are replaced first, so that no form of a line can hide a part of them.
#include "lib/bundle/redact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::bundle {
namespace {

constexpr std::size_t k_shortest = 4;
constexpr std::size_t k_npos = std::string_view::npos;
constexpr std::string_view k_blank = " \t";

std::string unquoted(std::string_view text) {
  text = trim(text);
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

// ---- known secrets ------------------------------------------------------------------------------

// What Base64 makes of the secret inside of a longer text: it depends on where in three bytes the
// secret begins, and its first and last characters hold bits of the neighbours.
std::string base64_inside(const std::string& secret, std::size_t shift) {
  const std::string whole = otlp::base64_encode(std::string(shift, '\0') + secret);
  const std::size_t begin = (shift * 8 + 5) / 6;
  const std::size_t end = (shift + secret.size()) * 8 / 6;
  return end > begin ? whole.substr(begin, end - begin) : std::string();
}

void add_forms(const std::string& secret, std::set<std::string>& forms) {
  constexpr std::size_t k_shortest_inside = 8;  // less is found by chance
  forms.insert(secret);
  forms.insert(percent_encoded(secret));
  const std::string in_json = obsctl::quoted(secret);
  forms.insert(in_json.substr(1, in_json.size() - 2));
  std::vector<std::string> encoded = {otlp::base64_encode(secret)};
  for (std::size_t shift = 0; shift < 3; ++shift) {
    encoded.push_back(base64_inside(secret, shift));
  }
  for (std::string& one : encoded) {
    if (one.size() >= k_shortest_inside) {
      forms.insert(replace_all(replace_all(one, "+", "-"), "/", "_"));
      forms.insert(std::move(one));
    }
  }
}

// ---- secrets by their form ----------------------------------------------------------------------

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

// Headers whose whole value is one.
bool is_secret_header(std::string_view key) {
  return key.ends_with("authorization") || key.ends_with("cookie");
}

bool is_secret_key(std::string_view word) {
  static constexpr std::array k_endings = {
      "password",    "passwd",      "passphrase",  "pwd",           "secret",      "token",
      "api_key",     "apikey",      "access_key",  "secret_key",    "private_key", "routing_key",
      "service_key", "account_key", "credentials", "authorization", "cookie"};
  const std::string key = replace_all(replace_all(lower(word), "-", "_"), ".", "_");
  return std::ranges::any_of(k_endings, [&key](const char* one) { return key.ends_with(one); });
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

// A part of a line.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

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
  const auto brace = line.substr(0, key.begin).find_last_of("{}");
  return brace != k_npos && line[brace] == '{' ? ",}\"" : " \t,;&\"')]}";
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

// Replaces what `find` finds, from left to right. It gets the line and where to begin.
template <class Find>
std::string replaced(std::string_view line, const Find& find) {
  std::string out;
  std::size_t done = 0;
  for (auto found = find(line, done); found; found = find(line, done)) {
    out += line.substr(done, found->begin - done);
    out += k_redacted;
    done = found->end;
  }
  return out + std::string(line.substr(done));
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

// `low` is the line in lower case.
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

// A line whose secret stands in the deeper lines below it: "password: |".
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

// Private keys, which may be lines of their own or escaped in one.
std::string without_keys(std::string_view text) {
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

// Of "key=value" and "key: value"; empty for another line. What Base64 ends with is no value.
std::string value_of(std::string_view line) {
  const auto separator = line.find_first_of("=:");
  if (separator == k_npos || !std::ranges::all_of(trim(line.substr(0, separator)), is_word)) {
    return {};
  }
  const std::string_view value = line.substr(separator + 1);
  const bool spaced = line[separator] == '=' || value.starts_with(' ');
  return spaced && value.find_first_not_of('=') != k_npos ? unquoted(value) : std::string();
}

// "NAME=" in capitals: "Ab1=" may as well be the end of something in Base64.
bool is_empty_setting(std::string_view line) {
  line = trim(line);
  return line.ends_with('=') && std::ranges::all_of(line.substr(0, line.size() - 1), [](char c) {
           return c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0;
         });
}

// The lines that hold something. The first and last lines of keys in PEM are alike in all of them.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& line : split(text, '\n')) {
    std::string_view shown = trim(line);
    if (shown.empty() || shown.starts_with('#') || shown.starts_with("-----")) {
      continue;
    }
    shown.remove_prefix(shown.starts_with("- ") ? 2 : 0);
    out.emplace_back(trim(shown));
  }
  return out;
}

// The password of a URL, the token of a header.
void add_logins(const std::string& line, std::vector<std::string>& out) {
  if (const auto token = next_login(line, lower(line), 0)) {
    out.push_back(line.substr(token->begin, token->end - token->begin));
  }
  if (const auto login = next_userinfo(line, 0)) {
    const std::string both = line.substr(login->begin, login->end - login->begin);
    out.push_back(both.substr(both.find(':') + 1));
  }
}

}  // namespace

std::vector<std::string> secrets_in(std::string_view text) {
  std::vector<std::string> out;
  if (const auto json = nlohmann::json::parse(text, nullptr, false); json.is_structured()) {
    const auto values = json.flatten();
    for (const auto& [place, value] : values.items()) {
      out.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    return out;
  }
  const std::vector<std::string> lines = lines_of(text);
  for (const std::string& line : lines) {
    const std::string value = value_of(line);
    if (lines.size() == 1 || (value.empty() && !line.ends_with(':'))) {
      out.push_back(line);
    }
    out.push_back(value);
    add_logins(line, out);
  }
  return out;
}

std::vector<std::string> secret_settings_in(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& line : split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals != k_npos && is_secret_key(trim(line.substr(0, equals)))) {
      out.push_back(unquoted(std::string_view(line).substr(equals + 1)));
    }
  }
  return out;
}

Redactor::Redactor(const std::vector<std::string>& secrets) {
  std::set<std::string> forms;
  for (const std::string& secret : secrets) {
    if (secret.size() >= k_shortest) {
      add_forms(secret, forms);
    }
  }
  known_.assign(forms.begin(), forms.end());
  std::ranges::stable_sort(known_, std::ranges::greater(), &std::string::size);
}

std::string Redactor::without_known(std::string text) const {
  for (const std::string& form : known_) {
    text = replaced(text, [&form](std::string_view all, std::size_t from) {
      const std::size_t at = all.find(form, from);
      return at == k_npos ? std::nullopt : std::optional(Span{at, at + form.size()});
    });
  }
  return text;
}

std::string Redactor::text(std::string_view text) const {
  const std::string known = without_keys(without_known(std::string(text)));
  std::string out;
  std::optional<std::size_t> block;  // how deep the key of a block is
  for (const std::string& line : split(known, '\n')) {
    if (block && (trim(line).empty() || indent_of(line) > *block)) {
      continue;
    }
    block = opens_block(line) ? std::optional(indent_of(line)) : std::nullopt;
    out += without_forms(line) + "\n";
  }
  out.pop_back();  // behind the last line there is no end
  return out;
}

nlohmann::ordered_json Redactor::json(const nlohmann::ordered_json& document) const {
  if (document.is_string()) {
    return text(document.get_ref<const std::string&>());
  }
  if (document.is_array()) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& value : document) {
      out.push_back(json(value));
    }
    return out;
  }
  if (!document.is_object()) {
    return document;
  }
  auto out = nlohmann::ordered_json::object();
  for (const auto& [key, value] : document.items()) {
    out[text(key)] =
        value.is_string() && is_secret_key(key) ? nlohmann::ordered_json(k_redacted) : json(value);
  }
  return out;
}

std::string Redactor::environment(std::string_view text) const {
  std::string out;
  for (const std::string& line : split(text, '\n')) {
    if (trim(line).empty() || trim(line).starts_with('#') || is_empty_setting(line)) {
      out += this->text(line);
    } else {
      // A line that is no setting goes on with the value of one.
      const bool is_setting = !value_of(line).empty();
      out +=
          line.substr(0, is_setting ? line.find_first_of("=:") + 1 : 0) + std::string(k_redacted);
    }
    out += '\n';
  }
  out.pop_back();
  return out;
}

}  // namespace obsctl::bundle
