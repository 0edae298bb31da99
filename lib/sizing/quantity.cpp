// SPDX-License-Identifier: Apache-2.0
// Evaluates formulas over recorded inputs.
#include "lib/sizing/quantity.hpp"

#include <cassert>

#include "lib/sizing/formulas.hpp"

namespace obsctl::sizing {
namespace {

constexpr const char* k_given = "D13";  // not computed: its source says more than its id

}  // namespace

bool Quantity::is_given() const {
  return formula == k_given;
}

Input Quantity::input() const {
  if (is_given()) {
    return {name, value, unit, source};
  }
  return {name, value, unit, formula, std::make_shared<const Quantity>(*this)};
}

Quantity calc(std::string_view id, std::string name, std::vector<Input> inputs,
              std::string_view unit) {
  const Formula* formula = find_formula(id);
  assert(formula != nullptr && (formula->inputs == 0 || formula->inputs == inputs.size()));
  std::vector<double> values;
  values.reserve(inputs.size());
  for (const auto& input : inputs) {
    values.push_back(input.value);
  }
  Quantity out;
  out.name = std::move(name);
  out.value = formula->eval(values);
  out.unit = formula->unit.empty() ? unit : formula->unit;
  out.formula = id;
  out.inputs = std::move(inputs);
  out.source = formula->source;
  return out;
}

std::string source_of(const Input& input) {
  return input.from != nullptr ? "formula " + input.from->formula : input.source;
}

Quantity given(std::string name, double value, std::string unit, std::string source) {
  Quantity out = calc(k_given, name, {{name, value, unit, source}}, unit);
  out.source = std::move(source);
  return out;
}

Quantity sum_of(std::string name, const std::vector<Quantity>& parts) {
  std::vector<Input> inputs;
  inputs.reserve(parts.size());
  for (const auto& part : parts) {
    inputs.push_back(part.input());
  }
  return calc("D07", std::move(name), std::move(inputs), parts.empty() ? "" : parts.front().unit);
}

}  // namespace obsctl::sizing
