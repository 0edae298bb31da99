// SPDX-License-Identifier: Apache-2.0
// Writes YAML that every reader understands the same way, for every file and output made in code.
//
// libyaml decides how a text is quoted and escaped, and where a literal block may stand. Two things
// are decided here, because it knows nothing of them: which texts a YAML 1.1 or 1.2 reader would
// take for another type (yes, 012, 1e3, dates), and that a list is indented below its key, as
// yamllint and the templates have it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace obsctl::yaml {

// One document in block style with a final newline, each line after `indent` blanks, so that it can
// stand below a key that was written already. Keys keep their order, lines are never folded, and
// text of several lines is a literal block. Numbers that JSON cannot hold become null; bytes that
// are not UTF-8 become U+FFFD.
[[nodiscard]] std::string write(const nlohmann::ordered_json& value, std::size_t indent = 0);

// The same without the newline at its end, for a template that has a line of its own for it.
[[nodiscard]] std::string lines(const nlohmann::ordered_json& value, std::size_t indent);

// The text as one line that stands for exactly this text, also inside [] and {}: as it is, or in
// quotes when anything could read it as something else.
[[nodiscard]] std::string scalar(std::string_view text);

}  // namespace obsctl::yaml
