// SPDX-License-Identifier: Apache-2.0
// Spec → stack → files → plan → disk.
#include "lib/init/init.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/init/certificates.hpp"
#include "lib/init/host.hpp"
#include "lib/init/secrets.hpp"
#include "lib/init/spec.hpp"
#include "lib/pki/certificates.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::init {
namespace {

namespace fs = std::filesystem;

void append(std::vector<Note>& notes, std::vector<Note> more) {
  std::ranges::move(more, std::back_inserter(notes));
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

apply::Plan plan_of(const Prepared& prepared, const std::optional<apply::Manifest>& last,
                    bool force, bool spec_conflict) {
  apply::Plan plan = apply::make_plan(prepared.wanted, prepared.disk, last, force);
  if (spec_conflict && !force) {
    for (auto& row : plan.changes) {
      if (row.path == stack_paths::spec) {
        row.action = apply::Action::conflict;
        row.reason = "has edits that the new values cannot be merged with; change them there";
      }
    }
  }
  return plan;
}

// When the server certificate among the files ends; nothing when there is none.
Result<std::optional<std::time_t>> certificate_end(const FileTree& certificates) {
  const auto server = certificates.find(stack_paths::tls_certificate);
  if (server == certificates.end()) {
    return std::nullopt;
  }
  OBS_TRY_ASSIGN(const auto info,
                 pki::read_certificate(server->second.bytes, stack_paths::tls_certificate));
  return std::chrono::system_clock::to_time_t(info.not_after);
}

// Every file but obsctl.yaml, with the notes that certificates give. Certificates come first: the
// rules that watch the server certificate know its end.
Result<std::vector<Note>> make_files(const Services& services, const Options& options,
                                     stack::Stack& stack, FileTree& tree) {
  FileTree certificates;
  OBS_TRY_ASSIGN(auto notes,
                 add_certificates(certificates, services, stack, options.renew_certificates));
  OBS_TRY_ASSIGN(stack.topology.certificate_ends, certificate_end(certificates));
  OBS_TRY_ASSIGN(tree, stack::generate(stack, services.random));
  tree.merge(certificates);
  OBS_TRY(fill_secrets(tree, services.files, stack, options.secrets));
  OBS_TRY(stack::hand_over(stack, services.files, tree));
  return notes;
}

Result<std::vector<Note>> notes_of(const Services& services, const SpecSource& source,
                                   const stack::Stack& stack) {
  std::vector<Note> notes;
  const auto& before = source.spec_on_disk;
  if (before && before->target != stack.spec.target) {
    OBS_TRY_ASSIGN(const Target* left, find_target(before->target));
    notes.push_back(
        {fmt::format("the stack was made for {} before: what runs there keeps running "
                     "until it is removed there",
                     left->title)});
  }
  append(notes, exposure_notes(stack));
  if (stack.target->on_this_host) {
    append(notes, compare_with_engine(services, stack));
  }
  return notes;
}

}  // namespace

Result<Prepared> prepare(const Services& services, const Options& options) {
  const Place place = choose_place(services, options);
  OBS_TRY(stack::check_owner(services.files, services.environment, place.directory));
  OBS_TRY_ASSIGN(auto directory,
                 apply::StackDirectory::open(
                     services.files, place.directory,
                     options.look_only ? apply::Access::read_only : apply::Access::read_write));
  OBS_TRY_ASSIGN(SpecSource source, resolve_spec(services, options, place));
  OBS_TRY_ASSIGN(auto templates, stack::load_templates(services.files, services.environment,
                                                       options.template_dirs, directory.path()));
  OBS_TRY_ASSIGN(auto stack, stack::assemble(directory.path(), source.spec, std::move(templates)));
  OBS_TRY_ASSIGN(auto findings,
                 sizing::check_plan(stack.spec, stack.templates.catalogs, stack.report));
  const bool fresh = !directory.manifest();
  Prepared out{.directory = std::move(directory),
               .stack = std::move(stack),
               .shown_directory = place.shown,
               .wanted = {},
               .disk = {},
               .plan = {},
               .notes = {},
               .findings = std::move(findings),
               .fresh = fresh,
               .look_only = options.look_only};
  OBS_TRY_ASSIGN(out.notes, make_files(services, options, out.stack, out.wanted));
  SpecFile file = spec_file(source);
  out.wanted[stack_paths::spec] = std::move(file.file);
  OBS_TRY_ASSIGN(auto notes, notes_of(services, source, out.stack));
  append(out.notes, std::move(notes));
  OBS_TRY(validate_paths(out.wanted));
  OBS_TRY_ASSIGN(out.disk, out.directory.read(out.wanted));
  out.plan = plan_of(out, out.directory.manifest(), options.force, file.conflict);
  OBS_TRY(validate_changes(out.wanted, out.plan));
  if (out.directory.interrupted()) {
    out.notes.push_back({"an interrupted change is waiting; the next init completes it first"});
  }
  out.refused = options.strict && any_error(out.findings);
  return out;
}

Result<void> write(Prepared& prepared, const std::string& version) {
  if (prepared.look_only || prepared.refused || prepared.conflicts()) {
    return {};
  }
  OBS_TRY(prepared.directory.apply(prepared.wanted, prepared.plan, version));
  prepared.written = true;
  return {};
}

}  // namespace obsctl::init
