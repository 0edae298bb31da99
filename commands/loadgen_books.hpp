// What others say about a run: the collector's ledger, a sink's counts, and what they prove.
#pragma once

#include "commands/loadgen_options.hpp"
#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/sampling.hpp"
#include "lib/loadgen/sink_counts.hpp"

namespace obsctl {

// The sampling policy that the target is said to have: the stack's, changed by flags.
[[nodiscard]] Result<loadgen::SamplingPolicy> sampling_policy(const LoadgenOptions& options,
                                                              const Prepared& prepared);

// The collector's and the sink's numbers before and after a run.
class Books {
 public:
  // Reads the numbers before the run. Errors: unreachable, or not what it should be.
  [[nodiscard]] static Result<Books> open(Context& context, const LoadgenOptions& options,
                                          const Prepared& prepared,
                                          const loadgen::SamplingPolicy& policy);
  // Waits until the receiver stands still and adds ledger, sink and sampling proof to the report.
  [[nodiscard]] Result<void> close(Context& context, loadgen::Report& report) const;

 private:
  std::string ledger_;
  std::string sink_;
  double limit_ = 30;
  double quiet_ = 2;
  loadgen::Snapshot before_;
  loadgen::SinkSnapshot sink_before_;
};

// What the run measured, as calibration values of obsctl.yaml (names of sizing::calibrated).
[[nodiscard]] std::map<std::string, double> calibration_values(const loadgen::Report& report);
// Writes them into the obsctl.yaml of the stack, which must be there.
[[nodiscard]] Result<void> write_calibration(Context& context, const Prepared& prepared,
                                             const loadgen::Report& report);

}  // namespace obsctl
