// SPDX-License-Identifier: Apache-2.0
// Sends the alert, watches Alertmanager's counters, and ends the alert.
#include "lib/probe/alert.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/probe/alert_parts.hpp"
#include "lib/prom/exposition.hpp"
#include "lib/sources/context.hpp"
#include "lib/sources/given_url.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_longest = 4 << 20;
constexpr Duration k_pause = {0.5};
// Seconds beyond group_wait, for sending and for a receiver that answers slowly.
constexpr double k_reserve = 15;
// After which the alert ends by itself when nobody is there to end it, in seconds.
constexpr double k_end_reserve = 60;

// What is asked, and where.
struct Router {
  Context context;
  const Component& component;
  std::string url;

  [[nodiscard]] std::string api(std::string_view path) const {
    return fmt::format("{}/api/v2/{}", url, path);
  }
};

Result<std::string> body_of(const Router& router, const std::string& url) {
  OBS_TRY_ASSIGN(HttpResponse answer, get(router.context, url, k_longest));
  if (answer.status != 200) {
    return wrong_status(url, answer.status, "an answer of Alertmanager");
  }
  return std::move(answer.body);
}

Result<AlertRouting> ask_routing(const Router& router) {
  OBS_TRY_ASSIGN(const auto status, get_json(router.context, router.api("status"), k_longest));
  if (!status) {
    return wrong_status(router.api("status"), 404, "an answer of Alertmanager");
  }
  const auto& config = status->find("config");
  return read_routing(config == status->end() || !config->is_object()
                          ? ""
                          : config->value("original", std::string()));
}

Result<std::vector<prom::Sample>> ask_counters(const Router& router) {
  const std::string url = router.url + router.component.metrics_path;
  OBS_TRY_ASSIGN(const std::string page, body_of(router, url));
  OBS_TRY_ASSIGN(const auto families, prom::parse_exposition(page, shown_url(url)));
  std::vector<prom::Sample> out;
  for (const auto& family : families) {
    std::ranges::copy(family.samples, std::back_inserter(out));
  }
  return out;
}

// Nobody is left with an open alert, also after Ctrl-C; what cannot be said ends at its own time.
void end_alert(const Router& router, Time start) {
  const Services& services = router.context.services;
  const StopFlag none;
  const Context context{.services = {services.environment, services.files, services.http,
                                     services.processes, services.clock, none},
                        .subject = router.context.subject,
                        .options = router.context.options};
  static_cast<void>(
      post_json(context, router.api("alerts"), alert_body(start, services.clock.now())));
}

Time later(Time time, Duration by) {
  return time + std::chrono::milliseconds(static_cast<std::int64_t>(by.seconds * 1e3));
}

// Each integration of each receiver, or one row that says why there is none.
std::vector<AlertDelivery> deliveries_of(const AlertSeen& seen, const AlertRouting& routing) {
  std::vector<AlertDelivery> out;
  for (const std::string& receiver : seen.receivers) {
    const auto found = routing.find(receiver);
    if (found == routing.end() || found->second.integrations.empty()) {
      out.push_back({.receiver = receiver, .state = AlertState::nobody});
      continue;
    }
    for (const auto& [integration, count] : found->second.integrations) {
      out.push_back({.receiver = receiver, .integration = integration});
    }
  }
  if (!seen.suppressed.empty()) {
    for (AlertDelivery& delivery : out) {
      delivery.state = AlertState::suppressed;
      delivery.why = seen.suppressed;
    }
  }
  return out;
}

bool is_shared(const AlertRouting& routing, const AlertDelivery& delivery) {
  return std::ranges::any_of(routing, [&delivery](const auto& entry) {
    return entry.first != delivery.receiver &&
           entry.second.integrations.contains(delivery.integration);
  });
}

void set_times(AlertReport& report, const AlertSeen& seen, const AlertRouting& routing,
               const AlertProbeOptions& options) {
  for (const std::string& receiver : seen.receivers) {
    if (const auto found = routing.find(receiver); found != routing.end()) {
      report.budget = std::max(report.budget, found->second.group_wait);
      report.not_again = std::max(report.not_again, found->second.group_interval);
    }
  }
  report.within = options.within.value_or(Duration{report.budget.seconds + k_reserve});
}

// Looks at the counters until each delivery is decided.
Result<void> watch(const Router& router, const AlertRouting& routing,
                   const std::vector<prom::Sample>& before, AlertReport& report,
                   std::chrono::steady_clock::time_point sent) {
  const Services& services = router.context.services;
  std::vector<bool> decided(report.deliveries.size(), false);
  while (true) {
    OBS_TRY_ASSIGN(const auto now, ask_counters(router));
    const Duration after = services.clock.since(sent);
    const bool last = after >= report.within;
    for (std::size_t i = 0; i < decided.size(); ++i) {
      AlertDelivery& delivery = report.deliveries[i];
      if (decided[i]) {
        continue;
      }
      const int wanted = routing.at(delivery.receiver).integrations.at(delivery.integration);
      delivery.after = after;
      decided[i] = judge_delivery(delivery, counts_between(before, now, delivery), wanted,
                                  is_shared(routing, delivery), last);
      if (last && delivery.state == AlertState::missing) {
        delivery.why = suppressed_between(before, now);
        delivery.state = delivery.why.empty() ? AlertState::missing : AlertState::suppressed;
      }
    }
    if (std::ranges::find(decided, false) == decided.end()) {
      return {};
    }
    const Duration left = {report.within.seconds - services.clock.since(sent).seconds};
    if (!services.clock.sleep(std::clamp(left, Duration{0}, k_pause), services.stop)) {
      return services.stop.failure("the probe");
    }
  }
}

