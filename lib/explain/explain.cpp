// SPDX-License-Identifier: Apache-2.0
// Matches text with signatures and fills in what they say about it.
#include "lib/explain/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/explain/derive.hpp"

namespace obsctl::health {
namespace {

using catalog::Captures;
using catalog::LogText;
using catalog::Signature;
using catalog::Signatures;

// Capture, fact, number or 'text'; nothing for a name that stands for nothing here.
std::optional<std::string> argument(const std::string& name, const Captures& captures,
                                    const Captures& facts) {
  for (const Captures* known : {&captures, &facts}) {
    if (const auto found = known->find(name); found != known->end()) {
      return found->second;
    }
  }
  if (name.size() >= 2 && name.front() == '\'' && name.back() == '\'') {
    return name.substr(1, name.size() - 2);
  }
  return parse_number(name) ? std::optional(name) : std::nullopt;
}

// Adds what is computed; false when something of it has no value.
bool add_derived(const Signature& row, const Captures& facts, Captures& captures) {
  return std::ranges::all_of(row.derived, [&](const catalog::Derived& derived) {
    std::vector<std::string> arguments;
    for (const auto& name : derived.arguments) {
      auto value = argument(name, captures, facts);
      if (!value) {
        return false;
      }
      arguments.push_back(std::move(*value));
      if (const auto fact = facts.find(name); fact != facts.end()) {
        captures.insert(*fact);
      }
    }
    auto text = derive(derived.function, arguments);
    if (text) {
      captures[derived.name] = std::move(*text);
    }
    return text.has_value();
  });
}

struct Match {
  const Signature* row = nullptr;
  Captures captures;
};

Match first_match(const LogText& line, const std::vector<Signature>& rows, const Captures& facts) {
  for (const Signature& row : rows) {
    for (const auto& pattern : row.lines) {
      auto captures = pattern.match(line);
      if (!captures) {
        continue;
      }
      for (const auto& [name, before] : row.each) {
        if (auto words = quoted_behind(line, before); !words.empty()) {
          (*captures)[name] = join(words, ", ");
        }
      }
      if (add_derived(row, facts, *captures)) {
        return {&row, std::move(*captures)};
      }
    }
  }
  return {};
}

// The name in braces at the start of a text; empty where other text stands in braces, or none.
std::string_view name_at(std::string_view text) {
  const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 1);
  return text.starts_with('{') && end != std::string_view::npos && text[end] == '}'
             ? text.substr(1, end - 1)
             : std::string_view();
}

// Calls `other` for the texts between names in braces, and `name` for those.
template <class Other, class Name>
void each_part(std::string_view text, const Other& other, const Name& name) {
  while (!text.empty()) {
    const auto open = std::min(text.find('{'), text.size());
    const std::string_view found = name_at(text.substr(open));
    if (found.empty()) {
      const std::size_t length = std::min(open + 1, text.size());
      other(text.substr(0, length));
      text.remove_prefix(length);
      continue;
    }
    other(text.substr(0, open));
    name(std::string(found));
    text.remove_prefix(open + found.size() + 2);
  }
}

// The text with its names filled in; `complete` becomes false when one of them is not there.
std::string with_captures(std::string_view text, const Captures& captures, bool& complete) {
  std::string out;
  each_part(
      text, [&out](std::string_view other) { out += other; },
      [&](const std::string& name) {
        const auto found = captures.find(name);
        out += found == captures.end() ? "?" : found->second;
        complete = complete && found != captures.end();
      });
  return out;
}

// The text without the parts in [brackets] that name a capture which is not there. `complete` becomes
// false when one is missing elsewhere.
std::string filled(std::string_view text, const Captures& captures, bool& complete) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('[');
    const auto close = text.find(']', open == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) {
      break;
    }
    out += with_captures(text.substr(0, open), captures, complete);
    const std::string_view part = text.substr(open + 1, close - open - 1);
    bool whole = true;
    const std::string inside = with_captures(part, captures, whole);
    if (part.find('{') == std::string_view::npos) {
      out += text.substr(open, close - open + 1);
    } else if (whole) {
      out += inside;
    }
    text.remove_prefix(close + 1);
  }
  return out + with_captures(text, captures, complete);
}

