// SPDX-License-Identifier: Apache-2.0
// Reads the variables setting by setting; a value never shows up in an error where it may be a key.
#include "lib/loadgen/otel_environment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::loadgen {
namespace {

constexpr std::string_view k_prefix = "OTEL_EXPORTER_OTLP_";

struct Found {
  std::string value;
  std::string variable;
};

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return out;
}

// A variable of one signal names the whole path, the general one what stands before it.
Result<std::string> base_of(const std::string& url, otlp::Signal signal, bool own,
                            const std::string& variable) {
  const std::string path = fmt::format("/v1/{}", name_of(signal));
  if (url.ends_with(path)) {
    return url.substr(0, url.size() - path.size());
  }
  const auto host = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  const auto slash = url.find('/', host);
  if (own && slash != std::string::npos && slash + 1 != url.size()) {
    return fail(Code::usage, fmt::format("the path of '{}' does not end in '{}'", variable, path),
                "OTLP/HTTP is sent to that path; name an endpoint that has it");
  }
  return slash != std::string::npos && slash + 1 == url.size() ? url.substr(0, slash) : url;
}

class Reader {
 public:
  Reader(const Environment& environment, const std::vector<otlp::Signal>& signals)
      : environment_(environment), signals_(signals) {}

  // What holds for every signal of the run; nothing when no variable says anything.
  [[nodiscard]] Result<std::optional<Found>> read(std::string_view setting) const {
    OBS_TRY_ASSIGN(const auto first, of_signal(signals_.front(), setting));
    for (const otlp::Signal signal : signals_) {
      OBS_TRY_ASSIGN(const auto other, of_signal(signal, setting));
      if (other.has_value() != first.has_value() || (other && other->value != first->value)) {
        return differs(setting);
      }
    }
    return first;
  }

 private:
  [[nodiscard]] Result<std::optional<Found>> of_signal(otlp::Signal signal,
                                                       std::string_view setting) const {
    const std::string own = fmt::format("{}{}_{}", k_prefix, upper(name_of(signal)), setting);
    const std::string general = fmt::format("{}{}", k_prefix, setting);
    for (const std::string& variable : {own, general}) {
      if (auto value = environment_.get(variable)) {
        if (setting == "ENDPOINT") {
          OBS_TRY_ASSIGN(*value, base_of(*value, signal, variable == own, variable));
        }
        return std::optional(Found{std::string(trim(*value)), variable});
      }
    }
    return std::optional<Found>{};
  }

  [[nodiscard]] Failure differs(std::string_view setting) const {
    std::string variable;
    std::string signal;
    for (const otlp::Signal one : signals_) {
      const auto found = of_signal(one, setting);
      if (variable.empty() && found && *found &&
          (*found)->variable != fmt::format("{}{}", k_prefix, setting)) {
        variable = (*found)->variable;
        signal = name_of(one);
      }
    }
    return fail(
        Code::usage,
        fmt::format("'{}' is for {} alone, and this run sends other signals too", variable, signal),
        fmt::format("a run has one target: restrict the signals to {}, or give the {} as an "
                    "option",
                    signal, replace_all(lower(setting), "_", " ")));
  }

  const Environment& environment_;
  const std::vector<otlp::Signal>& signals_;
};

bool is_true(std::string_view text) {
  return lower(text) == "true";
}

// "name=value,name=value", values percent-encoded, as W3C Baggage writes them.
Result<std::vector<std::string>> header_list(const Found& found) {
  std::vector<std::string> out;
  for (const std::string& part : split(found.value, ',')) {
    const auto equals = part.find('=');
    if (trim(part).empty()) {
      continue;
    }
    if (equals == std::string::npos) {
      return fail(Code::usage,
                  fmt::format("'{}' is not a list of headers NAME=VALUE", found.variable),
                  "separate them with commas; %2C is a comma in a value");
    }
    out.push_back(
        fmt::format("{}={}", trim(std::string_view(part).substr(0, equals)),
                    otlp::percent_decode(trim(std::string_view(part).substr(equals + 1)))));
  }
  return out;
}

std::string header_name(std::string_view header) {
  return lower(header.substr(0, header.find('=')));
}

