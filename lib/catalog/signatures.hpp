// SPDX-License-Identifier: Apache-2.0
// Signatures as data: lines of logs and messages that operators meet, with what they mean. A component
// that somebody adds brings its own.
//
// A line often carries two facts: what became of the data ("Exporting failed. Dropping data.") and why
// ("no such host"). The first is a fate, the second a signature; each is looked for by itself, and the
// first row that matches wins, so special rows stand above general ones.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/line_pattern.hpp"
#include "lib/findings/finding.hpp"

namespace obsctl::catalog {

// What a line says about data: lost, waiting somewhere, a program that does not run, nothing of these.
enum class SignatureClass { loss, transient, crash, noise };

constexpr auto names_of(SignatureClass) {
  using enum SignatureClass;
  return std::to_array<Named<SignatureClass>>(
      {{loss, "loss"}, {transient, "transient"}, {crash, "crash"}, {noise, "noise"}});
}

// A text that is computed from captures, "late: between(entry, oldest)". A row whose texts cannot all
// be computed does not match, so that they are conditions as well. lib/explain/derive.hpp has the
// functions.
struct Derived {
  std::string name;
  std::string function;
  std::vector<std::string> arguments;  // captures, facts, numbers, 'texts'
};

struct Signature {
  std::string id;         // "SIG-QUEUE-FULL", stable
  std::string component;  // whose folder it is in; empty: of any
  std::vector<LinePattern> lines;
  std::vector<Derived> derived;
  std::vector<std::pair<std::string, std::string>> each;  // all words in quotes behind a text
  std::vector<std::string>
      by;  // at most three captures that tell one line's subject from another's
  SignatureClass kind = SignatureClass::noise;
  Severity severity = Severity::note;
  std::optional<Severity> repeated;  // when the line comes again and again
  std::string check;                 // the health check that it belongs to; may be empty
  // Beside a fate its class holds, and its severity and check unless the row keeps its own.
  bool keeps_severity = false;
  bool keeps_check = false;
  bool keeps_says = false;  // the fate says more than is true of this row
  // Texts may name captures in braces; a part in [brackets] that names one which is not there is left
  // out.
  std::string says;
  std::string cause;
  std::string fix;
  std::vector<std::string> mistaken;  // what it is taken for and is not
  std::string decides;                // the command that finds out what the line leaves open
  bool open = false;                  // the line alone does not prove which of two causes it has
  SourcePos at;
};

// What a line may say anywhere, by the texts in front of it (in lower case): exporter, dropped items.
struct LineField {
  std::string name;
  std::vector<std::string> behind;
};

struct Signatures {
  std::vector<Signature> rows;
  std::vector<Signature> fates;
  std::vector<LineField> fields;

  // Behind what is there already.
  void add(Signatures more);
  // A row or fate by its id, in any case; null where there is none.
  [[nodiscard]] const Signature* find(std::string_view id) const;
};

// One file; `component` is empty for those of the catalog. Errors: all mistakes of the file.
[[nodiscard]] Result<Signatures> parse_signatures(const SourceText& source,
                                                  const std::string& component);

}  // namespace obsctl::catalog
