// SPDX-License-Identifier: Apache-2.0
// Explains a line of a log, an error message, or an id: what it says, why, what to do, what it is
// mistaken for. What no signature knows is unknown; the nearest guess would be taken as a fact.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/catalog/health.hpp"
#include "lib/catalog/signatures.hpp"
#include "lib/template/template.hpp"

namespace obsctl::health {

struct Explanation {
  bool matched = false;
  std::string id = {};         // of the signature, or of the check that was asked for
  std::string fate = {};       // id of what became of the data, when the line says both
  std::string component = {};  // empty: any
  catalog::SignatureClass kind = catalog::SignatureClass::noise;
  Severity severity = Severity::note;
  std::optional<Severity> repeated = {};  // when the line comes again and again
  std::string check = {};                 // that finds it; may be empty
  std::string says = {};
  std::string cause = {};
  std::string fix = {};
  std::vector<std::string> mistaken = {};
  std::string decides = {};  // the command that decides where the line alone cannot
  catalog::Captures captures = {};
};

// components/<name>/signatures.yaml in the order of names, then catalog/signatures/*.yaml, of the
// store's directories as well as the embedded ones. Errors: a row that is not valid.
[[nodiscard]] Result<catalog::Signatures> read_signatures(const TemplateStore& store);

// One line or a few: the first that a signature knows, or all of them as one. `facts` are what else is
// known, and conditions of rows may name them: port_speaks ("HTTP/1.1", "TLS"), used_percent (of the
// file system below), oldest_segment (of the write-ahead log).
[[nodiscard]] Explanation explain(std::string_view text, const catalog::Signatures& signatures,
                                  const catalog::Captures& facts = {});

// A check ("COL-004") or a signature ("SIG-QUEUE-FULL"), in any case. What only a finding or a line can
// say is printed as its name: <exporter>.
[[nodiscard]] std::optional<Explanation> explain_id(
    std::string_view id, const catalog::Signatures& signatures,
    const std::vector<catalog::HealthCheck>& checks);

// A signature without its line, with the captures that were kept: as its sample in evidence has them.
[[nodiscard]] Explanation explain_kept(const catalog::Signature& signature,
                                       const catalog::Captures& captures);

// One screen, at most 100 columns wide.
[[nodiscard]] std::string explanation_text(const Explanation& explanation);
// Schema obsctl.health.explain/v1.
[[nodiscard]] nlohmann::ordered_json explanation_json(const Explanation& explanation);

}  // namespace obsctl::health
