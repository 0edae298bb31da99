// SPDX-License-Identifier: Apache-2.0
// Compares a run with what both ends count: the collector's own metrics and a sink behind it, read
// before the run and after the last item has gone through.
#pragma once

#include "lib/io/clock.hpp"
#include "lib/io/http.hpp"
#include "lib/loadgen/prepare.hpp"

namespace obsctl::loadgen {

class Reconciliation {
 public:
  // Reads the numbers before the run. Errors: a URL that does not answer, or that is not what it
  // should be.
  [[nodiscard]] static Result<Reconciliation> open(HttpClient& http, const PreparedRun& run);

  [[nodiscard]] bool has_ledger() const { return !metrics_url_.empty(); }

  // Waits until both ends are silent and adds ledger, sink and the check of tail sampling to the
  // report.
  [[nodiscard]] Result<void> close(HttpClient& http, Clock& clock, const StopFlag& stop,
                                   Report& report) const;

 private:
  std::string metrics_url_;
  std::string sink_url_;
  double limit_ = 30;   // seconds to wait at most
  double silence_ = 2;  // seconds without a change that count as the end
  Snapshot before_;
  SinkSnapshot sink_before_;
};

}  // namespace obsctl::loadgen
