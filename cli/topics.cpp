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
      "A flag wins over its environment variable, which wins over obsctl.yaml, which wins over the "
      "tier's default.\n\n";
  std::set<std::string> seen;
  for (const auto& path : visible_commands(commands)) {
    for (const auto& flag : path.back()->flags) {
      if (!flag.env.empty() && seen.insert(flag.env).second) {
        text += fmt::format("  {:<24}--{} of '{}'\n", flag.env, flag.name, title(path));
      }
    }
  }
  text +=
      "  NO_COLOR                when not empty: no colour (https://no-color.org)\n"
      "  CLICOLOR_FORCE          when not 0: colour even in a pipe\n"
      "  COLUMNS                 width of help and tables\n"
      "  PATH                    searched for external commands named obsctl-NAME\n"
      "\nAn external command finds the path of the running program in OBSCTL_BIN.\n";
  return {"environment", "environment variables", 7, text};
}

Topic exit_codes_topic() {
  return {
      "exit-codes", "what the exit codes mean", 7,
      "  0    it worked\n"
      "  1    the operation was attempted and failed\n"
      "  2    the command line or a configuration is wrong; nothing was attempted\n"
      "  3    completed with findings: conflicts, over capacity, unhealthy, lint hits\n"
      "  4    a needed program, file or service is missing or unreachable\n"
      "  5    data does not match its checksum\n"
      "  130  interrupted (Ctrl-C)\n"
      "  143  terminated (SIGTERM)\n"
      "\nAn external command (obsctl-NAME) passes its own exit code through. Treat any other code "
      "as a failure.\n"};
}

Topic output_topic() {
  return {"output", "formats, colour and errors", 7,
          "stdout carries the result, stderr everything else, so a pipe only sees results.\n\n"
          "-o json prints one JSON document whose first key is 'schema', for example "
          "'obsctl.size/v1'. Within a version of a schema, keys are only added, never changed or "
          "removed.\n\n"
          "With -o json an error is a JSON document on stderr:\n\n"
          "  "
          "{\"schema\":\"obsctl.error/"
          "v1\",\"code\":\"config\",\"message\":\"…\",\"at\":\"obsctl.yaml:3:7\",\n"
          "   \"hint\":\"…\",\"exit_code\":2}\n\n"
          "Colour appears only on a terminal. --color always|never wins over NO_COLOR, which wins "
          "over CLICOLOR_FORCE.\n\n"
          "A result that cannot be written (full disk) is a failure; a reader that stops early "
          "(obsctl … | head) is not.\n"};
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
  return {"tiers", "the scale tiers and what they hold", 7,
          "A tier is a load and the components that carry it. Events are spans plus log records; "
          "metric samples are not counted (the documents this comes from do not count them "
          "either).\n\n" +
              tier_table() +
              "\nSums are computed from the tiers' own component tables. "
              "'obsctl size --tier NAME' prints those, with storage and cost; "
              "'obsctl size --compare NAME' sets tiers side by side. Several tables in circulation "
              "disagree about the borders; the report says which one answered.\n\n"
              "'obsctl init' generates the small tier. The others can be sized.\n"};
}

Topic sizing_topic() {
  return {
      "sizing", "how sizes and costs are computed", 7,
      "Load times bytes gives storage per day; retention and the share that is kept give the "
      "disk; cores and memory follow from the rules of each component, never below its floor. "
      "'obsctl size --explain' lists every number, 'obsctl size --explain loki.memory' says how "
      "one came about, with its source.\n\n"
      "  --model recommended  for each number the rule that deserves trust (the default)\n"
      "  --model documented   the formulas of the project's documents\n"
      "  --model table        the tier tables of the same documents\n"
      "  --model published    the capacity rules that the components' authors publish today\n"
      "  --model measured     documented formulas with factors measured on the running stack\n\n"
      "--models puts them side by side. Measure with 'obsctl size --from-prometheus URL'; with "
      "--write-calibration the factors are stored in obsctl.yaml, and size and init use them.\n\n"
      "On one node the plan stays within the host: --profile minimum (4 cores, 8 GiB), "
      "recommended (8, 16) or production (12, 24), or --host-cpus, --host-memory and --host-disk. "
      "What does not fit is said, with the nearest load that does.\n\n"
      "docs/sizing.md has every formula and rule with its source.\n\n"
      "GB is 10^9 bytes, GiB 2^30. A month has 30 days. A number whose unit would be a guess is "
      "refused: write 14d, 50k/s, 1KB.\n"};
}