// Options outrank the list header by header.
bool add_headers(const std::vector<std::string>& from, TargetOptions& target) {
  const std::vector<std::string> given = target.headers;
  for (const std::string& header : from) {
    const std::string name = header_name(header);
    const bool outranked =
        (name == "authorization" && !target.bearer_file.empty()) ||
        std::ranges::any_of(given, [&](const auto& one) { return header_name(one) == name; });
    if (!outranked) {
      target.headers.push_back(header);
    }
  }
  return target.headers.size() > given.size();
}

bool uses_tls(const TargetOptions& target) {
  return std::ranges::any_of(target.endpoints, [](const std::string& text) {
    const std::string scheme = lower(text.substr(0, text.find("://")));
    return scheme == "https" || scheme == "grpcs";
  });
}

// Applies to an endpoint without a scheme only.
Result<void> read_insecure(const Reader& reader, std::string& endpoint,
                           std::map<std::string, std::string>& origins) {
  OBS_TRY_ASSIGN(const auto found, reader.read("INSECURE"));
  if (!found || endpoint.find("://") != std::string::npos) {
    return {};
  }
  if (!is_true(found->value) && lower(found->value) != "false") {
    return fail(Code::usage,
                fmt::format("'{}' of '{}' is not true or false", found->value, found->variable));
  }
  endpoint = (is_true(found->value) ? "http://" : "https://") + endpoint;
  origins["insecure"] = found->variable;
  return {};
}

}  // namespace

Result<std::map<std::string, std::string>> apply_otel_environment(
    const Environment& environment, const std::vector<otlp::Signal>& signals,
    TargetOptions& target) {
  std::map<std::string, std::string> origins;
  if (signals.empty()) {
    return origins;
  }
  const Reader reader(environment, signals);
  // `given`: an option decides, so the variable is not even looked at.
  const auto setting = [&](const char* name, std::string_view variable, bool given,
                           auto use) -> Result<void> {
    if (given) {
      return {};
    }
    OBS_TRY_ASSIGN(const auto found, reader.read(variable));
    if (found) {
      OBS_TRY(use(*found));
      origins[name] = found->variable;
    }
    return {};
  };
  OBS_TRY(setting("endpoint", "ENDPOINT", !target.endpoints.empty(),
                  [&](const Found& found) -> Result<void> {
                    target.endpoints = {found.value};
                    return read_insecure(reader, target.endpoints.front(), origins);
                  }));
  OBS_TRY(setting("protocol", "PROTOCOL", target.transport.has_value(),
                  [&](const Found& found) -> Result<void> {
                    OBS_TRY_ASSIGN(target.transport,
                                   parse_choice<Transport>(found.value, found.variable));
                    return {};
                  }));
  OBS_TRY(setting("compression", "COMPRESSION", target.compression.has_value(),
                  [&](const Found& found) -> Result<void> {
                    OBS_TRY_ASSIGN(target.compression,
                                   parse_choice<otlp::Compression>(found.value, found.variable));
                    return {};
                  }));
  OBS_TRY(setting("timeout", "TIMEOUT", target.timeout.has_value(),
                  [&](const Found& found) -> Result<void> {
                    OBS_TRY_ASSIGN(const std::int64_t millis,
                                   parse_integer(found.value, found.variable, 1, k_max_timeout_ms));
                    target.timeout = Duration{static_cast<double>(millis) * 1e-3};
                    return {};
                  }));
  OBS_TRY_ASSIGN(const auto headers, reader.read("HEADERS"));
  if (headers) {
    OBS_TRY_ASSIGN(const auto list, header_list(*headers));
    if (add_headers(list, target)) {
      origins["headers"] = headers->variable;
    }
  }
  // For an endpoint of an option that does not use TLS they mean nothing.
  const bool tls = uses_tls(target) || origins.contains("endpoint");
  const std::tuple<const char*, std::string_view, std::string*> files[] = {
      {"ca-file", "CERTIFICATE", &target.tls.ca_file},
      {"cert-file", "CLIENT_CERTIFICATE", &target.tls.cert_file},
      {"key-file", "CLIENT_KEY", &target.tls.key_file}};
  for (const auto& [name, variable, file] : files) {
    OBS_TRY(
        setting(name, variable, !tls || !file->empty(), [&](const Found& found) -> Result<void> {
          *file = found.value;
          return {};
        }));
  }
  return origins;
}

}  // namespace obsctl::loadgen
