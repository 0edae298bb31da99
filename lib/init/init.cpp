// SPDX-License-Identifier: Apache-2.0
// Spec → stack → files → plan → disk.
#include "lib/init/init.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/init/certificates.hpp"
#include "lib/init/digests.hpp"
#include "lib/init/host.hpp"
#include "lib/init/neighbours.hpp"
#include "lib/init/secrets.hpp"
#include "lib/init/spec.hpp"
#include "lib/init/upgrade.hpp"
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
Result<void> validate_changes(const apply::Plan& plan) {
  std::vector<std::string> paths;
  for (const auto& [path, file] : plan.files) {
    paths.push_back(path);
  }
  return validate_contents(plan.files, paths);
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
  auto secrets = options.secrets;
  OBS_TRY_ASSIGN(auto adopted, adopt_secrets(services.files, stack, secrets));
  if (adopted) {
    notes.push_back(std::move(*adopted));
  }
  OBS_TRY(fill_secrets(tree, services.files, stack, secrets));
  OBS_TRY(stack::hand_over(stack, services.files, tree));
  return notes;
}

Result<std::vector<Note>> notes_of(const Services& services, const SpecSource& source,
                                   const stack::Stack& stack, bool fresh) {
  std::vector<Note> notes;
  const auto& before = source.before;
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
    OBS_TRY_ASSIGN(auto more, compare_with_neighbours(services, stack, fresh));
    append(notes, std::move(more));
  }
  return notes;
}

// The stack of the spec, which is given the digests of its images when they were asked for.
Result<stack::Stack> assemble(const Services& services, const Options& options,
                              const fs::path& directory, StackSpec& spec,
                              stack::StackTemplates templates) {
  OBS_TRY_ASSIGN(auto stack, stack::assemble(directory, spec, std::move(templates)));
  if (!options.pin_digests) {
    return stack;
  }
  OBS_TRY_ASSIGN(spec.digests, digests_of(services.http, stack));
  return stack::assemble(directory, spec, std::move(stack.templates));
}

}  // namespace

Result<Prepared> prepare(const Services& services, const Options& options) {
  const Place place = choose_place(services, options);
  OBS_TRY(stack::check_owner(services.files, services.environment, place.directory));
  OBS_TRY_ASSIGN(auto directory,
                 apply::StackDirectory::open(
                     services.files, place.directory,
                     options.look_only ? apply::Access::read_only : apply::Access::read_write));
  OBS_TRY_ASSIGN(SpecSource source, resolve_spec(services, options, place, directory.manifest()));
  OBS_TRY_ASSIGN(auto templates, stack::load_templates(services.files, services.environment,
                                                       options.template_dirs, directory.path()));
  OBS_TRY_ASSIGN(auto stack,
                 assemble(services, options, directory.path(), source.spec, std::move(templates)));
  OBS_TRY_ASSIGN(auto findings,
                 sizing::check_plan(stack.spec, stack.templates.catalogs, stack.report));
  const bool fresh = !directory.manifest();
  Prepared out{.directory = std::move(directory),
               .stack = std::move(stack),
               .shown_directory = place.shown,
               .wanted = {},
               .disk = {},
               .plan = {},
               .origins = {},
               .notes = {},
               .transition = {},
               .findings = std::move(findings),
               .fresh = fresh,
               .look_only = options.look_only};
  OBS_TRY_ASSIGN(out.notes, make_files(services, options, out.stack, out.wanted));
  OBS_TRY_ASSIGN(out.wanted[stack_paths::spec], spec_file(source, options.force));
  if (source.before) {
    out.transition = transition_to(out.stack, *source.before);
    append(out.notes, out.transition.notes);
  }
  if (const auto& last = out.directory.manifest()) {
    OBS_TRY_ASSIGN(auto moved, upgrade_notes(last->components, out.stack.topology));
    append(out.notes, std::move(moved));
  }
  OBS_TRY_ASSIGN(auto notes, notes_of(services, source, out.stack, fresh));
  append(out.notes, std::move(notes));
  OBS_TRY(validate_paths(out.wanted));
  OBS_TRY_ASSIGN(out.disk, out.directory.read(out.wanted));
  OBS_TRY_ASSIGN(out.origins, origin_notes(services.files, out.stack, out.wanted, fresh));
  out.plan = apply::make_plan(out.wanted, out.disk, out.directory.manifest(), options.force);
  out.plan.next.components = versions_of(out.stack.topology);
  OBS_TRY(validate_changes(out.plan));
  if (out.directory.interrupted()) {
    out.notes.push_back({"an interrupted change is waiting; the next init completes it first"});
  }
  out.refused = options.strict && any_error(out.findings);
  return out;
}

Result<void> write(Prepared& prepared, const std::string& version) {
  if (prepared.look_only || prepared.refused) {
    return {};
  }
  OBS_TRY(prepared.directory.apply(prepared.plan, version));
  prepared.written = true;
  return {};
}

}  // namespace obsctl::init
