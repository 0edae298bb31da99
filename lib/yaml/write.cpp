// SPDX-License-Identifier: Apache-2.0
// Lays out maps and lists, and asks libyaml for every text in them.
#include "lib/yaml/write.hpp"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <new>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::yaml {
namespace {

using Json = nlohmann::ordered_json;

// libyaml's emitter with what it has written. It fails only when there is no memory: texts are
// UTF-8 here, and the order of the events is fixed.
class Emitter {
 public:
  Emitter() {
    require(yaml_emitter_initialize(&emitter_));
    yaml_emitter_set_output(&emitter_, append, &out_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  // A document that is a list of this text alone.
  [[nodiscard]] std::string list_of(const std::string& text, yaml_scalar_style_t style,
                                    yaml_sequence_style_t list) {
    yaml_event_t event;
    emit(event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(event, yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1));
    emit(event, yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, list));
    const auto* bytes = reinterpret_cast<const yaml_char_t*>(text.data());
    emit(event, yaml_scalar_event_initialize(&event, nullptr, nullptr, bytes,
                                             static_cast<int>(text.size()), 1, 1, style));
    emit(event, yaml_sequence_end_event_initialize(&event));
    emit(event, yaml_document_end_event_initialize(&event, 1));
    emit(event, yaml_stream_end_event_initialize(&event));
    return std::move(out_);
  }

 private:
  static void require(int done) {
    if (done == 0) {
      throw std::bad_alloc();
    }
  }
  void emit(yaml_event_t& event, int made) {
    require(made);
    require(yaml_emitter_emit(&emitter_, &event));
  }
  static int append(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  yaml_emitter_t emitter_ = {};
  std::string out_;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Text that starts with a digit and is no number or date all the same: 5m, 2GiB, 10k/s. The letters
// of numbers and dates are those of 1e3, 0b1, 0o7 and 2026-01-01T00:00:00Z, and any after 0x.
bool is_quantity(std::string_view text) {
  const std::string low = lower(text);
  return is_digit(low.front()) && !low.starts_with("0x") && std::ranges::any_of(low, [](char c) {
           return is_letter(c) && std::string_view("ebotz").find(c) == std::string_view::npos;
         });
}

// True when no reader takes the text for a number, a date, a boolean or null. Those start with a
// digit, a sign or a dot, or are one of a few words.
bool means_text(std::string_view text) {
  static constexpr std::array<std::string_view, 9> k_words = {"yes",   "no",   "on", "off", "true",
                                                              "false", "null", "y",  "n"};
  if (text.empty() || std::ranges::find(k_words, lower(text)) != k_words.end()) {
    return false;
  }
  const auto word = text.find_first_not_of('-');
  const bool is_flag = word != text.npos && word > 0 && is_letter(text[word]);
  return is_letter(text.front()) || text.front() == '/' || text.starts_with("./") || is_flag ||
         is_quantity(text);
}

// Control characters and the line breaks of YAML 1.1, which only escapes keep.
bool needs_escapes(std::string_view text) {
  for (const std::string_view line_break : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    if (text.find(line_break) != std::string_view::npos) {
      return true;
    }
  }
  return std::ranges::any_of(text, [](unsigned char c) { return c != '\n' && c < 0x20; });
}

// What libyaml shall use if it can; else it takes the next stronger one.
yaml_scalar_style_t style_of(std::string_view text) {
  if (needs_escapes(text)) {
    return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
  }
  if (text.find('\n') != std::string_view::npos) {
    // A block that keeps several breaks at its end would have to be the last thing in the document.
    return text.ends_with("\n\n") || text == "\n" ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                                  : YAML_LITERAL_SCALAR_STYLE;
  }
  return means_text(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_SINGLE_QUOTED_SCALAR_STYLE;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// A text as the value of a block at this indentation; without a newline at its end.
std::string block_text(const std::string& raw, std::size_t indent) {
  const std::string text = as_utf8(raw);
  const std::string item = Emitter().list_of(text, style_of(text), YAML_BLOCK_SEQUENCE_STYLE);
  // "- |-\n  first\n\n  second\n"
  std::string out;
  for (const auto& line : split(std::string_view(item).substr(2, item.size() - 3), '\n')) {
    if (!out.empty()) {
      out += '\n';
      out += line.empty() ? "" : std::string(indent, ' ') + line.substr(2);
    } else {
      out = line;
    }
  }
  return out;
}

// YAML 1.1 reads 1e+20 as text: its numbers with an exponent have a dot.
std::string number(const Json& value) {
  std::string out = value.dump();
  const auto exponent = out.find('e');
  if (value.is_number_float() && exponent != std::string::npos &&
      out.find('.') == std::string::npos) {
    out.insert(exponent, ".0");
  }
  return out;
}

std::string leaf(const Json& value, std::size_t indent) {
  if (value.is_string()) {
    return block_text(value.get_ref<const std::string&>(), indent);
  }
  return value.is_number() ? number(value) : value.dump();
}

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

// YAML ends the search for the colon of a key after 1024 characters, unless a '?' announces it.
std::string key_text(const std::string& key, const std::string& pad) {
  constexpr std::size_t k_max = 512;
  const std::string text = scalar(key);
  return text.size() > k_max ? "? " + text + "\n" + pad : text;
}

void print(const Json& value, std::size_t indent, std::string& out);

// The members of a map; the first one continues the current line when `inline_first`.
void print_map(const Json& value, std::size_t indent, bool inline_first, std::string& out) {
  const std::string pad(indent, ' ');
  bool first = inline_first;
  for (const auto& [key, member] : value.items()) {
    out += (first ? "" : pad) + key_text(key, pad) + ":";
    first = false;
    if (is_block(member)) {
      out += '\n';
      print(member, indent + 2, out);
    } else {
      out += " " + leaf(member, indent + 2) + "\n";
    }
  }
}

void print_list(const Json& value, std::size_t indent, std::string& out) {
  for (const auto& item : value) {
    out += std::string(indent, ' ') + "-";
    if (item.is_object() && !item.empty()) {
      out += ' ';
      print_map(item, indent + 2, true, out);
    } else if (is_block(item)) {
      out += '\n';
      print(item, indent + 2, out);
    } else {
      out += " " + leaf(item, indent + 2) + "\n";
    }
  }
}

void print(const Json& value, std::size_t indent, std::string& out) {
  if (!is_block(value)) {
    out += std::string(indent, ' ') + leaf(value, indent + 2) + "\n";
  } else if (value.is_object()) {
    print_map(value, indent, false, out);
  } else {
    print_list(value, indent, out);
  }
}

}  // namespace

std::string write(const Json& value, std::size_t indent) {
  std::string out;
  print(value, indent, out);
  return out;
}

std::string lines(const Json& value, std::size_t indent) {
  std::string out = write(value, indent);
  out.pop_back();
  return out;
}

std::string scalar(std::string_view raw) {
  const std::string text = as_utf8(raw);
  const std::string list = Emitter().list_of(text, style_of(text), YAML_FLOW_SEQUENCE_STYLE);
  return list.substr(1, list.size() - 3);  // without "[" and "]\n"
}

}  // namespace obsctl::yaml
