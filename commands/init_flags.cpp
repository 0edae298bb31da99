// SPDX-License-Identifier: Apache-2.0
// Declares the flags of `obsctl init` and turns them into settings.
#include "commands/init_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/stack/templates.hpp"
#include "lib/targets/target.hpp"
#include "lib/topology/build.hpp"

namespace obsctl {
namespace {

std::vector<Flag> spec_field_flags(InitFlags& options) {
  std::vector<Flag> out;
  for (std::size_t i = 0; i < k_init_flags.size(); ++i) {
    out.push_back(spec_flag(k_init_flags.at(i), &options.fields.at(i)));
    if (std::string_view(k_init_flags.at(i).key) == "target") {
      for (const auto* target : targets()) {
        out.back().choices.push_back(target->name);
      }
    }
  }
  return out;
}

// What completion offers for --set, --port and --collect, from the default stack.
struct Suggestions {
  std::vector<std::string> settings;
  std::vector<std::string> ports;
  std::vector<std::string> receivers;
  std::vector<std::string> collectors;  // components that read files of the host
};

Suggestions suggestions() {
  Suggestions out;
  for (const auto& field : spec_fields()) {
    out.settings.push_back(field.key + "=");
  }
  const auto& catalogs = stack::built_in_catalogs();
  if (!catalogs) {
    return out;
  }
  for (const auto& [name, component] : catalogs->components) {
    if (!component.host_paths.empty()) {
      out.collectors.push_back(name);
    }
  }
  const auto stack = size_and_build(StackSpec{}, *catalogs);
  if (!stack) {
    return out;
  }
  for (const auto& component : stack->topology.components) {
    for (const auto& [name, title] : component.receivers) {
      out.receivers.push_back(name);
    }
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

std::vector<Flag> other_flags(InitFlags& options) {
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
       .doc = "generate into this directory; it is created if it does not exist"},
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
       .doc = "publish a port on another number; 0 disables it"},
      {.name = "collect",
       .value = "WHAT",
       .into = &options.collect,
       .suggestions = std::move(offered.collectors),
       .group = "Stack",
       .doc = "add a component that reads files of this host, such as containers' logs"},
      {.name = "tls-name",
       .value = "NAME",
       .into = &options.tls_names,
       .group = "Security",
       .doc = "name this host or address in the certificate as well (self-signed)"},
      {.name = "cors-origin",
       .value = "ORIGIN",
       .into = &options.cors_origins,
       .group = "Security",
       .doc = "allow a browser origin to send telemetry"},
      {.name = "alert-to",
       .value = "NAME",
       .into = &options.receivers,
       .suggestions = std::move(offered.receivers),
       .group = "Alerting",
       .doc =
           "send alerts to this receiver as well; 'watchdog' is told each minute that all is well"},
      {.name = "alert-webhook",
       .value = "URL",
       .into = &options.webhook_url,
       .group = "Alerting",
       .doc =
           "send alerts to this URL; --alert-to webhook --secret keeps it out of the process list"},
      {.name = "secret",
       .value = "NAME=FILE",
       .into = &options.secrets,
       .group = "Alerting",
       .doc = "read secrets/NAME (a URL, token or password) from this file; - is standard input"},
      {.name = "renew-certs",
       .into = &options.renew_certs,
       .group = "Security",
       .doc = "make a new server certificate now (self-signed)"},
      {.name = "pin-digests",
       .into = &options.pin_digests,
       .group = "Security",
       .doc = "ask the images' registries for their digests, and keep them in obsctl.yaml"},
      {.name = "dry-run",
       .short_name = 'n',
       .into = &options.dry_run,
       .group = "Writing",
       .common = true,
       .doc = "list what would be created, updated and removed; write nothing"},
      {.name = "diff",
       .into = &options.diff,
       .excludes = {"dry-run"},
       .group = "Writing",
       .common = true,
       .doc = "show what would change as a unified diff; write nothing"},
      {.name = "force",
       .into = &options.force,
       .group = "Writing",
       .common = true,
       .doc = "replace files that were edited by hand"},
      {.name = "strict",
       .into = &options.strict,
       .group = "Writing",
       .doc = "write nothing and exit 3 if the load does not fit the host"},
      template_dir_flag(&options.template_dirs, "Templates"),
      {.name = "export-templates",
       .value = "DIR",
       .into = &options.export_templates,
       .completes = "directory",
       .group = "Templates",
       .doc = "write the built-in templates to DIR and do nothing else"},
      output_flag(into_choice(&options.output)),
  };
}

// Paths are stored absolute, so that the next init may be run from anywhere.
std::string absolute(const Context& context, const std::string& path) {
  return path.empty() ? path : (context.environment.directory / path).lexically_normal().string();
}

// The name of a port in NAME=N.
std::string port_name(const std::string& given) {
  return given.substr(0, given.find('='));
}

Result<std::vector<std::string>> settings_of(const Context& context, const InitFlags& flags) {
  std::vector<std::string> out = flags.settings;
  for (std::size_t i = 0; i < k_init_flags.size(); ++i) {
    if (const auto& value = flags.fields.at(i)) {
      const bool is_file = std::string_view(k_init_flags.at(i).value) == "FILE";
      out.push_back(fmt::format("{}={}", k_init_flags.at(i).key,
                                is_file ? absolute(context, *value) : *value));
    }
  }
  if (!flags.tls_names.empty()) {
    out.push_back("security.tls_names=" + join(flags.tls_names, ","));
  }
  if (!flags.cors_origins.empty()) {
    out.push_back("security.cors_origins=" + join(flags.cors_origins, ","));
  }
  if (!flags.collect.empty()) {
    out.push_back("stack.add=" + join(flags.collect, ","));
  }
  for (const auto& port : flags.ports) {
    if (port_name(port).empty() || port_name(port) == port) {
      return fail(Code::usage, fmt::format("'{}' is not of the form NAME=N for '--port'", port),
                  "for example --port grafana=3001");
    }
    out.push_back("ports." + port);
  }
  return out;
}

// The values of --secret by name.
Result<std::map<std::string, std::string>> secrets_of(Context& context, const InitFlags& flags) {
  std::map<std::string, std::string> out;
  for (const auto& given : flags.secrets) {
    const auto equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::usage,
                  fmt::format("'{}' is not of the form NAME=FILE for '--secret'", given),
                  "for example --secret smtp-password=FILE");
    }
    const std::string file = given.substr(equals + 1);
    OBS_TRY_ASSIGN(out[given.substr(0, equals)],
                   file == "-" ? context.terminal.read_stdin()
                               : context.files.read(context.environment.directory / file));
  }
  return out;
}

