// SPDX-License-Identifier: Apache-2.0
// Known secrets are replaced first, so that no form of a line can hide a part of them.
#include "lib/bundle/redact.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "lib/base/secret_forms.hpp"
#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::bundle {

using namespace secret_forms;

namespace {

constexpr std::size_t k_shortest = 4;
constexpr std::size_t k_npos = std::string_view::npos;

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
  const std::string known = without_private_keys(without_known(std::string(text)));
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