// What becomes of the alert that Alertmanager has taken.
Result<void> follow(const Router& router, const AlertRouting& routing,
                    const std::vector<prom::Sample>& before, const AlertProbeOptions& options,
                    AlertReport& report) {
  const auto sent = router.context.services.clock.monotonic();
  OBS_TRY_ASSIGN(const std::string body, body_of(router, router.api("alerts") + alert_filter()));
  const auto seen = read_alert(body);
  if (!seen) {
    return fail(Code::failed, "it took the alert and does not have it",
                "is this the API of Alertmanager, version 2?");
  }
  set_times(report, *seen, routing, options);
  report.deliveries = deliveries_of(*seen, routing);
  const auto is_open = [](const AlertDelivery& one) { return one.state == AlertState::missing; };
  return std::ranges::any_of(report.deliveries, is_open)
             ? watch(router, routing, before, report, sent)
             : Result<void>();
}

AlertDelivery outcome(AlertState state, std::string why) {
  return {.state = state, .why = printable(why)};
}

Result<void> send_and_follow(const Router& router, const AlertProbeOptions& options,
                             AlertReport& report) {
  OBS_TRY_ASSIGN(const AlertRouting routing, ask_routing(router));
  OBS_TRY_ASSIGN(const auto before, ask_counters(router));
  Duration longest = options.within.value_or(Duration{k_reserve});
  for (const auto& [name, receiver] : routing) {
    longest = std::max(longest, Duration{receiver.group_wait.seconds + k_reserve});
  }
  const Time end = later(report.at, {longest.seconds + k_end_reserve});
  OBS_TRY_ASSIGN(const HttpResponse answer,
                 post_json(router.context, router.api("alerts"), alert_body(report.at, end)));
  if (answer.status / 100 != 2) {
    constexpr std::size_t k_shown = 200;
    report.deliveries = {outcome(
        AlertState::refused,
        fmt::format("HTTP status {}: {}", answer.status, trim(answer.body.substr(0, k_shown))))};
    return {};
  }
  auto followed = follow(router, routing, before, options, report);
  end_alert(router, report.at);
  return followed;
}

std::string next_step(const AlertReport& report, const Subject& subject,
                      const std::string& component) {
  const auto any = [&report](AlertState state) {
    return std::ranges::any_of(report.deliveries,
                               [state](const auto& one) { return one.state == state; });
  };
  const Runbook& runbook = subject.stack.words.runbook;
  // What is not ours has no command, but words for it.
  const auto command = [&subject](const std::string& text) {
    return subject.own() ? fmt::format("`{}`", text) : text;
  };
  if (any(AlertState::unasked)) {
    return command(runbook.state(component));
  }
  if (any(AlertState::failed) || any(AlertState::refused) || any(AlertState::unclear)) {
    return command(runbook.logs({component}, 50)) + " has the answer of the receiver";
  }
  if (any(AlertState::nobody)) {
    return "`obsctl init --help` lists under --alert-to who can be told";
  }
  if (any(AlertState::suppressed)) {
    return "end the silence in Alertmanager, or wait until its reason is over";
  }
  return any(AlertState::missing)
             ? fmt::format(
                   "try again in {}: an alert that has just ended is not sent again before; {}",
                   human_duration(report.not_again), command(runbook.logs({component}, 50)))
             : "";
}

// Why Alertmanager cannot be asked at all, or where.
Result<Router> find_router(const Services& services, const Subject& subject, Duration timeout) {
  const Provider* provider = subject.stack.topology.provider("alerts.router");
  const Component* component =
      provider == nullptr ? nullptr : subject.stack.topology.find(provider->component);
  if (component == nullptr) {
    return fail(Code::missing, "there is nobody to send an alert to",
                "name Alertmanager: --endpoint alertmanager=URL");
  }
  const auto url = subject.url_of(*component, provider->port);
  if (!url) {
    return fail(Code::unreachable, fmt::format("{} is not reachable from here", component->title),
                "run this where its port is published");
  }
  return Router{
      .context = {.services = services, .subject = subject, .options = {.timeout = timeout}},
      .component = *component,
      .url = read_given_url(*url, component->metrics_path).base};
}

}  // namespace

std::size_t AlertReport::delivered() const {
  return static_cast<std::size_t>(
      std::ranges::count(deliveries, AlertState::delivered, &AlertDelivery::state));
}

Result<AlertReport> probe_alert(const Services& services, const Subject& subject,
                                const AlertProbeOptions& options) {
  AlertReport out{.subject = subject.name(), .at = services.clock.now()};
  const auto began = services.clock.monotonic();
  const auto router = find_router(services, subject, options.timeout);
  if (!router) {
    out.deliveries = {outcome(AlertState::unasked, router.error().message)};
    out.next = router.error().hint;
    return out;
  }
  out.url = shown_url(router->url);
  const auto done = send_and_follow(*router, options, out);
  if (services.stop.level() != StopLevel::none) {
    return services.stop.failure("the probe");
  }
  if (!done) {
    out.deliveries = {outcome(AlertState::unasked, done.error().message)};
  }
  out.next = next_step(out, subject, router->component.name);
  out.took = services.clock.since(began);
  return out;
}

}  // namespace obsctl::health
