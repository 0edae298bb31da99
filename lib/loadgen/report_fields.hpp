// SPDX-License-Identifier: Apache-2.0
// Names that the writer and the reader of obsctl.loadgen/v1 share.
#pragma once

#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {

inline constexpr std::string_view k_report_schema = "obsctl.loadgen/v1";

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
