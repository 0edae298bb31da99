// What the user gave on the command line of `obsctl init`.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/spec_flags.hpp"

namespace obsctl {

inline constexpr std::array k_spec_flags = {
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
    SpecFlag{"tls", "security.tls", "MODE", "Security", 0, true},
    SpecFlag{"tls-cert", "security.tls_cert", "FILE", "Security"},
    SpecFlag{"tls-key", "security.tls_key", "FILE", "Security"},
    SpecFlag{"auth", "security.auth", "MODE", "Security"},
    SpecFlag{"bind", "security.bind", "ADDRESS", "Security"},
    SpecFlag{"alert-webhook", "alerting.webhook_url", "URL", "Alerting"},
    SpecFlag{"alert-slack-channel", "alerting.slack_channel", "CHANNEL", "Alerting"},
    SpecFlag{"alert-email-to", "alerting.email_to", "ADDRESS", "Alerting"},
    SpecFlag{"alert-email-from", "alerting.email_from", "ADDRESS", "Alerting"},
    SpecFlag{"alert-smtp", "alerting.smtp_host", "HOST:PORT", "Alerting"},
};

struct InitOptions {
  std::array<std::optional<std::string>, k_spec_flags.size()> fields;  // by index of k_spec_flags
  std::string dir = ".";
  std::string spec_file;              // "-": standard input
  std::vector<std::string> settings;  // key=value
  std::vector<std::string> cors_origins;
  std::vector<std::string> ports;  // NAME=N
  std::vector<std::string> template_dirs;
  std::string export_templates;  // a directory; nothing else happens then
  bool renew_certs = false;
  bool dry_run = false;
  bool diff = false;
  bool force = false;
  bool strict = false;  // write nothing when the load does not fit
  std::string output = "text";

  // The value of the flag for a field of the spec, when it was given.
  [[nodiscard]] const std::optional<std::string>& field(std::string_view key) const {
    for (std::size_t i = 0; i < k_spec_flags.size(); ++i) {
      if (k_spec_flags.at(i).key == key) {
        return fields.at(i);
      }
    }
    static const std::optional<std::string> k_none;
    return k_none;
  }
};

}  // namespace obsctl