std::string filled(std::string_view text, const Captures& captures) {
  bool ignored = true;
  return filled(text, captures, ignored);
}

// Two facts as one text.
std::string both(std::string first, const std::string& second, std::string_view between) {
  if (first.empty() || second.empty() || first == second) {
    return first.empty() ? second : first;
  }
  return first.append(between).append(second);
}

Explanation of_row(const Signature& row, const Captures& captures) {
  Explanation out;
  out.matched = true;
  out.id = row.id;
  out.component = row.component;
  out.kind = row.kind;
  out.severity = row.severity;
  out.repeated = row.repeated;
  out.check = row.check;
  out.says = filled(row.says, captures);
  out.cause = filled(row.cause, captures);
  out.fix = filled(row.fix, captures);
  for (const auto& one : row.mistaken) {
    out.mistaken.push_back(filled(one, captures));
  }
  out.decides = filled(row.decides, captures);
  out.captures = captures;
  return out;
}

// What the signature says, with what the fate says about the data.
Explanation with_fate(Explanation out, const Signature& row, const Explanation& fate) {
  out.fate = fate.id;
  out.kind = fate.kind;
  if (!row.keeps_severity) {
    out.severity = fate.severity;
    out.repeated = fate.repeated;
  }
  if (!row.keeps_check) {
    out.check = fate.check;
  }
  if (row.keeps_says) {
    return out;
  }
  out.says = both(std::move(out.says), fate.says, "; ");
  out.cause = both(std::move(out.cause), fate.cause, "; ");
  out.fix = out.fix.empty() ? fate.fix : out.fix;
  out.decides = out.decides.empty() ? fate.decides : out.decides;
  for (const auto& one : fate.mistaken) {
    if (std::ranges::find(out.mistaken, one) == out.mistaken.end()) {
      out.mistaken.push_back(one);
    }
  }
  return out;
}

Captures fields_of(const LogText& line, const Signatures& signatures) {
  Captures out;
  for (const auto& field : signatures.fields) {
    for (const auto& before : field.behind) {
      if (auto word = word_behind(line, before)) {
        out.emplace(field.name, std::move(*word));
      }
    }
  }
  return out;
}

Explanation explain_line(const LogText& line, const Signatures& signatures, const Captures& facts) {
  const Captures fields = fields_of(line, signatures);
  Match row = first_match(line, signatures.rows, facts);
  Match fate = first_match(line, signatures.fates, facts);
  row.captures.insert(fields.begin(), fields.end());
  row.captures.insert(fate.captures.begin(), fate.captures.end());
  if (row.row == nullptr && fate.row == nullptr) {
    return {};
  }
  if (row.row == nullptr || fate.row == nullptr) {
    return of_row(row.row == nullptr ? *fate.row : *row.row, row.captures);
  }
  return with_fate(of_row(*row.row, row.captures), *row.row, of_row(*fate.row, row.captures));
}

bool is_fate_alone(const Explanation& explanation, const Signatures& signatures) {
  return std::ranges::any_of(
      signatures.fates, [&explanation](const Signature& one) { return one.id == explanation.id; });
}

void check_derived(const Signatures& signatures, Problems& problems) {
  for (const auto* list : {&signatures.rows, &signatures.fates}) {
    for (const Signature& row : *list) {
      for (const auto& derived : row.derived) {
        if (!is_derivation(derived.function, derived.arguments.size())) {
          problems.add(row.at, fmt::format("'{}' of '{}' has no function '{}' with {} arguments",
                                           derived.name, row.id, derived.function,
                                           derived.arguments.size()));
        }
      }
    }
  }
}

