// SPDX-License-Identifier: Apache-2.0
// The tree of a condition, between its parser and its evaluation.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace obsctl::health {

enum class Op {
  number,
  select,
  add,
  subtract,
  multiply,
  divide,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  both,
  either,
  negate,
  invert
};

enum class Reduce { sum, max, min, count };
enum class Change { none, before, rate, increase, deriv };

struct Matcher {
  std::string label;
  bool equal = true;
  std::vector<std::string> values;  // any of them
};

struct ExpressionNode {
  Op op = Op::number;
  double number = 0;
  // Of a selector.
  std::string name = {};
  std::vector<Matcher> matchers = {};
  Reduce reduce = Reduce::sum;
  Change change = Change::none;
  bool optional = false;
  std::vector<std::shared_ptr<const ExpressionNode>> operands = {};
};

}  // namespace obsctl::health
