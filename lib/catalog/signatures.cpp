// SPDX-License-Identifier: Apache-2.0
// Parses signatures.yaml, refusing rows that could never match or that name what no line gives.
#include "lib/catalog/signatures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/strict_reader.hpp"

namespace obsctl::catalog {
namespace {

template <ClosedChoice E>
std::map<std::string, E> table_of() {
  std::map<std::string, E> out;
  for (const auto& [value, name] : names_of(E{})) {
    out.emplace(name, value);
  }
  return out;
}

class Reader : StrictReader {
 public:
  Reader(const yaml::Node& root, std::string component)
      : root_(root), component_(std::move(component)) {}

  Result<Signatures> read() {
    known(root_, {"fields", "fates", "signatures"});
    Signatures out;
    each_entry(root_, "fields", [&](const yaml::Entry& entry) {
      LineField field{entry.key, {}};
      for (const auto& text : entry.value.items) {
        field.behind.push_back(lower(single(text, entry.key)));
      }
      out.fields.push_back(std::move(field));
    });
    each_entry(root_, "fates",
               [&](const yaml::Entry& entry) { out.fates.push_back(signature(entry)); });
    each_entry(root_, "signatures",
               [&](const yaml::Entry& entry) { out.rows.push_back(signature(entry)); });
    OBS_TRY(problems_.done());
    return out;
  }

 private:
  // Folded YAML scalars end in a newline, and nothing that is printed carries one.
  std::string text(const yaml::Node& row, std::string_view key) {
    return std::string(trim(optional(row, key)));
  }

  std::vector<std::string> one_or_more(const yaml::Node& row, std::string_view key) {
    const yaml::Node* node = row.find(key);
    return node != nullptr && node->is_scalar() ? std::vector<std::string>{node->scalar}
                                                : texts(row, key);
  }

  Signature signature(const yaml::Entry& entry) {
    const yaml::Node& row = entry.value;
    known(row, {"line", "derived", "each", "by", "class", "severity", "repeated", "check", "keeps",
                "open", "says", "cause", "fix", "not", "decides"});
    Signature out;
    out.id = entry.key;
    out.component = component_;
    out.at = entry.at;
    if (!out.id.starts_with("SIG-")) {
      problems_.add(entry.at, fmt::format("'{}' is no id of a signature", out.id),
                    "ids begin with SIG-");
    }
    for (const auto& pattern : one_or_more(row, "line")) {
      auto parsed = LinePattern::parse(pattern, row.at);
      if (parsed) {
        out.lines.push_back(std::move(*parsed));
      } else {
        problems_.add(std::move(parsed).error());
      }
    }
    if (out.lines.empty()) {
      problems_.add(entry.at, fmt::format("'{}' can match nothing", out.id), "give it a 'line'");
    }
    each_entry(row, "derived",
               [&](const yaml::Entry& one) { out.derived.push_back(derived(one)); });
    each_entry(row, "each", [&](const yaml::Entry& one) {
      out.each.emplace_back(one.key, lower(single(one.value, one.key)));
    });
    read_judgement(row, out);
    out.says = std::string(trim(required(row, "says")));
    out.cause = text(row, "cause");
    out.fix = text(row, "fix");
    out.mistaken = one_or_more(row, "not");
    out.decides = text(row, "decides");
    out.open = flag(row, "open", false);
    return out;
  }

  void read_judgement(const yaml::Node& row, Signature& out) {
    constexpr std::size_t k_most_labels = 3;  // each of them multiplies the samples of a log
    out.by = one_or_more(row, "by");
    if (out.by.size() > k_most_labels) {
      problems_.add(row.at, fmt::format("'by' of '{}' names more than three captures", out.id));
    }
    out.kind = choice(row.at, "class", required(row, "class"), table_of<SignatureClass>())
                   .value_or(out.kind);
    const auto severities = table_of<Severity>();
    out.severity =
        choice(row.at, "severity", required(row, "severity"), severities).value_or(out.severity);
    if (const std::string word = optional(row, "repeated"); !word.empty()) {
      out.repeated = choice(row.at, "severity", word, severities);
    }
    out.check = optional(row, "check");
    for (const auto& kept : one_or_more(row, "keeps")) {
      const std::map<std::string, bool*> parts = {{"severity", &out.keeps_severity},
                                                  {"check", &out.keeps_check},
                                                  {"says", &out.keeps_says}};
      if (bool* const part = choice(row.at, "part", kept, parts).value_or(nullptr)) {
        *part = true;
      }
    }
  }

  // "between(entry, oldest)"
  Derived derived(const yaml::Entry& entry) {
    const std::string call = single(entry.value, entry.key);
    const auto open = call.find('(');
    if (open == std::string::npos || !call.ends_with(')')) {
      problems_.add(entry.value.at, fmt::format("'{}' is not 'function(capture, …)'", call));
      return {};
    }
    Derived out{entry.key, std::string(trim(call.substr(0, open))), {}};
    for (const auto& argument : split(call.substr(open + 1, call.size() - open - 2), ',')) {
      out.arguments.emplace_back(trim(argument));
    }
    return out;
  }

  const yaml::Node& root_;
  std::string component_;
};

}  // namespace

void Signatures::add(Signatures more) {
  std::ranges::move(more.rows, std::back_inserter(rows));
  std::ranges::move(more.fates, std::back_inserter(fates));
  std::ranges::move(more.fields, std::back_inserter(fields));
}

const Signature* Signatures::find(std::string_view id) const {
  for (const auto* list : {&rows, &fates}) {
    for (const Signature& one : *list) {
      if (lower(one.id) == lower(id)) {
        return &one;
      }
    }
  }
  return nullptr;
}

Result<Signatures> parse_signatures(const SourceText& source, const std::string& component) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  return Reader(root, component).read();
}

}  // namespace obsctl::catalog
