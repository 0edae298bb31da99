// SPDX-License-Identifier: Apache-2.0
// Evaluates a condition over readings.
#include "lib/checks/expression.hpp"

#include <algorithm>
#include <cmath>

#include "lib/checks/expression_node.hpp"

namespace obsctl::health {
namespace {

bool matches(const Matcher& matcher, const Sample& sample) {
  const auto label = sample.labels.find(matcher.label);
  const std::string_view value =
      label == sample.labels.end() ? "" : std::string_view(label->second);
  return matcher.equal == (std::ranges::find(matcher.values, value) != matcher.values.end());
}

bool selects(const ExpressionNode& node, const Sample& sample) {
  return sample.name == node.name && std::isfinite(sample.value) &&
         std::ranges::all_of(node.matchers,
                             [&sample](const Matcher& one) { return matches(one, sample); });
}

Labels only(const Labels& labels, const std::vector<std::string>& by) {
  Labels out;
  for (const auto& name : by) {
    if (const auto label = labels.find(name); label != labels.end()) {
      out.insert(*label);
    }
  }
  return out;
}

// Values by labels, while they are added up.
class Sums {
 public:
  explicit Sums(Reduce reduce) : reduce_(reduce) {}

  void add(Labels labels, double value) {
    const auto [at, fresh] =
        values_.emplace(std::move(labels), reduce_ == Reduce::count ? 1 : value);
    if (fresh) {
      return;
    }
    switch (reduce_) {
      case Reduce::sum: at->second += value; break;
      case Reduce::max: at->second = std::max(at->second, value); break;
      case Reduce::min: at->second = std::min(at->second, value); break;
      case Reduce::count: at->second += 1; break;
    }
  }

  [[nodiscard]] std::vector<Point> points() const {
    std::vector<Point> out;
    for (const auto& [labels, value] : values_) {
      out.push_back({labels, value});
    }
    return out;
  }

 private:
  Reduce reduce_;
  std::map<Labels, double> values_;
};

// What a series grew by between two readings. A counter that fell was started again at 0.
double change_of(Change change, double before, double after, double seconds) {
  if (change == Change::before) {
    return before;
  }
  const double difference = change != Change::deriv && after < before ? after : after - before;
  return change == Change::increase ? difference : difference / seconds;
}

std::map<Labels, double> selected(const ExpressionNode& node, const Samples& samples) {
  std::map<Labels, double> out;
  for (const Sample& sample : samples) {
    if (selects(node, sample)) {
      out[sample.labels] += sample.value;
    }
  }
  return out;
}

void add_changes(const ExpressionNode& node, const Reading& reading,
                 const std::vector<std::string>& by, Sums& sums) {
  if (reading.before.empty() || reading.seconds <= 0) {
    return;
  }
  const auto before = selected(node, reading.before);
  for (const auto& [labels, value] : selected(node, reading.samples)) {
    const auto was = before.find(labels);
    // A counter appears with its first item; a gauge that was not there says nothing about change.
    if (was == before.end() && node.change == Change::deriv) {
      continue;
    }
    sums.add(only(labels, by),
             change_of(node.change, was == before.end() ? 0 : was->second, value, reading.seconds));
  }
}

Value select(const ExpressionNode& node, const std::vector<const Reading*>& readings,
             const std::vector<std::string>& by, std::set<std::string>& missing) {
  Sums sums(node.reduce);
  for (const Reading* reading : readings) {
    if (node.change != Change::none) {
      add_changes(node, *reading, by, sums);
      continue;
    }
    for (const Sample& sample : reading->samples) {
      if (selects(node, sample)) {
        sums.add(only(sample.labels, by), sample.value);
      }
    }
  }
  Value out{sums.points(), node.optional ? std::optional<double>(0) : std::nullopt};
  if (out.points.empty() && !node.optional) {
    missing.insert(node.name);
  }
  return out;
}

double truth(bool value) {
  return value ? 1 : 0;
}

double apply(Op op, double a, double b) {
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: return a * b;
    case Op::divide: return a / b;
    case Op::less: return truth(a < b);
    case Op::less_equal: return truth(a <= b);
    case Op::greater: return truth(a > b);
    case Op::greater_equal: return truth(a >= b);
    case Op::equal: return truth(a == b);
    case Op::not_equal: return truth(a != b);
    case Op::both: return truth(a != 0 && b != 0);
    default: return truth(a != 0 || b != 0);
  }
}

// The labels of both, where those that both have are equal.
std::optional<Labels> joined(const Labels& a, const Labels& b) {
  for (const auto& [name, value] : a) {
    if (const auto other = b.find(name); other != b.end() && other->second != value) {
      return std::nullopt;
    }
  }
  Labels out = a;
  out.insert(b.begin(), b.end());
  return out;
}

// A point without a partner: what its side is worth with the other one's `otherwise`. An "or" needs
// no partner.
std::optional<double> alone(Op op, const Value& other) {
  return op == Op::either && !other.otherwise ? std::optional<double>(0) : other.otherwise;
}

Value combine(Op op, const Value& a, const Value& b) {
  Value out;
  const auto add = [&out](Labels labels, double value) {
    if (std::isfinite(value)) {
      out.points.push_back({std::move(labels), value + 0.0});  // not -0, which nobody reads as none
    }
  };
  std::vector<bool> met(b.points.size(), false);
  for (const Point& left : a.points) {
    bool partner = false;
    for (std::size_t i = 0; i < b.points.size(); ++i) {
      if (auto labels = joined(left.labels, b.points[i].labels)) {
        add(std::move(*labels), apply(op, left.value, b.points[i].value));
        partner = met[i] = true;
      }
    }
    if (const auto other = alone(op, b); !partner && other) {
      add(left.labels, apply(op, left.value, *other));
    }
  }
  const auto other = alone(op, a);
  for (std::size_t i = 0; i < b.points.size(); ++i) {
    if (!met[i] && other) {
      add(b.points[i].labels, apply(op, *other, b.points[i].value));
    }
  }
  if (a.otherwise && b.otherwise) {
    const double value = apply(op, *a.otherwise, *b.otherwise);
    out.otherwise = std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
  }
  return out;
}

Value each(Value value, double (*change)(double)) {
  for (Point& point : value.points) {
    point.value = change(point.value);
  }
  if (value.otherwise) {
    value.otherwise = change(*value.otherwise);
  }
  return value;
}

Value evaluate_node(const ExpressionNode& node, const std::vector<const Reading*>& readings,
                    const std::vector<std::string>& by, std::set<std::string>& missing) {
  const auto operand = [&](std::size_t i) {
    return evaluate_node(*node.operands[i], readings, by, missing);
  };
  switch (node.op) {
    case Op::number: return Value{{}, node.number};
    case Op::select: return select(node, readings, by, missing);
    case Op::negate: return each(operand(0), [](double value) { return -value; });
    case Op::invert: return each(operand(0), [](double value) { return truth(value == 0); });
    default: return combine(node.op, operand(0), operand(1));
  }
}

}  // namespace

std::optional<double> Value::of(const Labels& labels) const {
  for (const Point& point : points) {
    if (std::ranges::includes(labels, point.labels)) {
      return point.value;
    }
  }
  return otherwise;
}

Value Expression::evaluate(const std::vector<const Reading*>& readings,
                           const std::vector<std::string>& by,
                           std::set<std::string>& missing) const {
  return evaluate_node(*root_, readings, by, missing);
}

}  // namespace obsctl::health
