// What `obsctl init` tells: the plan, the diff, the summary, as text or as JSON.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"
#include "commands/init_options.hpp"
#include "lib/apply/plan.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/words.hpp"
#include "lib/sizing/check.hpp"

namespace obsctl {

struct InitReport {
  const StackSpec& spec;
  const Topology& topology;
  const Runbook& runbook;
  const FileTree& wanted;
  const apply::DiskState& disk;
  const apply::Plan& plan;
  std::string directory;  // as the user wrote it
  bool written = false;
  bool fresh = false;  // there was no stack before
  std::vector<std::string> notes;
  const sizing::SizingReport& sizing;
  Findings findings;  // what of the load does not fit
};

// Says on stderr what does not fit and what would, before anything is written; JSON carries it in
// the document instead.
void tell_findings(Context& context, const InitOptions& options, const InitReport& report);

// Prints to stdout (nothing for text with --quiet).
void print_report(Context& context, const InitOptions& options, const InitReport& report);

}  // namespace obsctl
