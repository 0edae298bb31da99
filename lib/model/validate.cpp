// SPDX-License-Identifier: Apache-2.0
// What no single field of a spec can see: contradictions, and values that no component could use.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {
namespace {

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

// Collects what is wrong with the settings of a spec. A setting that stands in a file is named with
// its place there.
class Validator {
 public:
  explicit Validator(const StackSpec& spec) : spec_(spec) {}

  Result<void> run() {
    check_names();
    check_tls(spec_.security);
    check_security(spec_.security);
    check_email(spec_.alerting);
    check_addresses(spec_.alerting);
    check_public_urls();
    check_traces(spec_.traces);
    check_retention();
    if (spec_.metrics.scrape_interval.seconds < 1) {
      add("metrics.scrape_interval", "'metrics.scrape_interval' must be at least 1s");
    }
    return problems_.done();
  }

 private:
  void add(const std::string& key, std::string message, std::string hint = {},
           Settings settings = {}) {
    Error error =
        fail_setting(key, std::move(message), std::move(hint), std::move(settings)).value();
    problems_.add(placed(std::move(error), spec_));
  }

  void check_names() {
    if (!valid_name(spec_.name)) {
      add("name", fmt::format("'{}' is not a valid 'name'", spec_.name),
          "use at most 40 lower-case letters, digits and '-', starting with a letter and not "
          "ending in '-'");
    }
    if (spec_.environment.empty()) {
      add("environment", "'environment' must not be empty", "for example production or staging");
    }
  }

  void check_tls(const SecuritySpec& security) {
    const bool files = security.tls == Tls::files;
    if (files && (security.tls_cert.empty() || security.tls_key.empty())) {
      Settings missing;
      if (security.tls_cert.empty()) {
        missing["security.tls_cert"] = "FILE";
      }
      if (security.tls_key.empty()) {
        missing["security.tls_key"] = "FILE";
      }
      add("security.tls", "'security.tls' is 'files', which needs a certificate and a key",
          "name the missing file, or use 'self-signed'", std::move(missing));
    }
    for (const auto& [key, file] : {std::pair("security.tls_cert", &security.tls_cert),
                                    std::pair("security.tls_key", &security.tls_key)}) {
      if (!files && !file->empty()) {
        return add(key,
                   fmt::format("'{}' is not used, because 'security.tls' is '{}'", key,
                               name_of(security.tls)),
                   "remove it, or use the files",
                   {{"security.tls", std::string(name_of(Tls::files))}});
      }
    }
  }

  void check_security(const SecuritySpec& security) {
    for (const auto& [key, address] : {std::pair("security.bind", &security.bind),
                                       std::pair("security.bind_ui", &security.bind_ui)}) {
      if (!is_address(*address)) {
        add(key, fmt::format("'{}' is not an IP address for '{}'", *address, key),
            "127.0.0.1 is this machine only, 0.0.0.0 every network");
      }
    }
    const char* origins = "security.cors_origins";
    for (const auto& origin : security.cors_origins) {
      if (origin.find('*') != std::string::npos) {
        add(origins, fmt::format("CORS origin '{}' lets any web site send telemetry", origin),
            "name the origins, for example https://app.example.com");
      } else if (!is_origin(origin)) {
        add(origins, fmt::format("'{}' is not a CORS origin", origin),
            "an origin is scheme, host and port only, for example https://app.example.com");
      }
    }
  }

  void check_email(const AlertingSpec& alerting) {
    const bool to = !alerting.email_to.empty();
    const bool server = !alerting.smtp_host.empty();
    if (to && !server) {
      add("alerting.email_to", "alert e-mail has a receiver but no mail server", "name one",
          {{"alerting.smtp_host", "HOST:PORT"}});
    }
    if (server && !to) {
      add("alerting.smtp_host", "alert e-mail has a mail server but no receiver", "name one",
          {{"alerting.email_to", "ADDRESS"}});
    }
    if (!alerting.email_from.empty() && !to && !server) {
      add("alerting.email_from", "alert e-mail has a sender but no receiver", "name one",
          {{"alerting.email_to", "ADDRESS"}});
    }
  }

  void check_addresses(const AlertingSpec& alerting) {
    if (!alerting.webhook_url.empty() && !is_web_url(alerting.webhook_url)) {
      add("alerting.webhook_url",
          fmt::format("'{}' is not a URL for 'alerting.webhook_url'", alerting.webhook_url),
          "it starts with http:// or https://");
    }
    if (!alerting.smtp_host.empty() && !is_host_and_port(alerting.smtp_host)) {
      add("alerting.smtp_host",
          fmt::format("'{}' is not HOST:PORT for 'alerting.smtp_host'", alerting.smtp_host),
          "for example mail.example.com:587");
    }
    for (const auto& [key, address] : {std::pair("alerting.email_to", &alerting.email_to),
                                       std::pair("alerting.email_from", &alerting.email_from)}) {
      if (!address->empty() && address->find('@') == std::string::npos) {
        add(key, fmt::format("'{}' is not an e-mail address for '{}'", *address, key));
      }
    }
  }

  void check_public_urls() {
    for (const auto& [name, url] : spec_.public_urls) {
      if (!is_web_url(url)) {
        const std::string key = "public_urls." + name;
        add(key, fmt::format("'{}' is not a URL for '{}'", url, key),
            "it starts with http:// or https://");
      }
    }
  }

  void check_traces(const TraceSpec& traces) {
    if (traces.spans_per_trace <= 0) {
      add("traces.spans_per_trace", "'traces.spans_per_trace' must be more than 0");
    }
    if (traces.slow_threshold.seconds <= 0) {
      add("traces.slow_threshold", "'traces.slow_threshold' must be more than 0",
          "for example 500ms");
    }
    if (traces.decision_wait.seconds < 1) {
      add("traces.decision_wait", "'traces.decision_wait' must be at least 1s");
    } else if (traces.slow_threshold >= traces.decision_wait) {
      add("traces.slow_threshold",
          fmt::format("a trace of 'traces.slow_threshold' ({}) would be decided on before it "
                      "has ended ('traces.decision_wait' is {})",
                      print_duration(traces.slow_threshold), print_duration(traces.decision_wait)),
          "use a longer decision wait",
          {{"traces.decision_wait", print_duration({traces.slow_threshold.seconds * 2})}});
    }
  }

  void check_retention() {
    const auto at_least = [this](const char* key, const std::optional<Duration>& retention,
                                 Duration least, const char* hint) {
      if (retention && *retention < least) {
        add(key, fmt::format("'{}' must be at least {}", key, print_duration(least)), hint);
      }
    };
    constexpr Duration k_hour = {3600};
    at_least("traces.retention", spec_.traces.retention, k_hour,
             "no store deletes traces at a finer grain");
    at_least("metrics.retention", spec_.metrics.retention, k_hour,
             "no store deletes metrics at a finer grain");
    at_least("logs.retention", spec_.logs.retention, Duration::from_days(1),
             "the stores of logs delete whole days");
  }

  const StackSpec& spec_;
  Problems problems_;
};

}  // namespace

Error placed(Error error, const StackSpec& spec) {
  const auto place = spec.places.of.find(error.subject);
  if (!error.at && place != spec.places.of.end()) {
    error.code = Code::config;
    error.at = place->second;
  }
  return error;
}

Result<void> validate_spec(const StackSpec& spec) {
  return Validator(spec).run();
}

}  // namespace obsctl
