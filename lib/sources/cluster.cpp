// SPDX-License-Identifier: Apache-2.0
// Runs kubectl, and reads what the API says about pods and claims.
#include "lib/sources/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/checks/samples.hpp"
#include "lib/engine/fields.hpp"
#include "lib/sources/context.hpp"
#include "lib/sources/moment.hpp"

namespace obsctl::health {
namespace {

using nlohmann::json;

constexpr std::size_t k_longest = 4 << 20;

// What kubectl prints about an answer that is none of 2xx names the reason and not the status.
int status_in(std::string_view words) {
  static const std::map<std::string_view, int> k_reasons = {
      {"(NotFound)", 404},           {"could not find the requested", 404},
      {"(ServiceUnavailable)", 503}, {"currently unable to handle", 503},
      {"(InternalError)", 500},      {"an error on the server", 500}};
  for (const auto& [reason, status] : k_reasons) {
    if (words.find(reason) != std::string_view::npos) {
      return status;
    }
  }
  return 0;
}

// Kubernetes counts in powers of 1000 and 1024: "512Mi", "1G", "128974848".
std::optional<double> quantity(const std::string& text) {
  static const std::map<std::string, double> k_units = {
      {"", 1},        {"k", 1e3},     {"M", 1e6},     {"G", 1e9},    {"T", 1e12},
      {"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40}};
  const auto end = text.find_first_not_of("0123456789.");
  const std::string unit = end == std::string::npos ? "" : text.substr(end);
  const auto number = prom::parse_value(text.substr(0, end));
  const auto factor = k_units.find(unit);
  return number && factor != k_units.end() ? std::optional(*number * factor->second) : std::nullopt;
}

double seconds_between(const std::optional<Time>& from, Time to) {
  return from ? std::max(0.0, std::chrono::duration<double>(to - *from).count()) : 0;
}

// The container that bears the component's name; a pod may have others beside it.
const json& main_container(const json& list, const std::string& name) {
  static const json k_none;
  for (const json& one : list) {
    if (engine::text(one, "name") == name) {
      return one;
    }
  }
  return list.empty() ? k_none : list.front();
}

void put_last_end(const json& status, Samples& out) {
  const json& running = engine::part(engine::part(status, "state"), "terminated");
  const json& before = engine::part(engine::part(status, "lastState"), "terminated");
  const json& end = running.is_object() ? running : before;
  put(out, "container_exit_code", engine::number(end, "exitCode").value_or(0));
  put_flag(out, "container_oom_killed", engine::text(end, "reason") == "OOMKilled");
  const auto started = parse_moment(engine::text(end, "startedAt"));
  const auto finished = parse_moment(engine::text(end, "finishedAt"));
  if (started && finished) {
    put(out, "container_life_seconds", seconds_between(started, *finished));
  }
}

// A pod as the container of a component.
Samples samples_of(const json& pod, const Component& component, Time now) {
  Samples out;
  const std::string& name = component.name;
  const json& spec = main_container(engine::part(engine::part(pod, "spec"), "containers"), name);
  const json& status =
      main_container(engine::part(engine::part(pod, "status"), "containerStatuses"), name);
  const json& state = engine::part(status, "state");
  const json& running = engine::part(state, "running");
  const std::string waiting = engine::text(engine::part(state, "waiting"), "reason");
  put_flag(out, "container_exists", true);
  put_flag(out, "container_running", running.is_object() || waiting == "CrashLoopBackOff");
  put_flag(out, "container_restarting", waiting == "CrashLoopBackOff");
  put_flag(out, "container_paused", false);
  put_flag(out, "container_probe_impossible", false);
  put_flag(out, "container_restarts_by_itself", true);
  put_flag(out, "container_log_rotated", true);
  put(out, "container_restarts", engine::number(status, "restartCount").value_or(0));
  put_last_end(status, out);
  if (running.is_object()) {
    const auto started = parse_moment(engine::text(running, "startedAt"));
    put(out, "container_age_seconds", seconds_between(started, now));
  } else {
    put(out, "container_age_seconds", 0);
  }
  const std::string image = engine::text(spec, "image");
  put(out, "container_image", 1, {{"image", image}, {"wanted", component.image}});
  // A values file may name a registry in front, or a digest behind.
  put_flag(out, "container_image_as_wanted", image.find(component.image) != std::string::npos,
           {{"image", image}, {"wanted", component.image}});
  put_flag(out, "container_unhealthy", running.is_object() && !engine::flag(status, "ready"));
  const json& limits = engine::part(engine::part(spec, "resources"), "limits");
  put(out, "container_memory_limit_bytes", quantity(engine::text(limits, "memory")).value_or(0));
  return out;
}

Samples no_pod() {
  Samples out;
  for (const char* name : {"container_exists", "container_running", "container_restarting",
                           "container_paused", "container_oom_killed", "container_unhealthy"}) {
    put_flag(out, name, false);
  }
  return out;
}

Result<json> ask(const Context& context, const std::string& path) {
  const std::string url =
      std::string(k_cluster_scheme) + context.subject.stack.words.cluster_api + path;
  OBS_TRY_ASSIGN(const HttpResponse answer,
                 cluster_get(context.services, url, context.options.timeout, k_longest));
  if (answer.status != 200) {
    return wrong_status(url, answer.status, "what the API lists");
  }
  json out = json::parse(answer.body, nullptr, false);
  if (!out.is_object()) {
    return fail(Code::failed, fmt::format("'{}' answers with no JSON object", url));
  }
  return out;
}

Result<Samples> read_pod(const Context& context, const Component& component) {
  OBS_TRY_ASSIGN(const json list,
                 ask(context, "/pods?labelSelector=app.kubernetes.io/name%3D" + component.name));
  const json& pods = engine::part(list, "items");
  if (!pods.is_array() || pods.empty()) {
    return no_pod();
  }
  return samples_of(pods.front(), component, context.services.clock.now());
}

Result<Samples> read_claims(const Context& context, const Component& component) {
  OBS_TRY_ASSIGN(const json list,
                 ask(context, "/persistentvolumeclaims?labelSelector=app.kubernetes.io/name%3D" +
                                  component.name));
  Samples out;
  for (const json& claim : engine::part(list, "items")) {
    const std::string name = engine::text(engine::part(claim, "metadata"), "name");
    put_flag(out, "volume_exists", engine::text(engine::part(claim, "status"), "phase") == "Bound",
             {{"volume", name}});
  }
  return out;
}

ProcessRequest raw_request(const Services& services, const char* verb, std::string_view url,
                           Duration timeout) {
  ProcessRequest out;
  out.command = {"kubectl", verb, "--raw", std::string(url.substr(k_cluster_scheme.size())),
                 fmt::format("--request-timeout={}s", std::max(1.0, std::ceil(timeout.seconds)))};
  out.timeout = Duration{timeout.seconds + 5};
  out.stop = &services.stop;
  return out;
}

Result<HttpResponse> answer_of(const Services& services, const ProcessRequest& request) {
  OBS_TRY_ASSIGN(ProcessResult result, services.processes.run(request));
  if (result.ok()) {
    return HttpResponse{.status = 200, .body = std::move(result.out)};
  }
  if (const int status = status_in(result.err); status != 0) {
    return HttpResponse{.status = status, .body = std::move(result.err)};
  }
  Error error = process_error(request, result);
  error.code = Code::unreachable;
  error.hint = "'kubectl config current-context' says which cluster is asked";
  return Failure(std::move(error));
}

}  // namespace

Result<HttpResponse> cluster_get(const Services& services, std::string_view url, Duration timeout,
                                 std::size_t longest) {
  ProcessRequest request = raw_request(services, "get", url, timeout);
  request.max_output = longest;
  return answer_of(services, request);
}

Result<HttpResponse> cluster_post(const Services& services, std::string_view url, Duration timeout,
                                  std::string json) {
  ProcessRequest request = raw_request(services, "create", url, timeout);
  request.command.insert(request.command.end(), {"--filename", "-"});
  request.input = std::move(json);
  return answer_of(services, request);
}

std::vector<Inquiry> cluster_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.subject.own() || context.subject.stack.words.cluster_api.empty()) {
    return out;
  }
  for (const Component& component : context.components()) {
    out.push_back({.component = component.name,
                   .source = Source::container,
                   .from = fmt::format("pod of {}", component.name),
                   .twice = true,
                   .read = [context, &component] { return read_pod(context, component); }});
    if (!component.volumes.empty()) {
      out.push_back({.component = component.name,
                     .source = Source::volume,
                     .from = fmt::format("claims of {}", component.name),
                     .read = [context, &component] { return read_claims(context, component); }});
    }
  }
  return out;
}

}  // namespace obsctl::health
