// SPDX-License-Identifier: Apache-2.0
// A number that can say how it came about: its formula, the inputs and where those came from.
//
// Reported numbers are only made by calc(), which evaluates the registered formula over the inputs
// it records, so that what --explain prints is what was computed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace obsctl::sizing {

struct Quantity;

// Who says a value, as far as code decides by it; `source` says it to people.
enum class Origin {
  stated,    // the spec, a catalog or a formula
  measured,  // a calibration
  assumed,   // what a tier or a profile is made for
  absent     // nobody: others were named instead
};

struct Input {
  std::string name;
  double value = 0;
  std::string unit;
  std::string source;                         // "tier small", "--spans", "default"
  std::shared_ptr<const Quantity> from = {};  // when it was computed: how
  Origin origin = Origin::stated;
};

// Where a reader finds what an input is: its source, or the formula that computed it.
[[nodiscard]] std::string source_of(const Input& input);

struct Quantity {
  std::string name;  // "traces raw"
  double value = 0;
  std::string unit;     // "GB/day"
  std::string formula;  // id in the registry
  std::vector<Input> inputs = {};
  std::string source;      // of the formula
  std::string key = {};    // name for --explain, for example "loki.memory"; empty: not named
  std::string why = {};    // one sentence for a person
  std::string url = {};    // where to check it
  std::string place = {};  // generated file and key that carry it

  // True when it was given and not computed.
  [[nodiscard]] bool is_given() const;
  // This number as an input of another.
  [[nodiscard]] Input input() const;
};

// Evaluates formula `id`, which must exist and take this many inputs. `unit` replaces the formula's
// own where that is empty.
[[nodiscard]] Quantity calc(std::string_view id, std::string name, std::vector<Input> inputs,
                            std::string_view unit = {});

// A number that is given and not computed.
[[nodiscard]] Quantity given(std::string name, double value, std::string unit, std::string source);

// The sum of `parts`, which share a unit.
[[nodiscard]] Quantity sum_of(std::string name, const std::vector<Quantity>& parts);

}  // namespace obsctl::sizing
