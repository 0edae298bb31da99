// SPDX-License-Identifier: Apache-2.0
// JSON text as it is appended to a string: names, objects, lists and values with proto3's spelling.
//
// A library's document tree could not say at which byte a value ended up, which patching needs.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/utf8.hpp"

namespace obsctl::otlp {

class JsonWriter {
 protected:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void separate() {
    const char last = out_.empty() ? '{' : out_.back();
    if (last != '{' && last != '[' && last != ':') {
      out_ += ',';
    }
  }
  void name(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  template <class Fill>
  void object(Fill&& fill) {
    separate();
    out_ += '{';
    fill();
    out_ += '}';
  }
  template <class Fill>
  void object(const char* key, Fill&& fill) {
    name(key);
    object(fill);
  }
  // A list of objects; left out when empty.
  template <class T, class Fill>
  void array(const char* key, const std::vector<T>& values, Fill&& fill) {
    if (values.empty()) {
      return;
    }
    name(key);
    out_ += '[';
    for (const auto& value : values) {
      object([&] { fill(value); });
    }
    out_ += ']';
  }

  // What is not UTF-8 becomes U+FFFD: JSON can hold nothing else.
  void string(std::string_view value) {
    out_ += '"';
    while (!value.empty()) {
      const auto byte = static_cast<unsigned char>(value.front());
      const std::size_t length = utf8_length(value);
      if (byte == '"' || byte == '\\') {
        out_ += '\\';
        out_ += value.front();
      } else if (byte < 0x20) {
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", byte);
      } else if (length == 0) {
        out_ += "\xEF\xBF\xBD";
      } else {
        out_.append(value, 0, length);
      }
      value.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out_ += '"';
  }
  void real(double value) {
    if (std::isfinite(value)) {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    } else {
      out_ += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    }
  }
  template <class Whole>
  void quoted_number(Whole value) {
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
  }

  void text(const char* key, const std::string& value) {
    if (!value.empty()) {
      name(key);
      string(value);
    }
  }
  template <class Whole>
  void number(const char* key, Whole value) {
    if (value != 0) {
      name(key);
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }
  void real(const char* key, const std::optional<double>& value) {
    if (value) {
      name(key);
      real(*value);
    }
  }

  void strings(const char* key, const std::vector<std::string>& values) {
    if (values.empty()) {
      return;
    }
    name(key);
    out_ += '[';
    for (const auto& value : values) {
      separate();
      string(value);
    }
    out_ += ']';
  }

  std::string& out_;
};

}  // namespace obsctl::otlp
