// SPDX-License-Identifier: Apache-2.0
// A reader of lines, each with a cursor over its characters.
#include "lib/prom/exposition.hpp"

#include <fmt/format.h>

#include <map>

#include "lib/base/text.hpp"

namespace obsctl::prom {
namespace {

using Outcome = tl::expected<void, std::string>;  // what is wrong with the line

auto wrong(std::string what) {
  return tl::make_unexpected(std::move(what));
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The characters of one line from left to right.
class Cursor {
 public:
  explicit Cursor(std::string_view line) : line_(line) {}

  [[nodiscard]] bool at_end() const { return line_.empty(); }
  [[nodiscard]] char next() const { return line_.empty() ? '\0' : line_.front(); }

  void skip_space() {
    while (next() == ' ' || next() == '\t') {
      line_.remove_prefix(1);
    }
  }
  bool take(char c) {
    const bool found = next() == c && !line_.empty();
    line_.remove_prefix(found ? 1 : 0);
    return found;
  }
  // Up to the next space.
  std::string_view word() {
    const std::string_view out = line_.substr(0, line_.find_first_of(" \t"));
    line_.remove_prefix(out.size());
    return out;
  }
  [[nodiscard]] std::string_view rest() const { return line_; }

  // A name as it stands, with colons if it may have some; empty when there is none.
  std::string_view name(bool colons) {
    std::size_t size = 0;
    const auto belongs = [&](char c) {
      return is_letter(c) || (colons && c == ':') || (size > 0 && c >= '0' && c <= '9');
    };
    while (size < line_.size() && belongs(line_[size])) {
      ++size;
    }
    const std::string_view out = line_.substr(0, size);
    line_.remove_prefix(size);
    return out;
  }

  // A text in double quotes, from its opening one.
  tl::expected<std::string, std::string> quoted_text() {
    if (!take('"')) {
      return wrong("a value in double quotes is missing");
    }
    std::string out;
    while (!at_end() && next() != '"') {
      if (take('\\')) {
        const char c = next();
        if (c != '\\' && c != '"' && c != 'n') {
          return wrong("only \\\\, \\\" and \\n are escapes");
        }
        out += c == 'n' ? '\n' : c;
      } else {
        out += next();
      }
      line_.remove_prefix(1);
    }
    return take('"') ? tl::expected<std::string, std::string>(std::move(out))
                     : wrong("the closing quote is missing");
  }

 private:
  std::string_view line_;
};

// One `name="value"`, or the quoted name of the metric, which may stand among the labels.
Outcome read_label(Cursor& cursor, Sample& into) {
  std::string name;
  const bool is_quoted = cursor.next() == '"';
  if (is_quoted) {
    auto text = cursor.quoted_text();
    if (!text) {
      return wrong(std::move(text).error());
    }
    name = std::move(*text);
  } else {
    name = cursor.name(false);
  }
  if (name.empty()) {
    return wrong("the name of a label is missing");
  }
  cursor.skip_space();
  if (is_quoted && cursor.next() != '=' && into.name.empty()) {
    into.name = std::move(name);
    return {};
  }
  if (!cursor.take('=')) {
    return wrong(fmt::format("'=' is missing after label '{}'", name));
  }
  cursor.skip_space();
  auto value = cursor.quoted_text();
  if (!value) {
    return wrong(std::move(value).error());
  }
  if (!into.labels.emplace(name, std::move(*value)).second) {
    return wrong(fmt::format("label '{}' is there twice", name));
  }
  return {};
}

Outcome read_labels(Cursor& cursor, Sample& into) {
  if (!cursor.take('{')) {
    return {};
  }
  cursor.skip_space();
  while (!cursor.take('}')) {
    if (auto label = read_label(cursor, into); !label) {
      return label;
    }
    cursor.skip_space();
    if (!cursor.take(',') && cursor.next() != '}') {
      return wrong("',' or '}' is missing after a label");
    }
    cursor.skip_space();
  }
  return {};
}

MetricType type_of(std::string_view word) {
  static const std::map<std::string_view, MetricType> k_types = {
      {"untyped", MetricType::untyped},     {"unknown", MetricType::untyped},
      {"counter", MetricType::counter},     {"gauge", MetricType::gauge},
      {"histogram", MetricType::histogram}, {"summary", MetricType::summary}};
  const auto found = k_types.find(word);
  return found != k_types.end() ? found->second : MetricType::other;
}

bool is_type(std::string_view word) {
  return type_of(word) != MetricType::other || word == "info" || word == "stateset" ||
         word == "gaugehistogram";
}

// True when a sample of that name belongs to the family.
bool belongs(std::string_view sample, const Family& family) {
  if (!sample.starts_with(family.name)) {
    return false;
  }
  const std::string_view suffix = sample.substr(family.name.size());
  switch (family.type) {
    case MetricType::untyped:
    case MetricType::gauge: return suffix.empty();
    case MetricType::counter: return suffix.empty() || suffix == "_total" || suffix == "_created";
    case MetricType::histogram:
      return suffix == "_bucket" || suffix == "_sum" || suffix == "_count" || suffix == "_created";
    case MetricType::summary:
      return suffix.empty() || suffix == "_sum" || suffix == "_count" || suffix == "_created";
    case MetricType::other:
      return suffix.empty() || suffix == "_info" || suffix == "_bucket" || suffix == "_gsum" ||
             suffix == "_gcount" || suffix == "_created";
  }
  return false;
}

class Page {
 public:
  // OpenMetrics ends with a mark, and counts time in seconds.
  explicit Page(bool open_metrics) : open_metrics_(open_metrics) {}

  Outcome read_line(std::string_view line) {
    Cursor cursor(line);
    cursor.skip_space();
    if (cursor.at_end()) {
      return {};
    }
    if (ended_) {
      return wrong("there is more after '# EOF'");
    }
    return cursor.take('#') ? read_comment(cursor) : read_sample(cursor);
  }

  std::vector<Family> families;

 private:
  Outcome read_comment(Cursor& cursor) {
    cursor.skip_space();
    const std::string_view keyword = cursor.word();
    ended_ = keyword == "EOF" && open_metrics_;
    if (keyword != "HELP" && keyword != "TYPE") {
      return {};
    }
    cursor.skip_space();
    std::string name;
    if (cursor.next() == '"') {
      auto text = cursor.quoted_text();
      if (!text) {
        return wrong(std::move(text).error());
      }
      name = std::move(*text);
    } else {
      name = cursor.name(true);
    }
    if (name.empty()) {
      return wrong(fmt::format("the name of a metric is missing after '{}'", keyword));
    }
    cursor.skip_space();
    Family& family = family_named(name);
    if (keyword == "HELP") {
      family.help = replace_all(std::string(cursor.rest()), "\\n", "\n");
      return {};
    }
    const std::string_view type = cursor.word();
    if (!is_type(type)) {
      return wrong(fmt::format("'{}' is not a type of metrics", type));
    }
    if (!family.samples.empty()) {
      return wrong(fmt::format("the type of '{}' comes after its samples", name));
    }
    family.type = type_of(type);
    return {};
  }

  Outcome read_sample(Cursor& cursor) {
    Sample sample;
    sample.name = cursor.name(true);
    cursor.skip_space();
    if (auto labels = read_labels(cursor, sample); !labels) {
      return labels;
    }
    if (sample.name.empty()) {
      return wrong("the name of a metric is missing");
    }
    cursor.skip_space();
    const std::string_view text = cursor.word();
    const auto value = parse_value(text);
    if (!value) {
      return wrong(fmt::format("'{}' is not a number", text));
    }
    sample.value = *value;
    if (auto time = read_time(cursor, sample); !time) {
      return time;
    }
    Family& family = family_of(sample.name);
    if (family.type == MetricType::histogram && sample.name.ends_with("_bucket")) {
      const auto bound = sample.labels.find("le");
      if (bound == sample.labels.end() || !parse_value(bound->second)) {
        return wrong("a bucket has no label 'le' with a number");
      }
    }
    family.samples.push_back(std::move(sample));
    return {};
  }

  Outcome read_time(Cursor& cursor, Sample& into) const {
    cursor.skip_space();
    if (!cursor.at_end() && cursor.next() != '#') {
      const std::string_view text = cursor.word();
      const auto time = parse_value(text);
      if (!time) {
        return wrong(fmt::format("'{}' is not a time", text));
      }
      into.time = open_metrics_ ? *time : *time / 1000;
    }
    cursor.skip_space();
    const bool exemplar = open_metrics_ && cursor.next() == '#';
    return cursor.at_end() || exemplar ? Outcome()
                                       : wrong(fmt::format("'{}' is too much", cursor.rest()));
  }

  Family& family_named(const std::string& name) {
    const auto [found, is_new] = by_name_.emplace(name, families.size());
    if (is_new) {
      families.push_back({.name = name});
    }
    current_ = found->second;
    return families[current_];
  }

  Family& family_of(const std::string& sample) {
    if (current_ < families.size() && belongs(sample, families[current_])) {
      return families[current_];
    }
    return family_named(sample);
  }

  bool open_metrics_;
  bool ended_ = false;
  std::map<std::string, std::size_t> by_name_;  // index in families
  std::size_t current_ = 0;
};

}  // namespace

Result<std::vector<Family>> parse_exposition(std::string_view text, const std::string& source) {
  std::string_view whole = text;
  while (whole.ends_with('\n')) {
    whole.remove_suffix(1);
  }
  Page page(whole.substr(whole.find_last_of('\n') + 1) == "# EOF");
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t size = text.find('\n');
    const auto read = page.read_line(text.substr(0, size));
    if (!read) {
      return Failure(
          Error{.code = Code::failed,
                .message = "this is not a page of metrics: " + read.error(),
                .at = SourcePos{source, number, 0},
                .hint = "give the address of a /metrics page in the text format of Prometheus"});
    }
    text.remove_prefix(size == std::string_view::npos ? text.size() : size + 1);
  }
  return std::move(page.families);
}

std::string_view without_total(std::string_view name) {
  constexpr std::string_view k_total = "_total";
  return name.ends_with(k_total) ? name.substr(0, name.size() - k_total.size()) : name;
}

}  // namespace obsctl::prom
