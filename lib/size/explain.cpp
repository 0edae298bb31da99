// SPDX-License-Identifier: Apache-2.0
// One number of a sizing, or all of them, with formula, inputs and source.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/size/output.hpp"
#include "lib/sizing/formulas.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::size {
namespace {

using sizing::Input;
using sizing::Quantity;

std::string value_of(const Input& input) {
  const Quantity shown{.name = "",
                       .value = input.value,
                       .unit = input.unit,
                       .formula = "",
                       .inputs = {},
                       .source = ""};
  return show(shown);
}

// One line per input, and below it what it was computed from.
void add_inputs(const Quantity& quantity, std::size_t depth, std::size_t most, std::string& out,
                std::size_t& lines) {
  constexpr std::size_t k_name_width = 34;
  for (const auto& input : quantity.inputs) {
    if (lines >= most) {
      return;
    }
    const bool computed = input.from != nullptr;
    const std::string pad(2 + 2 * depth, ' ');
    std::string from;
    if (computed) {
      from = "= " + std::string(sizing::find_formula(input.from->formula)->expression);
    } else if (input.source != quantity.why) {
      from = input.source;
    }
    std::string name = input.name;
    name.resize(std::max(name.size(), k_name_width - 2 * depth), ' ');
    out +=
        fmt::format("{}{} {:>14}{}\n", pad, name, value_of(input), from.empty() ? "" : "  " + from);
    ++lines;
    if (computed) {
      add_inputs(*input.from, depth + 1, most, out, lines);
    }
  }
}

std::string labelled(const std::string& label, const std::string& text, std::size_t width) {
  constexpr std::size_t k_label = 8;
  std::string head = label;
  head.resize(k_label, ' ');
  std::string body = wrap(text, width, k_label);
  body.erase(0, std::min(k_label, body.size()));
  return head + body + "\n";
}

}  // namespace

std::string explain_text(const Quantity& quantity, bool color, std::size_t width) {
  const sizing::Formula* formula = sizing::find_formula(quantity.formula);
  std::string out =
      style(Style::bold, fmt::format("{} = {}", quantity.key, show(quantity)), color) + "\n";
  const bool given = quantity.is_given();
  out += given ? fmt::format("  given by {}\n", quantity.source)
               : fmt::format("  {}\n", formula->expression);
  out += "\n";
  if (!given) {
    constexpr std::size_t k_most = 28;
    std::size_t lines = 0;
    add_inputs(quantity, 0, k_most, out, lines);
    out += "\n";
  }
  if (!quantity.why.empty()) {
    out += labelled("why", quantity.why, width);
  }
  if (!quantity.place.empty()) {
    out += labelled("in", quantity.place, width);
  }
  out += labelled("source",
                  !quantity.url.empty() ? quantity.url
                  : given               ? quantity.source
                                        : sizing::source_of(quantity.formula),
                  width);
  return out;
}

}  // namespace obsctl::size
