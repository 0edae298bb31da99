// What no single field of a spec can see: contradictions, and values that no component could use.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {
namespace {

Failure usage(std::string message, std::string hint = {}) {
  return fail(Code::usage, std::move(message), std::move(hint));
}

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
         name.back() != '-' && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_address(const std::string& text) {
  unsigned char address[16];
  return ::inet_pton(AF_INET, text.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address) == 1;
}

bool is_web_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      return text.size() > scheme.size() && text.find_first_of(" \t\"'") == std::string_view::npos;
    }
  }
  return false;
}

// scheme://host[:port] and nothing after it, as browsers send it.
bool is_origin(std::string_view text) {
  return is_web_url(text) && text.find('/', text.find("//") + 2) == std::string_view::npos;
}

bool is_host_and_port(const std::string& text) {
  const auto colon = text.rfind(':');
  return colon != std::string::npos && colon > 0 &&
         parse_integer(text.substr(colon + 1), "port", 1, 65535).has_value();
}

Result<void> check_tls(const SecuritySpec& security) {
  const bool pair = !security.tls_cert.empty() && !security.tls_key.empty();
  const bool any = !security.tls_cert.empty() || !security.tls_key.empty();
  if (security.tls == Tls::files && !pair) {
    return usage("tls 'files' needs a certificate and a key",
                 "give --tls-cert FILE and --tls-key FILE, or use --tls self-signed");
  }
  if (security.tls != Tls::files && any) {
    return usage(fmt::format("a certificate is given but tls is '{}'", name_of(security.tls)),
                 "use --tls files, or drop the certificate");
  }
  return {};
}

Result<void> check_security(const SecuritySpec& security) {
  OBS_TRY(check_tls(security));
  if (!is_address(security.bind)) {
    return usage(fmt::format("'{}' is not an IP address for 'security.bind'", security.bind),
                 "127.0.0.1 is this machine only, 0.0.0.0 every network");
  }
  for (const auto& origin : security.cors_origins) {
    if (origin.find('*') != std::string::npos) {
      return usage(fmt::format("'{}' as CORS origin lets foreign web sites send telemetry", origin),
                   "name the origins, for example --cors-origin https://app.example.com");
    }
    if (!is_origin(origin)) {
      return usage(fmt::format("'{}' is not an origin", origin),
                   "an origin is scheme, host and port only, for example https://app.example.com");
    }
  }
  return {};
}

Result<void> check_alerting(const AlertingSpec& alerting) {
  if (!alerting.webhook_url.empty() && !is_web_url(alerting.webhook_url)) {
    return usage(fmt::format("'{}' is not a URL for 'alerting.webhook_url'", alerting.webhook_url),
                 "it starts with http:// or https://");
  }
  if (alerting.email_to.empty() != alerting.smtp_host.empty()) {
    return usage("alert e-mail needs a receiver and a mail server",
                 "give both --alert-email-to and --alert-smtp HOST:PORT");
  }
  if (!alerting.email_from.empty() && alerting.email_to.empty()) {
    return usage("a sender of alert e-mail is given but no receiver", "give --alert-email-to too");
  }
  if (!alerting.smtp_host.empty() && !is_host_and_port(alerting.smtp_host)) {
    return usage(fmt::format("'{}' is not HOST:PORT for 'alerting.smtp_host'", alerting.smtp_host),
                 "for example mail.example.com:587");
  }
  for (const auto* address : {&alerting.email_to, &alerting.email_from}) {
    if (!address->empty() && address->find('@') == std::string::npos) {
      return usage(fmt::format("'{}' is not an e-mail address", *address));
    }
  }
  return {};
}

Result<void> check_traces(const TraceSpec& traces) {
  if (traces.spans_per_trace <= 0) {
    return usage("'traces.spans_per_trace' must be more than 0");
  }
  if (traces.decision_wait.seconds < 1) {
    return usage("'traces.decision_wait' must be at least 1s");
  }
  if (traces.slow_threshold.seconds <= 0) {
    return usage("'traces.slow_threshold' must be more than 0", "for example 500ms");
  }
  if (traces.slow_threshold >= traces.decision_wait) {
    return usage(
        fmt::format("a trace of 'traces.slow_threshold' ({}) would be decided on before it "
                    "has ended ('traces.decision_wait' is {})",
                    print_duration(traces.slow_threshold), print_duration(traces.decision_wait)),
        "use a longer decision_wait, for example --set traces.decision_wait=" +
            print_duration({traces.slow_threshold.seconds * 2}));
  }
  return {};
}

Result<void> check_retention(const StackSpec& spec) {
  for (const auto* retention :
       {&spec.traces.retention, &spec.metrics.retention, &spec.logs.retention}) {
    if (*retention && (*retention)->seconds < 3600) {
      return usage("a retention must be at least 1h", "no backend deletes data at a finer grain");
    }
  }
  if (spec.logs.retention && spec.logs.retention->seconds < 86400) {
    return usage("'logs.retention' must be at least 24h", "the stores of logs delete whole days");
  }
  return {};
}

}  // namespace

Result<void> validate_spec(const StackSpec& spec) {
  if (!valid_name(spec.name)) {
    return usage(
        fmt::format("'{}' is not a valid name", spec.name),
        "use at most 40 lower-case letters, digits and '-', starting with a letter and not "
        "ending in '-'");
  }
  if (spec.environment.empty()) {
    return usage("'environment' must not be empty", "for example production or staging");
  }
  OBS_TRY(check_security(spec.security));
  OBS_TRY(check_alerting(spec.alerting));
  OBS_TRY(check_traces(spec.traces));
  OBS_TRY(check_retention(spec));
  if (spec.metrics.scrape_interval.seconds < 1) {
    return usage("'metrics.scrape_interval' must be at least 1s");
  }
  return {};
}

}  // namespace obsctl
