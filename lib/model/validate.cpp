// SPDX-License-Identifier: Apache-2.0
// What no single field of a spec can see: contradictions, and values that no component could use.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/base/url.hpp"
#include "lib/model/bounds.hpp"
#include "lib/model/load_target.hpp"
#include "lib/model/spec.hpp"

namespace obsctl {
namespace {

constexpr std::size_t k_longest_name = 40;

bool valid_name(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_address(const std::string& text) {
  unsigned char address[16];
  return ::inet_pton(AF_INET, text.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address) == 1;
}

// A DNS name, of which the first label may be '*', as certificates write it.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) {
    return false;
  }
  const std::string_view rest = name.starts_with("*.") ? name.substr(2) : name;
  return std::ranges::all_of(split(rest, '.'), [](const std::string& label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-';
           });
  });
}

bool is_host_and_port(const std::string& text) {
  const auto target = parse_load_target(text);
  return target && target->port;
}

// local@domain as mail servers and Go's net/mail take it without quotes.
bool is_mail_address(std::string_view text) {
  constexpr std::string_view k_others = ".!#$%&'*+-/=?^_`{|}~";
  const auto at = text.rfind('@');
  const std::string_view local = text.substr(0, at);
  return at != std::string_view::npos && is_host_name(text.substr(at + 1)) && !local.empty() &&
         local.front() != '.' && local.back() != '.' && std::ranges::all_of(local, [&](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  k_others.find(c) != std::string_view::npos;
         });
}

// A field name of HTTP (RFC 9110, 5.1), of letters, digits and '-' as they are in use.
bool is_header_name(std::string_view name) {
  return std::ranges::all_of(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
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
    check_certificates(spec_.security);
    check_email(spec_.alerting);
    check_public_urls();
    check_forward(spec_.forward);
    check_receivers(spec_.alerting);
    check_traces(spec_.traces);
    check_retention();
    for (auto& error : out_of_bounds(spec_)) {
      problems_.add(placed(std::move(error), spec_));
    }
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
    if (spec_.name.size() > k_longest_name) {
      add("name",
          fmt::format("'name' has {} letters; at most {} are taken", spec_.name.size(),
                      k_longest_name),
          "it is part of the names of volumes and networks");
    } else if (!valid_name(spec_.name)) {
      add("name", fmt::format("'{}' is not a valid 'name'", spec_.name),
          "use at most 40 lower-case letters, digits and '-', starting with a letter and not "
          "ending in '-'");
    }
    constexpr std::size_t k_longest = 64;  // what reads well on a dashboard, in bytes
    if (spec_.environment.empty()) {
      add("environment", "'environment' must not be empty", "for example production or staging");
    } else if (spec_.environment.size() > k_longest) {
      add("environment",
          fmt::format("'environment' has {} bytes; at most {} are taken", spec_.environment.size(),
                      k_longest),
          "for example production or staging");
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

  void check_certificates(const SecuritySpec& security) {
    for (const auto& name : security.tls_names) {
      if (!is_address(name) && !is_host_name(name)) {
        add("security.tls_names",
            fmt::format("'{}' is not a host name or an address for 'security.tls_names'", name),
            "for example otel.example.com or 192.0.2.7");
      }
    }
    if (!security.client_ca.empty() && security.tls == Tls::off) {
      add("security.client_ca", "client certificates need TLS, and 'security.tls' is 'off'",
          "use a certificate", {{"security.tls", std::string(name_of(Tls::self_signed))}});
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
      } else if (!is_web_origin(origin)) {
        add(origins, fmt::format("'{}' is not a CORS origin", origin),
            "an origin is scheme, host and port only, for example https://app.example.com");
      }
    }
  }

  void check_receivers(const AlertingSpec& alerting) {
    const auto has = [&alerting](const char* name) {
      return std::ranges::find(alerting.receivers, name) != alerting.receivers.end();
    };
    const std::string& chat = alerting.telegram_chat;
    const bool is_number = parse_integer(chat, "chat", std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max())
                               .has_value();
    if (!chat.empty() && !is_number) {
      add("alerting.telegram_chat",
          fmt::format("'{}' is not the number of a chat for 'alerting.telegram_chat'", chat),
          "a group's number is negative, for example -1001234567890");
    }
    if (has("telegram") && chat.empty()) {
      add("alerting.receivers", "Telegram needs the number of a chat", "name it",
          {{"alerting.telegram_chat", "NUMBER"}});
    }
    if (has("email") && alerting.email_to.empty()) {
      add("alerting.receivers", "e-mail needs an address", "name it",
          {{"alerting.email_to", "ADDRESS"}});
    }
  }

  void check_email(const AlertingSpec& alerting) {
    const bool to = !alerting.email_to.empty();
    const bool server = !alerting.smtp_host.empty();
    if (to && !server) {
      add("alerting.email_to", "alert e-mail has a receiver but no mail server", "name one",
          {{"alerting.smtp_host", "HOST:PORT"}});
    }
    for (const auto& [key, value] : {std::pair("alerting.smtp_host", &alerting.smtp_host),
                                     std::pair("alerting.email_from", &alerting.email_from),
                                     std::pair("alerting.smtp_user", &alerting.smtp_user)}) {
      if (!value->empty() && !to) {
        add(key, fmt::format("'{}' is set, but alert e-mail has no receiver", key), "name one",
            {{"alerting.email_to", "ADDRESS"}});
      }
    }
    if (server && !is_host_and_port(alerting.smtp_host)) {
      add("alerting.smtp_host",
          fmt::format("'{}' is not HOST:PORT for 'alerting.smtp_host'", alerting.smtp_host),
          "for example mail.example.com:587");
    }
    const auto check = [this](const char* key, std::string_view address) {
      if (!is_mail_address(address)) {
        add(key, fmt::format("'{}' is not an e-mail address for '{}'", address, key));
      }
    };
    for (const auto& address : split(alerting.email_to, ',')) {
      if (to) {
        check("alerting.email_to", trim(address));
      }
    }
    if (!alerting.email_from.empty()) {
      check("alerting.email_from", alerting.email_from);
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

  void check_forward(const ForwardSpec& forward) {
    const char* url = "forward.url";
    const char* header = "forward.header";
    if (forward.url.empty()) {
      if (!forward.header.empty()) {
        add(header, "a header needs somebody who receives it, and 'forward.url' is empty",
            "name the receiver, or remove the header", {{url, "URL"}});
      }
      return;
    }
    const auto host = forward.url.find("://");
    if (host != std::string::npos &&
        forward.url.substr(0, forward.url.find('/', host + 3)).find('@') != std::string::npos) {
      add(url, "'forward.url' has a user or password in it",
          "name the header that the receiver wants; its value becomes a secret file",
          {{header, "authorization"}});
    } else if (!is_web_url(forward.url) || forward.url.find_first_of("?#") != std::string::npos) {
      add(url, fmt::format("'{}' is not the URL of a receiver for '{}'", forward.url, url),
          "for example https://otlp.example.com, without /v1/traces");
    } else if (!forward.header.empty() && forward.url.starts_with("http:")) {
      add(url, fmt::format("the header '{}' would pass the network unencrypted", forward.header),
          "use an https:// URL");
    }
    if (!forward.header.empty() && !is_header_name(forward.header)) {
      add(header, fmt::format("'{}' is not the name of a header", forward.header),
          "for example authorization or x-api-key");
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
