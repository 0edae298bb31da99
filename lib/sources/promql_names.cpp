// SPDX-License-Identifier: Apache-2.0
// A lexer of PromQL that tells names of metrics from functions, keywords and labels.
#include "lib/sources/promql_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

bool continues_name(char c) {
  return starts_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// Behind them stands a list of labels.
constexpr std::array<std::string_view, 6> k_label_lists = {"by",       "without",    "on",
                                                           "ignoring", "group_left", "group_right"};
constexpr std::array<std::string_view, 11> k_keywords = {
    "and", "or", "unless", "offset", "bool", "atan2", "inf", "nan", "start", "end", "default"};
// An aggregation may have its labels in front of its parentheses.
constexpr std::array<std::string_view, 14> k_aggregations = {
    "sum",   "min",          "max",     "avg",  "group",    "stddev", "stdvar",
    "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio"};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  SelectedNames run() {
    while (!done()) {
      step();
    }
    // As an alternative to others, absent() fires just where they are missing.
    out_.always = out_.always || (out_.any && absent_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char here() const { return done() ? '\0' : text_[at_]; }

  void step() {
    const char c = here();
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '"' || c == '\'' || c == '`') {
      string();
    } else if (c == '{') {
      matchers();
    } else if (c == '[') {
      at_ = std::min(text_.find(']', at_), text_.size());
    } else if (c == '(') {
      ++depth_;
      ++at_;
    } else if (c == ')') {
      close();
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      while (continues_name(here()) || here() == '.') {
        ++at_;  // 5m, 1e3, 0x1F
      }
    } else if (starts_name(c)) {
      word();
    } else {
      ++at_;
    }
  }

  void close() {
    --depth_;
    ++at_;
    if (depth_ < ignored_below_) {
      ignored_below_ = k_nowhere;
    }
  }

  std::string string() {
    const char quote = here();
    std::string value;
    for (++at_; !done() && here() != quote; ++at_) {
      if (here() == '\\' && quote != '`' && at_ + 1 < text_.size()) {
        ++at_;
      }
      value += here();
    }
    ++at_;
    return value;
  }

  void spaces() {
    while (std::isspace(static_cast<unsigned char>(here())) != 0) {
      ++at_;
    }
  }

  std::string name() {
    const std::size_t start = at_;
    while (continues_name(here())) {
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  // {__name__="x"}, {"x"}; the other matchers name labels.
  void matchers() {
    for (++at_; !done() && here() != '}';) {
      spaces();
      const bool is_string = here() == '"' || here() == '\'' || here() == '`';
      if (is_string) {
        std::string quoted_name = string();
        spaces();
        if (here() == ',' || here() == '}') {
          select(quoted_name);
        } else {
          value();
        }
      } else if (starts_name(here())) {
        const std::string label = name();
        const auto [plain, text] = value();
        if (label == "__name__" && plain) {
          select(text);
        }
      } else if (here() != '}') {
        ++at_;
      }
    }
    ++at_;
  }

  // Behind a label: its value, and whether it has to be equal.
  std::pair<bool, std::string> value() {
    std::string operation;
    while (here() == '=' || here() == '!' || here() == '~' ||
           std::isspace(static_cast<unsigned char>(here())) != 0) {
      operation += here();
      ++at_;
    }
    const bool is_string = here() == '"' || here() == '\'' || here() == '`';
    return {trim(operation) == "=", is_string ? string() : std::string()};
  }

  void word() {
    const std::string found = name();
    const std::string small = lower(found);
    spaces();
    if (is_one_of(k_label_lists, small)) {
      if (here() == '(') {
        at_ = std::min(text_.find(')', at_), text_.size() - 1) + 1;
      }
    } else if (is_one_of(k_keywords, small)) {
      keyword(small);
    } else if (here() == '(') {
      function(found);
    } else if (!is_one_of(k_aggregations, small)) {
      select(found);
    }
  }

  void keyword(const std::string& found) {
    if (found == "or") {
      out_.any = true;
      after_or_ = true;
    }
    if (found == "unless" && ignored_below_ == k_nowhere) {
      ignored_below_ = depth_;
    }
  }

  // What absent() looks for is wanted to be missing.
  void function(const std::string& found) {
    out_.always = out_.always || (after_or_ && found == "vector");
    absent_ = absent_ || found.starts_with("absent");
    after_or_ = false;
    if (found.starts_with("absent") && ignored_below_ == k_nowhere) {
      ignored_below_ = depth_ + 1;
    }
  }

  void select(const std::string& found) {
    after_or_ = false;
    if (ignored_below_ == k_nowhere && !found.starts_with("ALERTS")) {
      out_.names.insert(found);
    }
  }

  static constexpr int k_nowhere = -1'000'000;

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  // Names do not count until the parentheses are fewer than these.
  int ignored_below_ = k_nowhere;
  bool after_or_ = false;
  bool absent_ = false;
  SelectedNames out_;
};

std::string_view without_total(std::string_view name) {
  constexpr std::string_view k_total = "_total";
  return name.ends_with(k_total) ? name.substr(0, name.size() - k_total.size()) : name;
}

// Whether `longer` is `shorter` with a unit behind it.
bool adds_unit(std::string_view longer, std::string_view shorter) {
  constexpr std::array<std::string_view, 10> k_units = {
      "_seconds",    "_milliseconds", "_bytes",    "_ratio", "_spans",
      "_datapoints", "_log_records",  "_requests", "_items", "_batches"};
  if (!longer.starts_with(shorter)) {
    return false;
  }
  std::string_view unit = longer.substr(shorter.size());
  while (unit.starts_with("__")) {
    unit.remove_prefix(1);
  }
  while (unit.ends_with('_')) {
    unit.remove_suffix(1);
  }
  return is_one_of(k_units, unit);
}

// What versions of a program and of its exporter add to a name and take away from it.
bool differ_in_suffix(std::string_view a, std::string_view b) {
  a = without_total(a);
  b = without_total(b);
  return a == b || adds_unit(a, b) || adds_unit(b, a);
}

}  // namespace

SelectedNames selected_names(std::string_view promql) {
  return Lexer(promql).run();
}

KnownNames::KnownNames(std::vector<std::string> names) : names_(std::move(names)) {
  std::ranges::sort(names_);
}

bool KnownNames::has(const std::string& name) const {
  return std::ranges::binary_search(names_, name);
}

std::string KnownNames::near(const std::string& name) const {
  std::vector<std::string> alike;
  for (const std::string& one : names_) {
    if (differ_in_suffix(one, name)) {
      return one;
    }
    // Names that differ by more in length cannot be a typo, and there are tens of thousands.
    const auto longer = std::max(one.size(), name.size());
    if (longer - std::min(one.size(), name.size()) <= 2) {
      alike.push_back(one);
    }
  }
  return nearest(name, alike);
}

}  // namespace obsctl::health
