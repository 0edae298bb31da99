// SPDX-License-Identifier: Apache-2.0
// The conditions of health checks: arithmetic and comparisons over samples, a small part of PromQL,
// so that a check needs no Prometheus and a component that somebody adds brings checks of its own.
//
//   rate(otelcol_exporter_send_failed_items)? > 0
//   otelcol_exporter_queue_size / otelcol_exporter_queue_capacity > 0.5
//   rate(otelcol_receiver_accepted_items) > 0 and rate(otelcol_exporter_sent_items)? == 0
//
// A name stands for its samples, summed over all labels but those of the check's `by`; {label="x"},
// {label!="x"} and {label=~"x|y"} select some. max(), min() and count() take the place of the sum.
// rate() is the growth of a counter per second between the two readings (a counter that fell has
// begun anew), increase() the growth itself, deriv() the change of a gauge per second, before() what
// the first reading said. A '?' behind a selector or function reads what is not there as 0; without
// it a missing name makes the check unknown. Two operands are joined where the labels that both have
// are equal, so that "accepted by signal" meets "sent by signal and exporter". A division by 0 has no
// value. Comparisons give 1 or 0.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/checks/evidence.hpp"

namespace obsctl::health {

using Labels = std::map<std::string, std::string>;

struct Point {
  Labels labels;
  double value = 0;
};

// What an expression is worth: a value for each combination of labels, and, for a number or behind
// '?', the value of all combinations that are not there.
struct Value {
  std::vector<Point> points;
  std::optional<double> otherwise = {};

  // Its value for these labels: of the point whose labels they contain, or `otherwise`.
  [[nodiscard]] std::optional<double> of(const Labels& labels) const;
};

struct ExpressionNode;

class Expression {
 public:
  // Errors: not an expression, with the position in the text behind `at`.
  [[nodiscard]] static Result<Expression> parse(std::string_view text, const SourcePos& at);

  // Over the samples of all readings. Names that are nowhere in them go to `missing`.
  [[nodiscard]] Value evaluate(const std::vector<const Reading*>& readings,
                               const std::vector<std::string>& by,
                               std::set<std::string>& missing) const;

  // The names that it reads.
  [[nodiscard]] std::set<std::string> names() const;

 private:
  explicit Expression(std::shared_ptr<const ExpressionNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const ExpressionNode> root_;
};

}  // namespace obsctl::health