Topic templates_topic() {
  return {
      "templates", "how generated files can be changed", 7,
      "Generated files come from templates inside the program. To change one, export it, edit it, "
      "and point init at the directory:\n\n"
      "  obsctl init --export-templates my-templates\n"
      "  obsctl init --tier small --dir my-stack --template-dir my-templates\n\n"
      "Only the files you keep in the directory replace the built-in ones. Put them into "
      ".obsctl/templates of the stack's directory, and every later init there uses them without "
      "being told. The delimiters are [% and %], so that Prometheus, Helm and shell syntax stays "
      "as it is:\n\n"
      "  [% self.memory_mib %]                a value\n"
      "  [%# ports %] … [%/ ports %]          once per element, or when true\n"
      "  [%^ ports %] … [%/ ports %]          when empty or false\n"
      "  [%> components/grafana/promql.yaml %]  another template, with the same values\n\n"
      "Templates carry no logic; values are computed by the program. A name that does not exist is "
      "an error with file and line. Rendered YAML and JSON is parsed before anything is "
      "written.\n\n"
      "A directory can also add a component: a folder components/NAME with component.yaml (image, "
      "ports, volumes, what it provides and needs) and sizing.yaml (what it needs for a load), "
      "beside them its own configuration. 'obsctl init --set stack.add=NAME' puts it into the "
      "stack, and one that stores a signal is chosen by --traces, --metrics or --logs NAME. The "
      "files of otel-collector in an exported directory explain every key.\n\n"
      "Alerts with their tests, recording rules, a dashboard and a data source stand in "
      "{alerts,alerts.test,recording,dashboard,datasource}.yaml of the same folder, those of the "
      "whole stack in catalog/{alerts,recording,dashboards}/. There [% sel.loki %] selects what "
      "Loki says of itself, and [% cmd.logs_50.loki %] is the command that shows the last lines of "
      "its log.\n\n"
      "Editing a generated file directly is fine too: init notices, lists it as a conflict and "
      "leaves it alone (exit code 3) until you take the new version with --force.\n"};
}

Topic stack_topic() {
  std::string text =
      "obsctl.yaml in a generated directory is the stack as it was asked for. Every command run in "
      "that directory, or below it, reads it. Change a value and run 'obsctl init' again; "
      "'--set key=value' does the same in one step.\n\n"
      "What nobody asked for stands there as a comment with its value. It follows the tier, the "
      "profile and the defaults of the obsctl that reads the file. To pin it, uncomment it; to let "
      "go of a value, comment it out again.\n\n";
  for (const auto& field : spec_fields()) {
    text += fmt::format("  {}\n      {} ({})\n", field.key, field.doc, field.form);
  }
  for (const auto& list : spec_lists()) {
    text += fmt::format("  {}\n      {} (list)\n", list.key, list.doc);
  }
  text +=
      "  components.NAME.cpus, .memory, .disk\n      limits that replace the tier's\n"
      "  ports.NAME\n      published port; 0: not published\n"
      "  calibration.*\n      written by 'obsctl size --from-prometheus --write-calibration'\n\n"
      "Sizes need a unit (1KB, 2GiB), durations too (15s, 14d), rates are per second (50k/s), "
      "shares are percentages (10%) or fractions (0.1).\n";
  return {"stack", "the settings of obsctl.yaml", 5, text};
}

Topic scenarios_topic() {
  std::string text =
      "A scenario says what 'obsctl loadgen' sends: an imagined system of services that call each "
      "other, the metrics and log records that they emit, and how often something goes wrong. "
      "'obsctl loadgen -s NAME' takes a shipped one, '-s FILE.yaml' one of your own; --dry-run "
      "shows what would be sent.\n\nShipped are:\n\n";
  for (const std::string& name : loadgen::scenario_names()) {
    if (const auto scenario = loadgen::shipped_scenario(name)) {
      text += fmt::format("  {}\n      {}\n", name, scenario->description);
    }
  }
  text +=
      "\nA file of your own usually names a base and what is different:\n\n"
      "  name: black-friday\n"
      "  base: shop\n"
      "  mix: {errors: 3%, slow: 10%, slow_threshold: 1s}\n"
      "  profile: spike:10x@60s+120s\n"
      "\nEvery setting that there is:\n\n";
  for (const std::string& line : split(embedded_file("catalog/scenario-format.yaml"), '\n')) {
    text += line.empty() ? "\n" : "  " + line + "\n";
  }
  return {"scenarios", "what a load test sends, and the form of scenario files", 5, text};
}

}  // namespace

std::vector<Topic> topics(const std::vector<Command>& commands) {
  return {tiers_topic(),      sizing_topic(),    stack_topic(),
          templates_topic(),  scenarios_topic(), environment_topic(commands),
          exit_codes_topic(), output_topic()};
}

}  // namespace obsctl::cli
