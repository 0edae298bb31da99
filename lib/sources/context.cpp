// SPDX-License-Identifier: Apache-2.0
// Asks the engine and HTTP servers on behalf of all sources.
#include "lib/sources/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/engine/address.hpp"
#include "lib/sources/cluster.hpp"
#include "lib/sources/moment.hpp"
#include "lib/stack/paths.hpp"

namespace obsctl::health {
namespace {

std::vector<std::string> volume_names(const Topology& topology) {
  std::vector<std::string> out;
  for (const Component& component : topology.components) {
    for (const Volume& volume : component.volumes) {
      out.push_back(topology.volume_name(volume));
    }
  }
  return out;
}

auto ask_containers(const Services& services, const std::string& project) {
  return [services, project] {
    return compose_containers(services.http, services.environment, project);
  };
}

// Between the moments before and after the answer no difference can be told.
std::optional<double> skew_of(const std::string& theirs, Time before, Time after) {
  const auto time = parse_moment(theirs);
  if (!time) {
    return std::nullopt;
  }
  const auto off = *time < before  ? before - *time
                   : *time > after ? *time - after
                                   : Time::duration();
  return std::chrono::duration<double>(off).count();
}

Result<HostAnswer> ask_host(const Services& services) {
  const Time before = services.clock.now();
  OBS_TRY_ASSIGN(EngineHost host, engine_host(services.http, services.environment));
  const auto skew = skew_of(host.time, before, services.clock.now());
  return HostAnswer{.host = std::move(host), .clock_skew = skew};
}

// Containers of a rootless engine, or of one in a virtual machine, have addresses that this host
// does not reach.
bool reaches_containers(const Environment& environment) {
#ifdef __linux__
  const std::string address = engine_address(environment);
  return address.starts_with("unix://") && address.find("/run/user/") == std::string::npos &&
         address.find("/.docker/") == std::string::npos;
#else
  static_cast<void>(environment);
  return false;
#endif
}

HttpTls tls_for(const Context& context, const std::string& url) {
  const stack::Stack& stack = context.subject.stack;
  if (!context.subject.own()) {
    return {};
  }
  const bool named = url.starts_with("https://localhost:");
  if (named && stack.spec.security.tls == Tls::self_signed) {
    return {.ca_file = (stack.directory / stack_paths::tls_ca).string()};
  }
  return {.verify = false};
}

HttpRequest request_for(const Context& context, const std::string& url) {
  HttpRequest out;
  out.url = url;
  out.timeout = context.options.timeout;
  out.tls = tls_for(context, url);
  out.stop = &context.services.stop;
  return out;
}

}  // namespace

EngineAnswers::EngineAnswers(const Services& services, const Topology& topology)
    : first_(ask_containers(services, topology.name)),
      second_(ask_containers(services, topology.name)),
      volumes_([services, names = volume_names(topology)] {
        return engine_volumes(services.http, services.environment, names);
      }),
      host_([services] { return ask_host(services); }) {}

const Result<std::vector<ComposeContainer>>& EngineAnswers::containers(std::size_t round) {
  return round == 0 ? first_.get() : second_.get();
}

std::optional<std::string> url_of(const Context& context, const Component& component, int port) {
  if (auto url = context.subject.url_of(component, port)) {
    return url;
  }
  if (!context.engine || !reaches_containers(context.services.environment)) {
    return std::nullopt;
  }
  const auto& containers = context.engine->containers();
  const auto declared = std::ranges::find(component.ports, port, &Port::container);
  if (!containers || declared == component.ports.end()) {
    return std::nullopt;
  }
  for (const ComposeContainer& one : *containers) {
    if (one.service == component.name && !one.address.empty()) {
      return fmt::format("{}://{}:{}", declared->scheme(), one.address, port);
    }
  }
  return std::nullopt;
}

Result<HttpResponse> get(const Context& context, const std::string& url, std::size_t longest) {
  if (url.starts_with(k_cluster_scheme)) {
    return cluster_get(context.services, url, context.options.timeout, longest);
  }
  HttpRequest request = request_for(context, url);
  request.max_body = longest;
  return context.services.http.send(request);
}

Result<HttpResponse> post_json(const Context& context, const std::string& url, std::string json) {
  if (url.starts_with(k_cluster_scheme)) {
    return cluster_post(context.services, url, context.options.timeout, std::move(json));
  }
  HttpRequest request = request_for(context, url);
  request.method = "POST";
  request.headers = {"Content-Type: application/json"};
  request.body = std::move(json);
  return context.services.http.send(request);
}

Failure wrong_status(const std::string& url, int status, std::string_view expected) {
  if (status == 401 || status == 403) {
    return fail(Code::failed,
                fmt::format("'{}' asks for a login (HTTP status {})", shown_url(url), status),
                "use the address behind the proxy, or user:password@ in the URL");
  }
  return fail(Code::failed,
              fmt::format("'{}' answers with HTTP status {}, expected 200 and {}", shown_url(url),
                          status, expected),
              "check that this is the right address, and the log of the service");
}

Result<std::optional<nlohmann::json>> get_json(const Context& context, const std::string& url,
                                               std::size_t longest) {
  OBS_TRY_ASSIGN(const HttpResponse response, get(context, url, longest));
  if (response.status == 404) {
    return std::optional<nlohmann::json>();
  }
  if (response.status != 200) {
    return wrong_status(url, response.status, "JSON");
  }
  auto root = nlohmann::json::parse(response.body, nullptr, false);
  if (!root.is_object()) {
    return fail(Code::failed,
                fmt::format("'{}' does not answer with a JSON object", shown_url(url)),
                "check that this is the right address");
  }
  return std::optional(std::move(root));
}

}  // namespace obsctl::health
