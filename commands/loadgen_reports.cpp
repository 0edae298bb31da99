// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen compare` and `obsctl loadgen merge`: JSON reports of earlier runs, side by side
// or as one.
#include <fmt/format.h>

#include <memory>

#include "commands/loadgen.hpp"
#include "commands/typed_flags.hpp"
#include "lib/loadgen/load_test.hpp"

namespace obsctl {
namespace {

struct CompareFlags {
  std::vector<std::string> files;
};

struct MergeFlags {
  std::vector<std::string> files;
  loadgen::Format output = loadgen::Format::text;
};

Result<loadgen::Report> load_report(Context& context, const std::string& name) {
  OBS_TRY_ASSIGN(const std::string text, context.files.read(context.environment.directory / name));
  return loadgen::read_report(text, name);
}

Result<int> compare(Context& context, const CompareFlags& flags) {
  if (flags.files.size() != 2) {
    return fail(Code::usage, fmt::format("compare takes two reports, not {}", flags.files.size()),
                "for example obsctl loadgen compare before.json after.json");
  }
  OBS_TRY_ASSIGN(const auto before, load_report(context, flags.files[0]));
  OBS_TRY_ASSIGN(const auto after, load_report(context, flags.files[1]));
  context.terminal.out(
      loadgen::compare_reports(before, after, flags.files[0], flags.files[1], context.color_out()));
  return exit_code::ok;
}

Result<int> merge(Context& context, const MergeFlags& flags) {
  std::vector<loadgen::Report> reports;
  for (const std::string& name : flags.files) {
    OBS_TRY_ASSIGN(auto report, load_report(context, name));
    reports.push_back(std::move(report));
  }
  OBS_TRY_ASSIGN(const auto merged, loadgen::merge_reports(reports));
  context.terminal.out(loadgen::print_report(merged, flags.output, context.color_out()));
  if (!merged.checks_hold()) {
    return exit_code::findings;
  }
  OBS_TRY(loadgen::check_accepted(merged, true));
  return exit_code::ok;
}

Argument reports_argument(std::vector<std::string>& into, std::string doc) {
  return {.name = "REPORT",
          .into = &into,
          .required = true,
          .completes = "file",
          .doc = std::move(doc)};
}

}  // namespace

Command loadgen_compare_command() {
  auto flags = std::make_shared<CompareFlags>();
  Command out;
  out.name = "compare";
  out.summary = "compare two JSON reports";
  out.description =
      "Prints rates, errors, latencies and costs of two runs side by side with the change in "
      "percent. Says so when the payloads differ.";
  out.arguments = {reports_argument(flags->files, "two JSON reports of 'obsctl loadgen run'")};
  out.examples = {{"obsctl loadgen compare before.json after.json",
                   "see what a change of the collector did to latency and cost"}};
  out.see_also = {"loadgen run"};
  out.run = [flags](Context& context) { return compare(context, *flags); };
  return out;
}

Command loadgen_merge_command() {
  auto flags = std::make_shared<MergeFlags>();
  Command out;
  out.name = "merge";
  out.summary = "merge the JSON reports of several generators";
  out.description =
      "Adds up the reports of the shards of one plan, checks that every shard is there once, and "
      "judges the thresholds for the whole. What one generator compared with a collector or a sink "
      "is left out.";
  out.flags = {{.name = "output",
                .short_name = 'o',
                .value = "FORMAT",
                .into = into_enum(&flags->output),
                .doc = "set the format of the report"}};
  out.arguments = {reports_argument(flags->files, "JSON reports of all shards")};
  out.examples = {{"obsctl loadgen merge shard-*.json -o json", "merge the reports of all shards"}};
  out.exit_codes = {{3, "a threshold was missed, or the report of a shard is missing"},
                    {1, "the target refused everything, or the reports are of different plans"},
                    {4, "the target did not respond"}};
  out.see_also = {"loadgen job", "loadgen run"};
  out.run = [flags](Context& context) { return merge(context, *flags); };
  return out;
}

}  // namespace obsctl
