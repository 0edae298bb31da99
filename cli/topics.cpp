// SPDX-License-Identifier: Apache-2.0
// The help topics; what can be computed from data is (flags with variables, spec fields, tiers).
#include <fmt/format.h>

#include <set>

#include "cli/docs.hpp"
#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/tiers.hpp"
#include "lib/loadgen/scenario.hpp"
#include "lib/model/spec.hpp"
#include "lib/ui/table.hpp"
#include "templates/embedded.hpp"

namespace obsctl::cli {
namespace {

Topic environment_topic(const std::vector<Command>& commands) {
  std::string text =
      "Precedence, highest first: the flag, its environment variable, obsctl.yaml, the default of "
      "the tier. A variable is ignored when an explicit flag excludes the one it stands for.\n\n";
  const auto add = [&text](std::string_view name, std::string_view doc) {
    text += fmt::format("  {:<28} {}\n", name, doc);
  };
  std::set<std::string> seen;
  for (const auto& path : visible_commands(commands)) {
    for (const auto& flag : path.back()->flags) {
      if (!flag.env.empty() && seen.insert(flag.env).second) {
        add(flag.env, fmt::format("--{} of '{}'", flag.name, title(path)));
      }
    }
  }
  add("OBSCTL_SAFE_DIRECTORY", "trusts these stacks of other users (separated by ':'; '*': all)");
  add("NO_COLOR", "disables colour when not empty (https://no-color.org)");
  add("CLICOLOR_FORCE", "enables colour even in a pipe when not 0");
  add("COLUMNS", "sets the width of help and tables");
  add("PATH", "is searched for external commands named obsctl-NAME");
  text += "\nobsctl sets OBSCTL_BIN to its own path for external commands.\n";
  return {"environment", "list the environment variables", 7, text};
}

Topic exit_codes_topic() {
  return {"exit-codes", "list the exit codes", 7,
          "  0    success\n"
          "  1    the operation failed\n"
          "  2    the command line or a configuration is invalid; nothing was attempted\n"
          "  3    completed with findings, such as conflicts or insufficient capacity\n"
          "  4    a required program, file or service is missing or unreachable\n"
          "  5    data does not match its checksum\n"
          "  130  interrupted (Ctrl-C)\n"
          "  143  terminated (SIGTERM)\n"
          "\nobsctl returns the exit code of an external command (obsctl-NAME) unchanged. Treat "
          "any other code as a failure.\n"};
}

Topic output_topic() {
  return {
      "output", "describe output formats, colour and errors", 7,
      "The result is written to stdout, everything else to stderr.\n\n"
      "-o json prints one JSON document whose first key is 'schema', for example "
      "'obsctl.size/v1'. Within one version of a schema keys may be added, but are not changed or "
      "removed.\n\n"
      "With -o json an error is printed as a JSON document on stderr:\n\n"
      "  "
      "{\"schema\":\"obsctl.error/"
      "v1\",\"code\":\"config\",\"message\":\"…\",\"at\":\"obsctl.yaml:3:7\",\n"
      "   \"hint\":\"…\",\"exit_code\":2}\n\n"
      "Colour is used only on a terminal. --color always|never overrides NO_COLOR, which overrides "
      "CLICOLOR_FORCE.\n\n"
      "obsctl fails when the result cannot be written, for example on a full disk. A reader that "
      "closes the pipe early (obsctl … | head) is not an error.\n"};
}

std::string tier_table() {
  Table table{{{"tier"},
               {"events/s"},
               {"applications"},
               {"retention"},
               {"instances", Align::right},
               {"cores", Align::right},
               {"memory", Align::right},
               {"disk", Align::right}},
              {}};
  const auto tiers = catalog::tiers();
  if (!tiers) {  // the embedded catalog is checked by the tests
    return "";
  }
  for (const auto& tier : *tiers) {
    const catalog::Resources total = tier.total();
    table.add({tier.name,
               fmt::format("{} - {}{}", human_count(tier.events_min), human_count(tier.events_max),
                           tier.open ? "+" : ""),
               tier.applications,
               tier.open ? fmt::format("{:.0f}+ d", tier.retention.min.days())
                         : fmt::format("{:.0f}-{:.0f} d", tier.retention.min.days(),
                                       tier.retention.max.days()),
               fmt::format("{}", total.instances), human_number(total.cpus),
               human_number(total.memory.gib()) + " GiB", human_bytes(total.disk)});
  }
  return render_text(table, false, 2);
}

Topic tiers_topic() {
  return {"tiers", "list the scale tiers and their capacity", 7,
          "A tier is a range of load with the components that handle it. Events are spans plus log "
          "records; metric samples are not counted.\n\n" +
              tier_table() +
              "\nCores, memory and disk are sums over the components of a tier. Run "
              "'obsctl size --tier NAME' for the components, storage and cost of one tier, and "
              "'obsctl size --tier NAME --compare OTHER' to compare two. Other definitions of the "
              "tier limits exist; the report of 'obsctl size' lists them and says which one it "
              "used.\n\n"
              "'obsctl init' generates stacks of the small tier; 'obsctl size' sizes all tiers.\n"};
}

Topic sizing_topic() {
  return {
      "sizing", "explain how sizes and costs are computed", 7,
      "Storage per day is the load times the bytes per item. Disk size follows from retention and "
      "the share that is kept. Cores and memory follow from the rules of each component, with a "
      "minimum for each. Run 'obsctl size --explain' for every number, or 'obsctl size --explain "
      "loki.memory' for formula, inputs and source of one.\n\n"
      "  --model recommended  use the most reliable rule for each number (default)\n"
      "  --model documented   use the formulas of the reference documents (docs/sizing.md)\n"
      "  --model table        use the tier tables of the reference documents\n"
      "  --model published    use the capacity rules published by each component's project\n"
      "  --model measured     use the documented formulas with factors measured on the stack\n\n"
      "--models compares all models. Run 'obsctl size --from-prometheus URL' to measure a running "
      "stack; --write-calibration stores the measured factors in obsctl.yaml, where size and init "
      "use them.\n\n"
      "On a single node the plan stays within the host: --profile minimum (4 cores, 8 GiB), "
      "recommended (8, 16) or production (12, 24), or --host-cpus, --host-memory and --host-disk. "
      "A load that does not fit is reported with the highest load that does.\n\n"
      "docs/sizing.md lists every formula and rule with its source.\n\n"
      "GB is 10^9 bytes, GiB is 2^30. A month has 30 days. Numbers need a unit: 14d, 50k/s, "
      "1KB.\n"};
}

Topic templates_topic() {
  return {
      "templates", "explain how to change generated files", 7,
      "obsctl generates files from built-in templates. To change one, export the templates, edit a "
      "copy, and pass its directory to init:\n\n"
      "  obsctl init --export-templates my-templates\n"
      "  obsctl init --tier small --dir my-stack --template-dir my-templates\n\n"
      "Files in that directory replace the built-in ones of the same name; delete the copies that "
      "you do not change. init always uses the templates in .obsctl/templates of the stack's "
      "directory. The delimiters are [% and %], which do not clash with Prometheus, Helm or shell "
      "syntax:\n\n"
      "  [% self.memory_mib %]                insert a value\n"
      "  [%# ports %] … [%/ ports %]          repeat per element, or show when true\n"
      "  [%^ ports %] … [%/ ports %]          show when empty or false\n"
      "  [%> components/grafana/promql.yaml %]  insert another template\n\n"
      "Templates contain no logic; obsctl computes the values. An unknown name is an error with "
      "file and line. Rendered YAML and JSON is parsed before anything is written.\n\n"
      "A template directory can also add a component: a folder components/NAME with component.yaml "
      "(image, ports, volumes, what it provides and needs), sizing.yaml (resources for a load) and "
      "its configuration. Run 'obsctl init --set stack.add=NAME' to add it to the stack, or choose "
      "it as the store of a signal with --traces, --metrics or --logs NAME. The files of "
      "otel-collector in an exported directory explain every key.\n\n"
      "Alerts and their tests, recording rules, a dashboard and a data source are in "
      "{alerts,alerts.test,recording,dashboard,datasource}.yaml of the same folder, those of the "
      "whole stack in catalog/{alerts,recording,dashboards}/. In these files [% sel.loki %] is the "
      "selector of Loki's own metrics, and [% cmd.logs_50.loki %] the command that shows the last "
      "50 lines of its log.\n\n"
      "You can also edit a generated file. init then reports a conflict, keeps your version and "
      "exits with code 3; --force replaces it with the new version.\n"};
}

Topic stack_topic() {
  std::string text =
      "obsctl.yaml in a generated directory holds the settings of the stack. Commands that run in "
      "that directory or below it read the file. Change a value and run 'obsctl init' again; "
      "'--set key=value' does both in one step.\n\n"
      "Settings that were not given are comments with their current value, which follows the tier, "
      "the profile and the defaults of the installed obsctl. Uncomment a setting to keep its "
      "value; comment it out again to return to the default.\n\n";
  for (const auto& field : spec_fields()) {
    text += fmt::format("  {}\n      {} ({})\n", field.key, field.doc, field.form);
  }
  for (const auto& list : spec_lists()) {
    text += fmt::format("  {}\n      {} (list)\n", list.key, list.doc);
  }
  text +=
      "  components.NAME.cpus, .memory, .disk\n      override the limits of the tier\n"
      "  ports.NAME\n      publish on this port; 0 disables publishing\n"
      "  calibration.*\n      written by 'obsctl size --from-prometheus --write-calibration'\n\n"
      "Sizes need a unit (1KB, 2GiB), and so do durations (15s, 14d) and rates (50k/s). Shares are "
      "percentages (10%) or fractions (0.1).\n";
  return {"stack", "list the settings of obsctl.yaml", 5, text};
}

Topic scenarios_topic() {
  std::string text =
      "A scenario defines what 'obsctl loadgen' sends: simulated services that call each other, "
      "the metrics and log records they emit, and their error rates. Run 'obsctl loadgen -s NAME' "
      "with a built-in scenario or '-s FILE.yaml' with your own; add --dry-run to show what would be "
      "sent.\n\nBuilt-in scenarios:\n\n";
  for (const std::string& name : loadgen::scenario_names()) {
    if (const auto scenario = loadgen::shipped_scenario(name)) {
      text += fmt::format("  {}\n      {}\n", name, scenario->description);
    }
  }
  text +=
      "\nA scenario file usually names a base and overrides some of its settings:\n\n"
      "  name: black-friday\n"
      "  base: shop\n"
      "  mix: {errors: 3%, slow: 10%, slow_threshold: 1s}\n"
      "  profile: spike:10x@60s+120s\n"
      "\nAll settings:\n\n";
  for (const std::string& line : split(embedded_file("catalog/scenario-format.yaml"), '\n')) {
    text += line.empty() ? "\n" : "  " + line + "\n";
  }
  return {"scenarios", "list the load-test scenarios and the format of their files", 5, text};
}

}  // namespace

std::vector<Topic> topics(const std::vector<Command>& commands) {
  return {tiers_topic(),      sizing_topic(),    stack_topic(),
          templates_topic(),  scenarios_topic(), environment_topic(commands),
          exit_codes_topic(), output_topic()};
}

}  // namespace obsctl::cli
