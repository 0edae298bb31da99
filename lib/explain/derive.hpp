// SPDX-License-Identifier: Apache-2.0
// Texts that follow from what a line captured: a number that is a word, a distance between two times,
// labels that hold ids. Rows of signatures name these functions.
//
//   ascii(n)          the four letters that a number is in memory: 1752460652 is "html"
//   bytes(n)          "12 MiB", "4 KiB", else decimal: "1.5 GB"
//   count(n)          "4,553"
//   duration(t)       "2.54s" of Go's "2.537297293s"
//   between(a, b)     from time a to time b, when b is later: "31m"
//   successor(a, b)   when a is the number behind b
//   below(a, b)       when a is less than b; above(a, b) when it is more
//   is(a, b)          when both are the same text, in any case
//   ids(labels)       the labels of {…} whose values are ids, with what that does to a store of logs
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace obsctl::health {

// Nothing when the arguments do not fulfil it or are not of its kind. `function` and the number of
// arguments are right (is_derivation).
[[nodiscard]] std::optional<std::string> derive(const std::string& function,
                                                const std::vector<std::string>& arguments);

// Whether there is a function with that name and number of arguments.
[[nodiscard]] bool is_derivation(const std::string& function, std::size_t arguments);

}  // namespace obsctl::health
