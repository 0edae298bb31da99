// The amounts that sizing rules are about: rates, bytes and counts of the load, by name.
//
// A rule in a component's sizing.yaml names one of these in `of`; a name that does not exist is an
// error of the catalog, found by its test.
#pragma once

#include <map>
#include <string>

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

using Amounts = std::map<std::string, Input>;

// Every amount of the load. Per second unless the name says otherwise; bytes in B, gb in GB:
// spans, traces, stored_spans, held_traces, held_bytes, series, samples, lines, streams, events,
// log_gb_per_day, log_bytes_per_second, kept_trace_bytes_per_second, kept_trace_mb_per_second,
// received_mb_per_second, queue_bytes_per_second, queued_gb, partitions.
// A component's own cores, memory, disk and settings join them when it is sized.
[[nodiscard]] Amounts load_amounts(const StackSpec& spec, const Load& load,
                                   const std::vector<SignalPlan>& signals);

}  // namespace obsctl::sizing
