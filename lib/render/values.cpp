// SPDX-License-Identifier: Apache-2.0
// Every number and name that a template of the stack inserts, with its derivation.
#include "lib/render/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lib/base/text.hpp"
#include "lib/topology/settings.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl {
namespace {

constexpr double k_mib = 1024.0 * 1024.0;

Values ports(const Topology& topology) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      out[port.name] = port.host;
    }
  }
  return out;
}

// What tail sampling does, or false when every trace is kept and it is left out.
Values sampling(const Policy& policy) {
  if (policy.keep.value >= 1) {
    return false;
  }
  const std::int64_t slow_ms = whole(policy.slow_threshold.seconds * 1000);
  const std::string percent = fmt::format("{:.10g}", policy.keep.value * 100);
  // The limiter counts whole spans.
  const std::int64_t all_below = whole(std::ceil(policy.keep_all_below.per_second));
  return {{"keep", percent + "%"},
          {"keep_all_spans", all_below > 0 ? Values(all_below) : Values(false)},
          {"keep_some", policy.keep.value > 0},
          {"keep_percent", percent},
          {"decision_wait", config_duration(policy.decision_wait)},
          {"slow_threshold", config_duration(policy.slow_threshold)},
          {"slow_above_ms", std::max<std::int64_t>(slow_ms - 1, 0)}};
}

// How a sender of OTLP reaches the store of each signal, in this order.
Values exporters(const Topology& topology, const Address& host_of) {
  Values out = Values::array();
  for (const char* signal : {"traces", "metrics", "logs"}) {
    const Provider* store = topology.provider(std::string(signal) + ".store");
    if (store == nullptr) {
      continue;
    }
    const bool grpc = store->grpc();
    const std::string address = fmt::format("{}:{}", host_of(store->component), store->port);
    Values headers = Values::array();
    for (const auto& [name, value] : store->headers) {
      headers.push_back(Values{{"name", name}, {"value", expanded_scalar(value)}});
    }
    out.push_back(Values{
        {"signal", signal},
        {"id", fmt::format("{}/{}", grpc ? "otlp_grpc" : "otlp_http", store->component)},
        {"endpoint", grpc ? address : fmt::format("http://{}{}", address, store->path)},
        {"comment", store->comment.empty() ? Values(false) : Values(store->comment)},
        {"has_headers", !store->headers.empty()},
        {"headers", headers},
        {"grpc", grpc},
        {"first", out.empty()},
        // Stores of metrics refuse a request as a whole: each sender's stays a request of its own.
        {"batched", std::string_view(signal) != "metrics"},
        {"sampled", std::string_view(signal) == "traces" && topology.policy.keep.value < 1}});
  }
  return out;
}

Values exporter_ids(const Values& list) {
  Values out = Values::object();
  for (const auto& exporter : list) {
    out[exporter["signal"].get<std::string>()] = exporter["id"];
  }
  return out;
}

// Who gets a copy of the traces that are kept, or false.
Values forward(const ForwardSpec& spec) {
  if (spec.url.empty()) {
    return false;
  }
  return {{"url", expanded_scalar(spec.url)},
          {"header", spec.header.empty() ? Values(false) : Values(yaml::scalar(spec.header))}};
}

// What the stack's scrapes ask, each target once.
Values scrape_jobs(const Topology& topology, const Address& host_of) {
  Values out = Values::array();
  const Provider* receiver = topology.provider("telemetry.in");
  const std::string sender = receiver == nullptr ? "" : receiver->component;
  std::set<std::string> seen;
  for (const auto& link : topology.links) {
    if (link.kind != LinkKind::scrape || !seen.insert(link.to).second) {
      continue;
    }
    const Component& to = *topology.find(link.to);
    const std::string& path = to.metrics_path;
    const auto port = std::ranges::find(to.ports, link.port, &Port::container);
    out.push_back(Values{{"job", link.to},
                         {"tls", port != to.ports.end() && port->tls},
                         {"path", path == "/metrics" ? Values(nullptr) : Values(path)},
                         {"forwards", link.to == sender && !topology.policy.forward.url.empty()},
                         {"target", fmt::format("{}:{}", host_of(link.to), link.port)}});
  }
  return out;
}

// The stores of the signals as the alternatives of a regular expression.
std::string stores(const Topology& topology) {
  std::vector<std::string> out;
  for (const auto& provider : topology.providers) {
    if (provider.capability.ends_with(".store") &&
        std::ranges::find(out, provider.component) == out.end()) {
      out.push_back(provider.component);
    }
  }
  return join(out, "|");
}

Values origins(const SecuritySpec& security) {
  Values out = Values::array();
  for (const auto& origin : security.cors_origins) {
    out.push_back(expanded_scalar(origin));
  }
  return out.empty() ? Values(false) : Values{{"origins", out}, {"max_age_seconds", 600}};
}

// What curl needs to send to the collector: the authority to trust and the token. Ends in a space
// unless it is empty.
std::string curl_options(const SecuritySpec& security) {
  std::string out;
  if (security.tls == Tls::self_signed) {
    out += "--cacert tls/ca.crt ";
  }
  if (!security.client_ca.empty()) {
    out += "--cert client.crt --key client.key ";
  }
  if (security.auth == Auth::bearer) {
    out += "-H \"Authorization: Bearer $(sed -n 's/^OTLP_AUTH_TOKEN=//p' secrets/otlp.env)\" ";
  }
  return out;
}

