// SPDX-License-Identifier: Apache-2.0
// How one item is found in a store, and what delays it: templates/components/<name>/find.yaml, so
// that the probe knows no store and a component that somebody adds is probed too.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/signal.hpp"

namespace obsctl::catalog {

// What the words in braces stand for: "trace_id" → "4bf9…".
using FindWords = std::map<std::string, std::string>;

// The words that a row may name.
[[nodiscard]] const std::vector<std::string>& find_words();

// A GET whose answer has the item in it.
struct FindAsk {
  Signal signal = Signal::traces;
  std::string port;  // of the component, by name
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string contains;  // that no other answer has
  int absent = 0;        // HTTP status that says that the item is not there; 0: 2xx alone

  // Path and query with the words filled in, ready for a URL.
  [[nodiscard]] std::string target(const FindWords& words) const;
  [[nodiscard]] bool found_in(std::string_view body, const FindWords& words) const;
};

// A GET that says how many items of each service a store got within a time, answered as the query API
// of Prometheus answers: a vector.
struct FindSenders {
  Signal signal = Signal::traces;
  std::string port;  // of the component, by name
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string label;  // of the answer, that names the service

  [[nodiscard]] std::string target(const FindWords& words) const;
};

// What Prometheus is asked to learn how many items of a signal arrive per second, a PromQL expression.
struct FindArrivals {
  Signal signal = Signal::traces;
  std::string query;
};

// What a component adds to the way of a signal.
struct FindDelay {
  Signal signal = Signal::traces;
  std::string what;
  Duration time;
};

struct Find {
  std::string component;
  std::vector<FindAsk> asks;
  std::vector<FindDelay> delays;
  std::vector<FindSenders> senders = {};
  std::vector<FindArrivals> arrivals = {};
};

// Errors: unknown or missing keys, an unknown signal or word in braces, an answer that every store
// could give; all of a file, each with file:line:column.
[[nodiscard]] Result<Find> parse_find(const SourceText& source, const std::string& component);

}  // namespace obsctl::catalog
