// `obsctl init`: spec → topology → files → plan → disk.
#include "commands/init.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "commands/findings.hpp"
#include "commands/init_host.hpp"
#include "commands/init_notes.hpp"
#include "commands/init_options.hpp"
#include "commands/init_report.hpp"
#include "commands/init_spec.hpp"
#include "commands/init_tls.hpp"
#include "commands/stack_templates.hpp"
#include "lib/apply/stack_directory.hpp"
#include "lib/render/stack.hpp"
#include "lib/targets/target.hpp"
#include "lib/topology/build.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr auto k_description =
    "Writes a complete stack: a compose file or a Helm chart, the configuration of every "
    "component, "
    "dashboards, alert rules, secrets and a runbook. What was asked for is saved as obsctl.yaml in "
    "the "
    "directory; run 'obsctl init' there again to apply a changed value. What was not asked for "
    "stands there as a comment.\n\n"
    "The load decides the size: limits, queues, disks and retention sizes follow from --spans, "
    "--series and --lines (without any of them, the tier's or the profile's), and 'obsctl size "
    "--explain' says how. What does not fit the host is said before anything is written, with the "
    "nearest load that does; --strict then writes nothing.\n\n"
    "A value comes from its flag, else from --set, else from --spec or the directory's "
    "obsctl.yaml, else from the tier, the profile and obsctl's defaults.\n\n"
    "Running it again changes only what has to change. Secrets are made once and kept. A generated "
    "file that you have edited is a conflict: it is listed, nothing is written, and the exit code "
    "is 3, unless --force takes the new version. Files that obsctl did not generate are never "
    "touched. When the program is killed or the disk is full, the directory is what it was before "
    "or what it should become, never a mixture.";

void tell_conflicts(Context& context, const InitOptions& options, const apply::Plan& plan) {
  if (options.output == "json") {
    return;  // they are in the document
  }
  const std::size_t n = plan.count(apply::Action::conflict);
  std::string out = fmt::format("obsctl: {} in conflict; nothing has been written\n",
                                n == 1 ? "1 file is" : fmt::format("{} files are", n));
  for (const auto& change : plan.changes) {
    if (change.action == apply::Action::conflict) {
      out += fmt::format("  {}  ({})\n", change.path, change.reason);
    }
  }
  out += "  hint: --diff shows what would change, --force takes the new versions\n";
  context.terminal.err(out);
}

// Everything that is known before the disk is touched.
struct Prepared {
  SpecSource source;
  Topology topology;
  Words words;
  sizing::SizingReport sizing;
  Findings findings;  // what of the load does not fit
  FileTree tree;
  bool spec_conflict = false;
  std::vector<std::string> notes;
};

HeldSecret held_secrets(const FileSystem& files, const fs::path& dir) {
  return [&files, dir](const std::string& path) -> Result<std::optional<std::string>> {
    if (!files.exists(dir / path)) {
      return std::nullopt;
    }
    OBS_TRY_ASSIGN(std::string bytes, files.read(dir / path));
    return bytes;
  };
}

Result<Prepared> prepare(Context& context, const InitOptions& options, const fs::path& dir) {
  Prepared out;
  OBS_TRY_ASSIGN(out.source, resolve_spec(context, options, dir));
  const StackSpec& spec = out.source.spec;
  OBS_TRY_ASSIGN(const auto templates, load_stack_templates(context, options.template_dirs, dir));
  const sizing::Catalogs& catalogs = templates.catalogs;
  OBS_TRY_ASSIGN(auto stack, size_and_build(spec, catalogs).map_error([&](Error error) {
    return in_terms_of_flags(std::move(error), options);
  }));
  out.topology = std::move(stack.topology);
  out.sizing = std::move(stack.report);
  OBS_TRY_ASSIGN(out.findings, sizing::check_plan(spec, catalogs, out.sizing));
  OBS_TRY_ASSIGN(const Target* target, find_target(spec.target));
  OBS_TRY_ASSIGN(auto generated, generate(*target, out.topology, templates.store, context.random));
  out.tree = std::move(generated.tree);
  out.words = std::move(generated.words);
  OBS_TRY_ASSIGN(out.notes, add_certificates(out.tree, context, out.topology, out.words.hosts, dir,
                                             options.renew_certs));
  if (target->hand_over != nullptr) {
    OBS_TRY(target->hand_over(out.tree, out.topology, held_secrets(context.files, dir)));
  }
  SpecFile file = spec_file(out.source);
  out.spec_conflict = file.conflict && !options.force;
  out.tree[stack_paths::spec] = std::move(file.file);
  const auto& before = out.source.spec_on_disk;
  if (before && before->target != spec.target) {
    OBS_TRY_ASSIGN(const Target* left, find_target(before->target));
    out.notes.push_back(fmt::format(
        "the stack was made for {} before: what runs of it there goes on, and has to be removed "
        "there",
        left->title));
  }
  std::ranges::move(exposure_notes(spec, out.topology, *target), std::back_inserter(out.notes));
  std::ranges::move(
      placeholder_notes(context.files, dir, out.topology, out.tree, out.words.runbook.renew),
      std::back_inserter(out.notes));
  if (target->on_this_host) {
    std::ranges::move(compare_with_engine(context, spec, catalogs, out.sizing),
                      std::back_inserter(out.notes));
  }
  OBS_TRY(validate_paths(out.tree));
  return out;
}

