// SPDX-License-Identifier: Apache-2.0
// Declares the group `obsctl health`.
#include "commands/health.hpp"

#include <nlohmann/json.hpp>

namespace obsctl {

health::Services services_of(Context& context) {
  return {context.environment, context.files, context.http,
          context.processes,   context.clock, context.stop};
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Command health_command() {
  Command out;
  out.name = "health";
  out.group = "Operate";
  out.summary = "check a running stack: what is wrong, why, and what to do";
  out.description =
      "Asks the components of a running stack how they are, and says what is wrong, why, and what "
      "to do, before data is lost. Without a command it runs the checks.";
  out.default_command = "check";
  out.commands = {health_check_command(),  health_diagnose_command(), health_explain_command(),
                  health_review_command(), health_scale_command(),    health_schedule_command()};
  out.see_also = {"init", "size", "loadgen"};
  return out;
}

}  // namespace obsctl
