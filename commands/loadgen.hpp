// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen`: load tests with synthetic traces, metrics and logs at an exact rate, and an
// account of every item sent.
#pragma once

#include "commands/command.hpp"

namespace obsctl {

[[nodiscard]] Command loadgen_command();

// Its commands.
[[nodiscard]] Command loadgen_run_command();
[[nodiscard]] Command loadgen_sink_command();
[[nodiscard]] Command loadgen_compare_command();
[[nodiscard]] Command loadgen_merge_command();
[[nodiscard]] Command loadgen_job_command();

}  // namespace obsctl
