// SPDX-License-Identifier: Apache-2.0
// Parses the questions that find an item, and fills them in.
#include "lib/catalog/find.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::string_view k_word = "abcdefghijklmnopqrstuvwxyz_";

// The words that stand alone in braces. Other braces belong to the language of the query.
std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> out;
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const auto end = text.find_first_not_of(k_word, at + 1);
    if (end != std::string_view::npos && end > at + 1 && text[end] == '}') {
      out.emplace_back(text.substr(at + 1, end - at - 1));
    }
  }
  return out;
}

std::string filled_in(std::string text, const FindWords& words) {
  for (const auto& [name, value] : words) {
    text = replace_all(std::move(text), fmt::format("{{{}}}", name), value);
  }
  return text;
}

Result<void> check_words(const yaml::Node& text) {
  for (const std::string& word : words_in(text.scalar)) {
    if (std::ranges::find(find_words(), word) == find_words().end()) {
      return fail_at(text.at, fmt::format("nothing is filled in for '{{{}}}'", word),
                     fmt::format("use one of {}", join(find_words(), ", ")));
    }
  }
  return {};
}

Result<std::string> text_with_words(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(std::string out, row.text(key));
  OBS_TRY(check_words(*row.find(key)));
  return out;
}

Result<Signal> parse_signal(const yaml::Node& row) {
  OBS_TRY_ASSIGN(const std::string name, row.text("signal"));
  const auto signal = signal_named(name);
  if (!signal) {
    return fail_at(row.find("signal")->at, fmt::format("'{}' is not a signal", name),
                   fmt::format("use one of {}", join(signal_names(), ", ")));
  }
  return *signal;
}

// What every GET has.
template <class Get>
Result<void> parse_get(const yaml::Node& row, Get& out) {
  OBS_TRY_ASSIGN(out.signal, parse_signal(row));
  OBS_TRY_ASSIGN(out.port, row.text("port"));
  OBS_TRY_ASSIGN(out.path, text_with_words(row, "path"));
  if (!out.path.starts_with('/')) {
    return fail_at(row.find("path")->at,
                   fmt::format("path '{}' does not begin with '/'", out.path));
  }
  if (const yaml::Node* query = row.find("query")) {
    for (const auto& entry : query->entries) {
      OBS_TRY(check_words(entry.value));
      out.query.emplace_back(entry.key, entry.value.scalar);
    }
  }
  return {};
}

template <class Get>
std::string target_of(const Get& get, const FindWords& words) {
  std::string out = filled_in(get.path, words);
  char separator = '?';
  for (const auto& [name, value] : get.query) {
    out += fmt::format("{}{}={}", separator, name, percent_encoded(filled_in(value, words)));
    separator = '&';
  }
  return out;
}

Result<FindSenders> parse_senders(const yaml::Node& row) {
  OBS_TRY(row.only({"signal", "port", "path", "query", "label"}));
  FindSenders out;
  OBS_TRY(parse_get(row, out));
  OBS_TRY_ASSIGN(out.label, row.text("label"));
  return out;
}

Result<FindArrivals> parse_arrivals(const yaml::Node& row) {
  OBS_TRY(row.only({"signal", "query"}));
  FindArrivals out;
  OBS_TRY_ASSIGN(out.signal, parse_signal(row));
  OBS_TRY_ASSIGN(out.query, row.text("query"));
  return out;
}

Result<FindAsk> parse_ask(const yaml::Node& row) {
  OBS_TRY(row.only({"signal", "port", "path", "query", "contains", "absent"}));
  FindAsk out;
  OBS_TRY(parse_get(row, out));
  OBS_TRY_ASSIGN(out.contains, text_with_words(row, "contains"));
  if (words_in(out.contains).empty()) {
    return fail_at(row.find("contains")->at, "any answer may contain a text without words",
                   fmt::format("use one of {}", join(find_words(), ", ")));
  }
  if (const yaml::Node* absent = row.find("absent")) {
    OBS_TRY_ASSIGN(const auto status, parse_integer(absent->scalar, "absent", 400, 499));
    out.absent = static_cast<int>(status);
  }
  return out;
}

Result<FindDelay> parse_delay(const yaml::Node& row) {
  OBS_TRY(row.only({"signal", "what", "time"}));
  FindDelay out;
  OBS_TRY_ASSIGN(out.signal, parse_signal(row));
  OBS_TRY_ASSIGN(out.what, row.text("what"));
  OBS_TRY(yaml::read_quantity(row, "time", out.time, parse_duration));
  return out;
}

template <class Row>
void parse_rows(const yaml::Node& root, std::string_view key, std::vector<Row>& out,
                Result<Row> (*parse)(const yaml::Node&), Problems& problems) {
  if (const yaml::Node* rows = root.find(key)) {
    for (const auto& row : rows->items) {
      problems.take(out.emplace_back(), parse(row));
    }
  }
}

}  // namespace

const std::vector<std::string>& find_words() {
  static const std::vector<std::string> k_words = {"trace_id", "service", "metric", "protocol",
                                                   "value",    "start",   "end",    "window"};
  return k_words;
}

std::string FindAsk::target(const FindWords& words) const {
  return target_of(*this, words);
}

std::string FindSenders::target(const FindWords& words) const {
  return target_of(*this, words);
}

bool FindAsk::found_in(std::string_view body, const FindWords& words) const {
  return body.find(filled_in(contains, words)) != std::string_view::npos;
}

Result<Find> parse_find(const SourceText& source, const std::string& component) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  OBS_TRY(root.only({"asks", "delays", "senders", "arrivals"}));
  Find out{.component = component, .asks = {}, .delays = {}};
  Problems problems;
  parse_rows(root, "asks", out.asks, parse_ask, problems);
  parse_rows(root, "delays", out.delays, parse_delay, problems);
  parse_rows(root, "senders", out.senders, parse_senders, problems);
  parse_rows(root, "arrivals", out.arrivals, parse_arrivals, problems);
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::catalog