// Parses again what is about to be written; what is on disk already was checked when it was
// written.
Result<void> validate_changes(const FileTree& tree, const apply::Plan& plan) {
  std::vector<std::string> paths;
  for (const auto& change : plan.changes) {
    if (tree.contains(change.path) && change.action != apply::Action::unchanged) {
      paths.push_back(change.path);
    }
  }
  return validate_contents(tree, paths);
}

apply::Plan plan_of(const Prepared& prepared, const apply::DiskState& disk,
                    const std::optional<apply::Manifest>& last, bool force) {
  apply::Plan plan = apply::make_plan(prepared.tree, disk, last, force);
  if (prepared.spec_conflict) {
    for (auto& change : plan.changes) {
      if (change.path == stack_paths::spec) {
        change.action = apply::Action::conflict;
        change.reason = "has edits that the new values cannot be merged with; change them there";
      }
    }
  }
  return plan;
}

Result<int> run(Context& context, const InitOptions& options) {
  if (!options.export_templates.empty()) {
    return export_templates(context, options.export_templates, options.force);
  }
  const fs::path dir = context.environment.directory / options.dir;
  const bool looking = options.dry_run || options.diff;
  OBS_TRY_ASSIGN(auto stack, apply::StackDirectory::open(
                                 context.files, dir,
                                 looking ? apply::Access::read_only : apply::Access::read_write));
  if (stack.recovered()) {
    context.note(fmt::format("obsctl: completed the interrupted change of '{}'", options.dir));
  }
  OBS_TRY_ASSIGN(const Prepared prepared, prepare(context, options, stack.path()));
  OBS_TRY_ASSIGN(const apply::DiskState disk, stack.read(prepared.tree));
  const apply::Plan plan = plan_of(prepared, disk, stack.manifest(), options.force);
  OBS_TRY(validate_changes(prepared.tree, plan));
  InitReport report{.spec = prepared.source.spec,
                    .topology = prepared.topology,
                    .runbook = prepared.words.runbook,
                    .wanted = prepared.tree,
                    .disk = disk,
                    .plan = plan,
                    .directory = options.dir,
                    .fresh = !stack.manifest(),
                    .notes = prepared.notes,
                    .sizing = prepared.sizing,
                    .findings = in_flags(prepared.findings, k_spec_flags)};
  if (stack.interrupted()) {
    report.notes.emplace_back("an interrupted change is waiting; the next init completes it first");
  }
  const bool conflicts = plan.count(apply::Action::conflict) > 0;
  const bool refused = options.strict && any_error(prepared.findings);
  tell_findings(context, options, report);
  if (refused && options.output != "json") {
    context.terminal.err("obsctl: error: the load does not fit; nothing has been written\n");
    return exit_code::findings;
  }
  if (!looking && !conflicts && !refused) {
    OBS_TRY(stack.apply(prepared.tree, plan, OBSCTL_VERSION));
    report.written = true;
  }
  if (looking || !conflicts || options.output == "json") {
    print_report(context, options, report);
  }
  if (conflicts) {
    tell_conflicts(context, options, plan);
  }
  return conflicts || refused ? exit_code::findings : exit_code::ok;
}

std::vector<Flag> spec_field_flags(InitOptions& options) {
  std::vector<Flag> out;
  for (std::size_t i = 0; i < k_spec_flags.size(); ++i) {
    out.push_back(spec_flag(k_spec_flags.at(i), &options.fields.at(i)));
    if (std::string_view(k_spec_flags.at(i).key) == "target") {
      for (const auto* target : targets()) {
        out.back().choices.push_back(target->name);
      }
    }
  }
  return out;
}

// What completion offers for --set and --port, from the default stack.
struct Suggestions {
  std::vector<std::string> settings;
  std::vector<std::string> ports;
};

