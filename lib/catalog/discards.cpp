// SPDX-License-Identifier: Apache-2.0
// Parses ledger.yaml, refusing rows that would name no reason.
#include "lib/catalog/discards.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/catalog/strict_reader.hpp"

namespace obsctl::catalog {
namespace {

class Reader : StrictReader {
 public:
  Reader(const yaml::Node& root, std::string component)
      : root_(root), component_(std::move(component)) {}

  Result<std::vector<Discard>> read() {
    known(root_, {"discards"});
    std::vector<Discard> out;
    each_item(root_, "discards", [&](const yaml::Node& row) { out.push_back(discard(row)); });
    OBS_TRY(problems_.done());
    return out;
  }

 private:
  Discard discard(const yaml::Node& row) {
    known(row, {"signal", "metric", "by", "values", "reason", "told", "rest"});
    Discard out;
    out.component = component_;
    const std::string signal = required(row, "signal");
    if (const auto named = signal_named(signal)) {
      out.signal = *named;
    } else {
      unknown(row.at, fmt::format("'{}' is not a signal", signal), signal, signal_names(),
              "signals");
    }
    out.metric = required(row, "metric");
    out.by = optional(row, "by");
    out.values = texts(row, "values");
    out.reason = optional(row, "reason");
    if (out.by.empty() == out.reason.empty()) {
      problems_.add(row.at, "a row needs either 'by' or 'reason'",
                    "'by' is the label that has the reason, 'reason' says it in words");
    }
    if (out.by.empty() && !out.values.empty()) {
      problems_.add(row.at, "'values' are of the label that 'by' names");
    }
    out.told = optional(row, "told");
    const std::string rest = optional(row, "rest", "refused");
    if (rest != "kept" && rest != "refused") {
      unknown(row.at, fmt::format("the rest of a request is not '{}'", rest), rest,
              {"kept", "refused"}, "words");
    }
    out.rest_kept = rest == "kept";
    return out;
  }

  const yaml::Node& root_;
  std::string component_;
};

}  // namespace

Result<std::vector<Discard>> parse_discards(const SourceText& source,
                                            const std::string& component) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  return Reader(root, component).read();
}

}  // namespace obsctl::catalog