// "<exporter>" for {exporter} and {exporter:%}, so that a text is readable without a finding.
std::string with_names(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = text.find('}', open == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string_view tag = text.substr(open + 1, close - open - 1);
    out.append(text.substr(0, open));
    out.append(fmt::format("<{}>", tag.substr(0, tag.find(':'))));
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

// A part in brackets is said where its name is known; here all of it is shown.
std::string with_optional(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('[');
    const auto close = text.find(']', open == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string_view part = text.substr(open + 1, close - open - 1);
    const bool optional = part.find('{') != std::string_view::npos;
    out.append(text.substr(0, open));
    out.append(optional ? part : text.substr(open, close - open + 1));
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

Severity worst_of(const catalog::HealthCheck& check) {
  return !check.error.empty()     ? Severity::error
         : !check.warning.empty() ? Severity::warning
                                  : Severity::note;
}

void add_name(const std::string& name, Captures& captures) {
  captures[name] = fmt::format("<{}>", name);
}

// What a line that matches has in any case, by names in angle brackets.
Captures names_of_captures(const Signature& row, const catalog::LinePattern& pattern) {
  Captures out;
  for (const auto& name : pattern.captures()) {
    add_name(name, out);
  }
  for (const auto& derived : row.derived) {
    add_name(derived.name, out);
    for (const auto& argument : derived.arguments) {
      add_name(argument, out);
    }
  }
  for (const auto& [name, before] : row.each) {
    add_name(name, out);
  }
  return out;
}

Captures names_of_captures(const Signature& row, const Signatures& signatures) {
  Captures out;
  for (const auto& pattern : row.lines) {
    out.merge(names_of_captures(row, pattern));
  }
  for (const auto& field : signatures.fields) {
    add_name(field.name, out);
  }
  return out;
}

// A text may not name what one of the patterns does not give, unless in brackets.
void check_texts(const Signatures& signatures, Problems& problems) {
  for (const auto* list : {&signatures.rows, &signatures.fates}) {
    for (const Signature& row : *list) {
      for (const auto& pattern : row.lines) {
        const Captures captures = names_of_captures(row, pattern);
        for (const auto* text : {&row.says, &row.cause, &row.fix, &row.decides}) {
          bool complete = true;
          const std::string shown = filled(*text, captures, complete);
          if (!complete) {
            problems.add(
                row.at,
                fmt::format("'{}' names what not each of its lines gives: {}", row.id, shown),
                "put that part of the text in [brackets]");
          }
        }
      }
    }
  }
}

}  // namespace

Result<Signatures> read_signatures(const TemplateStore& store) {
  OBS_TRY_ASSIGN(auto paths, store.list("components/", "/signatures.yaml"));
  OBS_TRY_ASSIGN(const auto common, store.list("catalog/signatures/", ".yaml"));
  paths.insert(paths.end(), common.begin(), common.end());
  Problems problems;
  Signatures out;
  for (const auto& path : paths) {
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    const std::string component = path.starts_with("components/") ? split(path, '/')[1] : "";
    Signatures one;
    if (problems.take(one, catalog::parse_signatures({source.text, source.file()}, component))) {
      out.add(std::move(one));
    }
  }
  check_derived(out, problems);
  check_texts(out, problems);
  OBS_TRY(problems.done());
  return out;
}

Explanation explain(std::string_view text, const Signatures& signatures, const Captures& facts) {
  const auto lines = split(text, '\n');
  Explanation found;
  for (const auto& line : lines) {
    Explanation one = explain_line(LogText::of(line), signatures, facts);
    if (one.matched && !is_fate_alone(one, signatures)) {
      return one;
    }
    found = found.matched ? std::move(found) : std::move(one);
  }
  if (lines.size() > 1) {  // a line that a terminal broke, or JSON over several lines
    Explanation all = explain_line(LogText::of(text), signatures, facts);
    if (all.matched && !is_fate_alone(all, signatures)) {
      return all;
    }
  }
  return found;
}

std::optional<Explanation> explain_id(std::string_view id, const Signatures& signatures,
                                      const std::vector<catalog::HealthCheck>& checks) {
  if (const Signature* row = signatures.find(id)) {
    Explanation out = of_row(*row, names_of_captures(*row, signatures));
    out.captures.clear();
    return out;
  }
  for (const auto& check : checks) {
    if (lower(check.id) == lower(id)) {
      Explanation out;
      out.matched = true;
      out.id = out.check = check.id;
      out.component = check.component;
      out.severity = worst_of(check);
      out.says = with_names(with_optional(check.says));
      out.cause = with_names(check.cause);
      out.fix = with_names(check.fix);
      return out;
    }
  }
  return std::nullopt;
}

Explanation explain_kept(const Signature& signature, const Captures& captures) {
  return of_row(signature, captures);
}

}  // namespace obsctl::health
