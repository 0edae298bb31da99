// SPDX-License-Identifier: Apache-2.0
// Declares the group `obsctl loadgen`.
#include "commands/loadgen.hpp"

namespace obsctl {

Command loadgen_command() {
  Command out;
  out.name = "loadgen";
  out.group = "Testing";
  out.summary = "load-test collectors with synthetic traces, metrics and logs";
  out.description =
      "Sends telemetry over OTLP at an exact rate and reports what happened to every item. "
      "Without a command it runs a load test.";
  out.default_command = "run";
  out.commands = {loadgen_run_command(), loadgen_sink_command(), loadgen_compare_command(),
                  loadgen_merge_command(), loadgen_job_command()};
  out.see_also = {"scenarios", "size", "tiers"};
  return out;
}

}  // namespace obsctl