Suggestions suggestions() {
  Suggestions out;
  for (const auto& field : spec_fields()) {
    out.settings.push_back(field.key + "=");
  }
  const auto& catalogs = built_in_catalogs();
  if (!catalogs) {
    return out;
  }
  const auto stack = size_and_build(StackSpec{}, *catalogs);
  if (!stack) {
    return out;
  }
  for (const auto& component : stack->topology.components) {
    for (const auto* limit : {"cpus", "memory", "disk"}) {
      out.settings.push_back(fmt::format("components.{}.{}=", component.name, limit));
    }
    for (const auto& port : component.ports) {
      if (!port.purpose.empty()) {
        out.ports.push_back(port.name + "=");
      }
    }
  }
  return out;
}

std::vector<Flag> other_flags(InitOptions& options) {
  Suggestions offered = suggestions();
  return {
      {.name = "dir",
       .short_name = 'd',
       .value = "DIR",
       .into = &options.dir,
       .completes = "directory",
       .env = "OBSCTL_DIR",
       .fallback = ".",
       .group = "Stack",
       .common = true,
       .doc = "directory to generate; it is created when it is not there"},
      {.name = "spec",
       .value = "FILE",
       .into = &options.spec_file,
       .completes = "file",
       .group = "Stack",
       .doc = "read the stack from this file instead of DIR/obsctl.yaml; - is standard input"},
      {.name = "set",
       .value = "KEY=VALUE",
       .into = &options.settings,
       .suggestions = std::move(offered.settings),
       .group = "Stack",
       .common = true,
       .doc = "set any field of obsctl.yaml; 'obsctl help stack' lists them"},
      {.name = "port",
       .value = "NAME=N",
       .into = &options.ports,
       .suggestions = std::move(offered.ports),
       .group = "Stack",
       .doc = "publish a port under another number, 0 not at all"},
      {.name = "cors-origin",
       .value = "ORIGIN",
       .into = &options.cors_origins,
       .group = "Security",
       .doc = "browser origin that may send telemetry"},
      {.name = "renew-certs",
       .into = &options.renew_certs,
       .group = "Security",
       .doc = "make a new server certificate now (self-signed)"},
      {.name = "dry-run",
       .short_name = 'n',
       .into = &options.dry_run,
       .group = "Writing",
       .common = true,
       .doc = "show what would be created, updated and removed; write nothing"},
      {.name = "diff",
       .into = &options.diff,
       .group = "Writing",
       .common = true,
       .doc = "show what would change as a unified diff; write nothing"},
      {.name = "force",
       .into = &options.force,
       .group = "Writing",
       .common = true,
       .doc = "overwrite files that were edited by hand"},
      {.name = "strict",
       .into = &options.strict,
       .group = "Writing",
       .doc = "write nothing and exit 3 when the load does not fit the host"},
      template_dir_flag(&options.template_dirs, "Templates"),
      {.name = "export-templates",
       .value = "DIR",
       .into = &options.export_templates,
       .completes = "directory",
       .group = "Templates",
       .doc = "write the built-in templates to DIR and do nothing else"},
      output_flag(&options.output, {"text", "json"}),
  };
}

}  // namespace

Command init_command() {
  auto options = std::make_shared<InitOptions>();
  auto flags = spec_field_flags(*options);
  std::ranges::move(other_flags(*options), std::back_inserter(flags));
  return {
      .name = "init",
      .group = "Stack",
      .summary = "generate a stack, or apply a changed one",
      .description = k_description,
      .flags = std::move(flags),
      .examples =
          {{"obsctl init --tier small --dir my-stack", "a stack for one machine"},
           {"obsctl init --tier small --dir my-stack --spans 2k/s --series 50k --lines 1k/s "
            "--strict",
            "sized for a load; nothing is written when it does not fit"},
           {"obsctl init --dir my-stack --retention-logs 14d --diff",
            "what a longer retention would change"},
           {"obsctl init --tier small --dir edge --tls self-signed --auth bearer --bind 0.0.0.0",
            "receivers that other machines may use"},
           {"obsctl init --tier small --dir my-stack --target helm", "a chart for Kubernetes"},
           {"obsctl init --spec team.yaml --dir my-stack --dry-run", "what a spec would generate"}},
      .exit_codes =
          {{3,
            "a file was edited by hand, or the load does not fit (--strict); nothing is written"}},
      .see_also = {"size", "tiers", "stack", "templates"},
      .run = [options](Context& context) { return run(context, *options); }};
}

}  // namespace obsctl