// The stack names a port alone, a field of the spec with its key.
Error in_terms_of_port(Error error, const std::string& name) {
  error.message = replace_all(std::move(error.message), fmt::format("'ports.{}'", name),
                              fmt::format("'--port {}'", name));
  error.message = replace_all(std::move(error.message), fmt::format("no port '{}'", name),
                              fmt::format("no port '{}' for '--port'", name));
  return error;
}

}  // namespace

std::vector<Flag> init_flags(InitFlags& into) {
  auto out = spec_field_flags(into);
  std::ranges::move(other_flags(into), std::back_inserter(out));
  const auto exporting = std::ranges::find(out, "export-templates", &Flag::name);
  for (const auto& flag : out) {
    if (flag.name != exporting->name && flag.name != "force") {
      exporting->excludes.push_back(flag.name);
    }
  }
  return out;
}

Result<init::Options> init_options(Context& context, const InitFlags& flags) {
  if (flags.dir && flags.dir->empty()) {
    return fail(Code::usage, "'--dir' is empty",
                "is a variable unset? '--dir .' is the current directory");
  }
  init::Options out{.directory = flags.dir,
                    .spec = {},
                    .settings = {},
                    .receivers = flags.receivers,
                    .secrets = {},
                    .template_dirs = flags.template_dirs,
                    .renew_certificates = flags.renew_certs,
                    .pin_digests = flags.pin_digests,
                    .look_only = flags.dry_run || flags.diff,
                    .force = flags.force,
                    .strict = flags.strict};
  OBS_TRY_ASSIGN(out.settings, settings_of(context, flags));
  OBS_TRY_ASSIGN(out.secrets, secrets_of(context, flags));
  if (!flags.webhook_url.empty()) {
    out.receivers.emplace_back("webhook");
    out.secrets["alert-webhook-url"] = flags.webhook_url;
  }
  if (flags.spec_file == "-") {
    OBS_TRY_ASSIGN(const std::string text, context.terminal.read_stdin());
    out.spec = {text, "standard input"};
  } else if (!flags.spec_file.empty()) {
    OBS_TRY_ASSIGN(const std::string text,
                   context.files.read(context.environment.directory / flags.spec_file));
    out.spec = {text, flags.spec_file};
  }
  return out;
}

Error in_terms_of_flags(Error error, const InitFlags& flags) {
  error = in_terms_of_flags(std::move(error), k_init_flags, flags.fields);
  for (const auto& port : flags.ports) {
    error = in_terms_of_port(std::move(error), port_name(port));
  }
  return error;
}

}  // namespace obsctl
