// Block-style YAML with JSON's scalars.
#include "lib/ui/yaml_out.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace obsctl {
namespace {

using Json = nlohmann::ordered_json;

// Words that YAML 1.1 or 1.2 reads as a boolean or null.
constexpr std::array<std::string_view, 9> k_words = {"yes",   "no",   "on", "off", "true",
                                                     "false", "null", "y",  "n"};

bool is_word(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(k_words, low) != k_words.end();
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Text that is the same plain scalar for every YAML reader: starts with a letter, holds no
// indicator and is no word with a meaning. Everything else is quoted, which is never wrong.
bool is_plain(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || is_word(text)) {
    return false;
  }
  return std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == ' ' || c == '_' || c == '-' || c == '/' ||
           c == '.' || c == '(' || c == ')' || c == '+' || c == '%';
  });
}

std::string scalar(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (is_plain(text)) {
      return text;
    }
  }
  return value.dump();  // a JSON scalar is a YAML scalar
}

std::string key_of(const std::string& key) {
  return is_plain(key) ? key : Json(key).dump();
}

bool is_block(const Json& value) {
  return (value.is_object() || value.is_array()) && !value.empty();
}

void print(const Json& value, std::size_t indent, std::string& out);

// The members of an object; the first one continues the current line when `inline_first`.
void print_object(const Json& value, std::size_t indent, bool inline_first, std::string& out) {
  bool first = inline_first;
  for (const auto& [key, member] : value.items()) {
    out += (first ? "" : std::string(indent, ' ')) + key_of(key) + ":";
    first = false;
    if (is_block(member)) {
      out += '\n';
      print(member, indent + 2, out);
    } else {
      out += " " + scalar(member) + "\n";
    }
  }
}

void print(const Json& value, std::size_t indent, std::string& out) {
  if (value.is_object() && !value.empty()) {
    print_object(value, indent, false, out);
    return;
  }
  if (!is_block(value)) {
    out += std::string(indent, ' ') + scalar(value) + "\n";
    return;
  }
  for (const auto& item : value) {
    out += std::string(indent, ' ') + "-";
    if (item.is_object() && !item.empty()) {
      out += ' ';
      print_object(item, indent + 2, true, out);
    } else if (is_block(item)) {
      out += '\n';
      print(item, indent + 2, out);
    } else {
      out += " " + scalar(item) + "\n";
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  std::string out;
  print(value, 0, out);
  return out;
}

}  // namespace obsctl
