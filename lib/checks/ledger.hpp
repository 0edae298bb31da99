// SPDX-License-Identifier: Apache-2.0
// The ledger of a running collector: where every item of a signal went, as rates between two
// readings, so that nothing is called lost that waits, and nothing healthy that is lost.
//
//   accepted = stored + waiting + filtered or sampled by configuration + lost + unknown
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/catalog/discards.hpp"
#include "lib/checks/evidence.hpp"

namespace obsctl::health {

// One signal in one collector; all numbers are items per second.
struct LedgerLine {
  std::string component;
  std::string signal;  // "traces", "metrics", "logs"
  double seconds = 0;  // between the two readings: times a rate, it is a whole number of items
  double accepted = 0;
  double refused = 0;   // turned away before they were accepted: the sender still has them
  double stored = 0;    // sent by the exporter that sends most of this signal
  double waiting = 0;   // by which the queues grew, as far as they count items
  double filtered = 0;  // taken out by processors, named in `filters`
  double sampled = 0;   // decided against by tail sampling, or held until the decision
  // By reason: "queue full", "refused or given up"; with `level: detailed` of the collector's
  // metrics which of both, and the error: "refused for good: InvalidArgument"; with the store's too,
  // what it did not like: "refused for good: InvalidArgument (loki: too_far_behind)".
  std::map<std::string, double> lost = {};
  double unknown = 0;  // what is left; below the noise it is 0
  std::map<std::string, double> filters = {};
  std::map<std::string, double> refusals = {};  // of `refused`, as far as the reason is known

  // The backends' own words for the last loss, by the exporter whose log has them.
  std::map<std::string, std::string> said = {};

  [[nodiscard]] double lost_per_second() const;
};

// A line for each collector and signal with any traffic. With the rows of the stores (ledger.yaml) it
// also has why they refused items, and what they threw away after they had taken it.
[[nodiscard]] std::vector<LedgerLine> ledger(const Evidence& evidence,
                                             const std::vector<catalog::Discard>& discards = {});

}  // namespace obsctl::health
