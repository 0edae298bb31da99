// SPDX-License-Identifier: Apache-2.0
// The flags of `obsctl init`, and what they ask of lib/init.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/spec_flags.hpp"
#include "lib/base/choice.hpp"
#include "lib/init/init.hpp"

namespace obsctl {

inline constexpr std::array k_init_flags = {
    SpecFlag{"tier", "tier", "TIER", "Stack", 't', true},
    SpecFlag{"profile", "profile", "PROFILE", "Stack", 0, true},
    SpecFlag{"target", "target", "TARGET", "Stack", 0, true},
    SpecFlag{"name", "name", "NAME", "Stack"},
    SpecFlag{"environment", "environment", "NAME", "Stack"},
    SpecFlag{"spans", "traces.spans", "RATE", "Load", 0, true},
    SpecFlag{"series", "metrics.series", "COUNT", "Load", 0, true},
    SpecFlag{"lines", "logs.lines", "RATE", "Load", 0, true},
    SpecFlag{"host-cpus", "host.cpus", "COUNT", "Load"},
    SpecFlag{"host-memory", "host.memory", "SIZE", "Load"},
    SpecFlag{"host-disk", "host.disk", "SIZE", "Load"},
    SpecFlag{"retention-traces", "traces.retention", "DURATION", "Signals"},
    SpecFlag{"retention-metrics", "metrics.retention", "DURATION", "Signals"},
    SpecFlag{"retention-logs", "logs.retention", "DURATION", "Signals", 0, true},
    SpecFlag{"slow-threshold", "traces.slow_threshold", "DURATION", "Signals"},
    SpecFlag{"keep", "traces.keep", "SHARE", "Signals"},
    SpecFlag{"traces", "traces.backend", "BACKEND", "Signals"},
    SpecFlag{"metrics", "metrics.backend", "BACKEND", "Signals"},
    SpecFlag{"logs", "logs.backend", "BACKEND", "Signals"},
    SpecFlag{"forward", "forward.url", "URL", "Signals"},
    SpecFlag{"forward-header", "forward.header", "NAME", "Signals"},
    SpecFlag{"tls", "security.tls", "MODE", "Security", 0, true},
    SpecFlag{"tls-cert", "security.tls_cert", "FILE", "Security"},
    SpecFlag{"tls-key", "security.tls_key", "FILE", "Security"},
    SpecFlag{"client-ca", "security.client_ca", "FILE", "Security"},
    SpecFlag{"auth", "security.auth", "MODE", "Security"},
    SpecFlag{"bind", "security.bind", "ADDRESS", "Security"},
    SpecFlag{"bind-ui", "security.bind_ui", "ADDRESS", "Security"},
    SpecFlag{"alert-slack-channel", "alerting.slack_channel", "CHANNEL", "Alerting"},
    SpecFlag{"alert-telegram-chat", "alerting.telegram_chat", "NUMBER", "Alerting"},
    SpecFlag{"alert-email-to", "alerting.email_to", "ADDRESS", "Alerting"},
    SpecFlag{"alert-email-from", "alerting.email_from", "ADDRESS", "Alerting"},
    SpecFlag{"alert-smtp", "alerting.smtp_host", "HOST:PORT", "Alerting"},
    SpecFlag{"alert-smtp-user", "alerting.smtp_user", "NAME", "Alerting"},
};

enum class InitFormat { text, json };

constexpr auto names_of(InitFormat) {
  return std::to_array<Named<InitFormat>>({{InitFormat::text, "text"}, {InitFormat::json, "json"}});
}

// What was given on the command line.
struct InitFlags {
  std::array<std::optional<std::string>, k_init_flags.size()> fields;  // by index of k_init_flags
  std::optional<std::string> dir;
  std::string spec_file;              // "-": standard input
  std::vector<std::string> settings;  // key=value
  std::vector<std::string> cors_origins;
  std::vector<std::string> collect;
  std::vector<std::string> tls_names;
  std::vector<std::string> receivers;
  std::vector<std::string> secrets;  // NAME=FILE
  std::string webhook_url;
  std::vector<std::string> ports;  // NAME=N
  std::vector<std::string> template_dirs;
  std::string export_templates;  // a directory; nothing else happens then
  bool renew_certs = false;
  bool pin_digests = false;
  bool dry_run = false;
  bool diff = false;
  bool force = false;
  bool strict = false;  // write nothing when the load does not fit
  InitFormat output = InitFormat::text;
};

[[nodiscard]] std::vector<Flag> init_flags(InitFlags& into);

// Reads --spec. Errors: it is not there; --port is not of the form NAME=N.
[[nodiscard]] Result<init::Options> init_options(Context& context, const InitFlags& flags);

// An error about settings names the flags that were given.
[[nodiscard]] Error in_terms_of_flags(Error error, const InitFlags& flags);

}  // namespace obsctl