std::string lasts(double seconds) {
  constexpr double k_hour = 3600;
  if (!std::isfinite(seconds)) {
    return "without limit";
  }
  return seconds >= 2 * k_hour ? fmt::format("about {:.0f} h", seconds / k_hour)
                               : fmt::format("about {:.0f} min", seconds / 60);
}

// How long an outage of a store may be until the queue in front of it is full.
void add_queue_times(Values& out, const Topology& topology) {
  const Provider* receiver = topology.provider("telemetry.in");
  const Component* collector = receiver == nullptr ? nullptr : topology.find(receiver->component);
  for (const char* signal : {"traces", "logs"}) {
    const std::string setting = fmt::format("queue_{}_lasts", signal);
    out[fmt::format("queue_{}_for", signal)] =
        collector != nullptr && collector->settings.contains(setting)
            ? lasts(collector->setting(setting))
            : "a time that was not planned";
  }
}

Values email(const AlertingSpec& spec) {
  const std::string user = spec.smtp_user.empty() ? spec.sender() : spec.smtp_user;
  return {{"to", yaml::scalar(spec.email_to)},
          {"from", yaml::scalar(spec.sender())},
          {"smarthost", yaml::scalar(spec.smtp_host)},
          {"login", yaml::scalar(user)},
          {"user", user},
          {"host", spec.smtp_host},
          {"relay", spec.is_relay()}};
}

// The receivers of alerts that the spec asks for; null for the others that the stack knows.
Values alerting(const Topology& topology) {
  const AlertingSpec& spec = topology.policy.alerting;
  const std::vector<std::string> wanted = spec.wanted();
  const Provider* router = topology.provider("alerts.router");
  const Values settings = {
      {"channel",
       spec.slack_channel.empty() ? Values(nullptr) : Values(yaml::scalar(spec.slack_channel))},
      {"chat", spec.telegram_chat}};
  Values out = Values::object();
  if (router != nullptr) {
    for (const auto& [name, title] : topology.find(router->component)->receivers) {
      const bool is_wanted = std::ranges::find(wanted, name) != wanted.end();
      out[name] = is_wanted ? settings : Values(nullptr);
    }
  }
  if (!spec.email_to.empty()) {
    out["email"] = email(spec);
  }
  out["configured"] = spec.notifies_people();
  return out;
}

}  // namespace

std::string expanded_scalar(std::string_view text) {
  return yaml::scalar(replace_all(std::string(text), "$", "$$"));
}

Values stack_values(const Topology& topology, const Words& words) {
  const Policy& policy = topology.policy;
  const SecuritySpec& security = policy.security;
  const bool tls = security.tls != Tls::off;
  Values out;
  out["name"] = topology.name;
  out["tier"] = topology.tier;
  // Of OTEL_RESOURCE_ATTRIBUTES.
  out["environment_encoded"] = percent_encoded(policy.environment);
  out["environment_expanded"] = expanded_scalar(policy.environment);
  out["ports"] = ports(topology);
  out["retention"] = retention_values(topology.retention);
  out["scrape_interval"] = config_duration(policy.scrape_interval);
  out["scrape_interval_ms"] = whole(policy.scrape_interval.seconds * 1000);
  out["scrape_jobs"] = scrape_jobs(topology, words.address);
  out["sampling"] = sampling(policy);
  out["providers"] = provider_values(topology, words.address);
  out["stores"] = stores(topology);
  out["exporters"] = exporters(topology, words.address);
  out["exporter"] = exporter_ids(out["exporters"]);
  out["forward"] = forward(policy.forward);
  out["drop_debug_logs"] = policy.drop_debug_logs;
  out["print_telemetry"] = policy.print_telemetry;
  out["tls"] = tls;
  out["self_signed"] = security.tls == Tls::self_signed;
  out["client_ca"] = !security.client_ca.empty();
  out["certificate"] = topology.certificate_ends.has_value();
  out["certificate_ends"] = topology.certificate_ends.value_or(0);
  out["bearer"] = security.auth == Auth::bearer;
  out["cors"] = origins(security);
  out["bind"] = security.bind;
  out["otlp_scheme"] = security.scheme();
  out["otlp_endpoint"] = words.otlp_endpoint;
  out["configs"] = words.configs;
  out["ca_file"] = security.tls == Tls::self_signed ? Values("tls/ca.crt") : Values(nullptr);
  out["send_endpoint"] = words.send_endpoint;
  out["send_prefix"] = words.send_prefix;
  out["curl_options"] = curl_options(security);
  out["alerting"] = alerting(topology);
  add_queue_times(out, topology);
  return out;
}

Result<void> add_component_values(Values& values, const Topology& topology) {
  static const std::vector<std::string> k_added_later = {"self", "token"};
  for (const auto& component : topology.components) {
    const bool taken = values.contains(component.name) ||
                       std::ranges::find(k_added_later, component.name) != k_added_later.end();
    if (taken) {
      return fail_at({component.file},
                     fmt::format("'{}' cannot be a component's name: templates read another value "
                                 "under it",
                                 component.name),
                     "rename its folder");
    }
    values[component.name] = component_values(component);
  }
  return {};
}

}  // namespace obsctl
