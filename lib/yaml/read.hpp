// SPDX-License-Identifier: Apache-2.0
// Reads YAML into a plain tree in which every value knows its file, line and column.
//
// yaml-cpp does the parsing; this wrapper adds what it lacks: duplicate keys are errors (it keeps
// both silently), aliases cannot blow up memory, and no exception leaves this file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/problems.hpp"

namespace obsctl::yaml {

struct Entry;

struct Node {
  enum class Kind { null, scalar, sequence, map };

  Kind kind = Kind::null;
  std::string scalar = {};
  bool quoted = false;         // the scalar was written in quotes, so "yes" and "1" are text
  std::vector<Node> items;     // without initializers, as both types are still incomplete here
  std::vector<Entry> entries;  // in the order of the file
  SourcePos at = {};

  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::sequence; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }

  // The value of a key of a map, or null.
  [[nodiscard]] const Node* find(std::string_view key) const;

  // Typed access for data files; the error names the position and what was expected.
  [[nodiscard]] Result<const Node*> require(std::string_view key) const;
  [[nodiscard]] Result<std::string> text(std::string_view key) const;
  [[nodiscard]] Result<double> number(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback) const;

  // An error for every key of this map that is not in `known`, with a suggestion.
  [[nodiscard]] Result<void> only(const std::vector<std::string>& known) const;
};

struct Entry {
  std::string key;
  SourcePos at;
  Node value;
};

// Parses one document. `file` is used in error positions.
[[nodiscard]] Result<Node> parse(std::string_view text, const std::string& file);

// The same for a reader that looks for further mistakes: duplicate keys go to `problems` and stay
// in the tree.
[[nodiscard]] Result<Node> parse(std::string_view text, const std::string& file,
                                 Problems& problems);

// True when `text` parses as a stream of one or more YAML documents without duplicate keys.
[[nodiscard]] Result<void> check(std::string_view text, const std::string& file);

}  // namespace obsctl::yaml
