// SPDX-License-Identifier: Apache-2.0
// Reads the stack's directory: configurations, certificates, the state file, modes of secrets.
#include "lib/sources/files.hpp"

#include <algorithm>

#include "lib/checks/samples.hpp"
#include "lib/stack/configured.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/secrets.hpp"
#include "lib/stack/state.hpp"

namespace obsctl::health {
namespace {

double seconds_since(const Context& context, Time time) {
  return std::chrono::duration<double>(context.services.clock.now() - time).count();
}

Result<Samples> read_certificates(const Context& context) {
  OBS_TRY_ASSIGN(const auto certificates,
                 stack::certificates(context.services.files, context.subject.stack.directory));
  Samples out;
  for (const stack::Certificate& one : certificates) {
    put(out, "certificate_seconds_left", -seconds_since(context, one.info.not_after),
        {{"path", one.path}});
  }
  return out;
}

Result<Samples> read_state(const Context& context) {
  OBS_TRY_ASSIGN(const stack::State state,
                 stack::read_state(context.services.files, context.subject.stack.directory));
  Samples out;
  put_flag(out, "backup_done", state.last_backup.has_value());
  put_flag(out, "backup_complete", state.last_backup && state.last_backup->complete);
  put_flag(out, "verify_passed", state.last_verify && state.last_verify->passed);
  put_flag(out, "drill_passed", state.last_drill && state.last_drill->passed);
  const auto put_age = [&](const char* name, const auto& record) {
    if (record) {
      put(out, name, seconds_since(context, record->at));
    }
  };
  put_age("backup_age_seconds", state.last_backup);
  put_age("verify_age_seconds", state.last_verify);
  put_age("drill_age_seconds", state.last_drill);
  put_age("prune_age_seconds", state.last_prune);
  put_flag(out, "journals_open", state.open_journal.has_value());
  if (const auto& open = state.open_journal) {
    put(out, "journal_open", 1, {{"operation", open->operation}, {"file", open->file}});
  }
  put_none(out, "journal_open");
  return out;
}

// Certificates are for everybody to read, and lie among the files that components get as secrets.
bool is_public(const std::string& path) {
  const auto all = {stack_paths::tls_certificate, stack_paths::tls_ca, stack_paths::tls_client_ca};
  return std::ranges::find(all, path) != all.end();
}

Result<Samples> read_modes(const Context& context) {
  constexpr FileMode k_others = 0007;
  const stack::Stack& stack = context.subject.stack;
  std::vector<std::string> paths = {stack_paths::tls_ca_key};
  for (const stack::SecretFile& file : stack::secret_files(stack.topology)) {
    if (!is_public(file.path)) {
      paths.push_back(file.path);
    }
  }
  Samples out;
  for (const std::string& path : paths) {
    const auto mode = context.services.files.mode(stack.directory / path);
    if (mode && (*mode & k_others) != 0) {
      put(out, "secret_mode_open", 1, {{"path", path}});
    }
  }
  put_flag(out, "secrets_open", !out.empty());
  put_none(out, "secret_mode_open");
  return out;
}

Result<Samples> read_configuration(const Context& context, const std::string& component) {
  OBS_TRY_ASSIGN(const auto numbers, stack::configured_numbers(context.services.files,
                                                               context.subject.stack, component));
  Samples out;
  for (const stack::ConfiguredNumber& one : numbers) {
    put(out, "configured_" + one.name, one.value, one.labels);
  }
  return out;
}

}  // namespace

std::vector<Inquiry> files_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.subject.own()) {
    return out;
  }
  const auto add = [&out, &context](Source source, const std::string& from, auto read) {
    out.push_back({.component = {}, .source = source, .from = from, .read = [context, read] {
                     return read(context);
                   }});
  };
  add(Source::state, stack_paths::state, read_state);
  add(Source::host, context.subject.stack.directory.string(), read_modes);
  for (const Component& component : context.components()) {
    out.push_back(
        {.component = component.name,
         .source = Source::configuration,
         .from = context.subject.stack.target->configs + "/" + component.name,
         .read = [context, name = component.name] { return read_configuration(context, name); }});
  }
  if (context.subject.stack.spec.security.tls != Tls::off) {
    add(Source::certificates, stack_paths::tls_certificate, read_certificates);
  }
  return out;
}

}  // namespace obsctl::health
