// SPDX-License-Identifier: Apache-2.0
// The checks of a report as text, and the words that all parts of a report use.
#pragma once

#include <string>
#include <vector>

#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {

// Times down to nanoseconds; human_duration() stops at milliseconds.
[[nodiscard]] std::string time_text(double nanoseconds);
[[nodiscard]] std::string percent(double share);
// Whole numbers with thousands separators: losses are about single items.
[[nodiscard]] std::string count_text(double value);
[[nodiscard]] std::string count_text(std::uint64_t value);
// "1.2k/s", or that there is none.
[[nodiscard]] std::string rate_text(const std::optional<double>& per_second);

[[nodiscard]] std::string ledger_text(const LedgerReport& ledger, bool color);
[[nodiscard]] std::string sampling_text(const SamplingReport& sampling, bool color);
[[nodiscard]] std::string sink_text(const SinkReport& sink);
[[nodiscard]] std::string search_text(const Search& search, bool color);
[[nodiscard]] std::string environment_line(const Report& report);  // what came from variables
[[nodiscard]] std::string measured_text(const Report& report);     // for the calibration
[[nodiscard]] std::string verdict_lines(const Report& report, bool color);

// Every judgement of a report under one name.
[[nodiscard]] std::vector<Verdict> all_checks(const Report& report);

}  // namespace obsctl::loadgen
