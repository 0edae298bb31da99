// SPDX-License-Identifier: Apache-2.0
// What writers and readers of reports and plans as JSON share.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {

inline constexpr std::string_view k_report_schema = "obsctl.loadgen/v1";

// What was planned: the same members in a plan and in a report.
void add_plan(nlohmann::ordered_json& out, const Report& report);

struct TallyField {
  const char* name;
  std::uint64_t SignalTally::*member;
};
inline constexpr TallyField k_tally_fields[] = {
    {"sent", &SignalTally::sent},
    {"accepted", &SignalTally::accepted},
    {"rejected", &SignalTally::rejected},
    {"refused", &SignalTally::refused},
    {"failed", &SignalTally::failed},
    {"unknown", &SignalTally::unknown},
    {"unsent", &SignalTally::unsent},
    {"retried", &SignalTally::retried},
    {"maybe_twice", &SignalTally::maybe_twice},
    {"requests", &SignalTally::requests},
    {"requests_unsent", &SignalTally::requests_unsent},
    {"body_bytes", &SignalTally::body_bytes},
    {"wire_out_bytes", &SignalTally::wire_out},
    {"wire_in_bytes", &SignalTally::wire_in},
};

}  // namespace obsctl::loadgen
