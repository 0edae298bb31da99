// SPDX-License-Identifier: Apache-2.0
// The probe of alerts: what is sent, and what every answer of Alertmanager comes to.
#include "lib/probe/alert.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/probe/alert_parts.hpp"
#include "tests/unit/health/source_fixture.hpp"

namespace obsctl::test {
namespace {

using namespace health;

const std::string k_url = "http://localhost:9093";

constexpr std::string_view k_config = R"(
global: {resolve_timeout: 5m}
route:
  receiver: operators
  group_wait: 30s
  routes:
    - {receiver: watchdog, group_wait: 0s, group_interval: 30s}
    - matchers: [severity="critical"]
      group_wait: 10s
      routes:
        - {group_interval: 1h}
receivers:
  - name: watchdog
    webhook_configs: [{url: <secret>}]
  - name: operators
    email_configs: [{to: a}, {to: b}]
    slack_configs: [{channel: x}]
  - name: nobody
)";

// An Alertmanager whose counters move while the probe waits.
struct Alertmanager : AskedStack {
  Alertmanager() { answer(R"([{"name": "operators"}])"); }

  // Calls of POST, by whether the alert that was sent still fires.
  [[nodiscard]] std::vector<nlohmann::json> posted() const {
    std::vector<nlohmann::json> out;
    for (const HttpRequest& request : http.requests) {
      if (request.method == "POST") {
        out.push_back(nlohmann::json::parse(request.body));
      }
    }
    return out;
  }

  void answer(const std::string& receivers, const std::string& status = R"({"state": "active"})",
              std::string_view config = k_config) {
    http.json(k_url + "/api/v2/status", nlohmann::json{{"config", {{"original", config}}}}.dump());
    http.json(k_url + "/api/v2/alerts", "");
    http.json(k_url + "/api/v2/alerts?filter=",
              fmt::format(R"([{{"receivers": {}, "status": {}}}])", receivers, status));
    http.json(k_url + "/metrics", "");
  }
  // What the counters of an integration say.
  static std::string page(const std::string& integration, int requests, int failed,
                          const std::string& reason = {}) {
    std::string out = fmt::format(
        "alertmanager_notification_requests_total{{integration=\"{0}\"}} {1}\n"
        "alertmanager_notification_requests_failed_total{{integration=\"{0}\"}} {2}\n",
        integration, requests, failed);
    if (!reason.empty()) {
      out += fmt::format(
          "alertmanager_notifications_failed_total{{integration=\"{}\",reason=\"{}\"}} 1\n",
          integration, reason);
    }
    return out;
  }
  // From the first sleep on.
  void moves_to(const std::string& page) {
    clock.on_sleep = [this, page] { http.json(k_url + "/metrics", page); };
  }
  AlertReport run(AlertProbeOptions options = {}) {
    auto report = probe_alert(services, subject, options);
    REQUIRE(report);
    return *report;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the alert says that it is a test, has constant labels and ends by itself") {
  const Time start{std::chrono::seconds(1'700'000'000)};
  const auto body = nlohmann::json::parse(alert_body(start, start + std::chrono::minutes(2)));
  REQUIRE(body.size() == 1);
  CHECK(body[0]["labels"] == nlohmann::json{{"alertname", "ObsctlProbe"},
                                            {"severity", "info"},
                                            {"service", "obsctl-health"}});
  CHECK(has(body[0]["annotations"]["description"], "nothing is wrong"));
  CHECK(has(body[0]["annotations"]["runbook"], "no action is needed"));
  CHECK(body[0]["startsAt"] == "2023-11-14T22:13:20Z");
  CHECK(body[0]["endsAt"] == "2023-11-14T22:15:20Z");
}

TEST_CASE("routes inherit their times, and a receiver has the longest of its routes") {
  const auto routing = read_routing(k_config);
  REQUIRE(routing);
  const AlertReceiver& operators = routing->at("operators");
  CHECK(operators.group_wait.seconds == 30);
  CHECK(operators.group_interval.seconds == 3600);
  CHECK(operators.integrations == std::map<std::string, int>{{"email", 2}, {"slack", 1}});
  CHECK(routing->at("watchdog").group_wait.seconds == 0);
  CHECK(routing->at("nobody").integrations.empty());
  // Alertmanager's defaults.
  const auto plain = read_routing("{route: {receiver: a}, receivers: [{name: a}]}");
  REQUIRE(plain);
  CHECK(plain->at("a").group_wait.seconds == 30);
  CHECK(plain->at("a").group_interval.seconds == 300);
  CHECK_FALSE(read_routing("receivers: []"));
  CHECK_FALSE(read_routing("a: ["));
}

TEST_CASE("an alert is delivered when every integration took a request") {
  Alertmanager stack;
  stack.moves_to(Alertmanager::page("email", 2, 0) + Alertmanager::page("slack", 1, 0));
  const AlertReport report = stack.run();
  REQUIRE(report.deliveries.size() == 2);
  CHECK(report.delivered() == 2);
  CHECK(report.budget.seconds == 30);
  CHECK(report.within.seconds == 45);
  CHECK(report.deliveries[0].after.seconds == doctest::Approx(0.5));
  CHECK(report.next.empty());
  const auto checks = alert_checks(report);
  CHECK(checks[0].id == "PRB-002");
  CHECK(checks[0].status == Status::ok);
  CHECK(checks[0].title == "a test alert reaches operators by email");
  CHECK(has(alert_text(report, false), "2 of 2 notifications delivered in "));
  // It fires, and then it ends.
  const auto posted = stack.posted();
  REQUIRE(posted.size() == 2);
  CHECK(posted[0][0]["startsAt"] == posted[1][0]["startsAt"]);
  CHECK(posted[0][0]["endsAt"] == "2023-11-14T22:15:05Z");
  CHECK(posted[1][0]["endsAt"] == print_time(stack.clock.now()));
}

TEST_CASE("one of two addresses is not both of them") {
  Alertmanager stack;
  stack.moves_to(Alertmanager::page("email", 1, 0) + Alertmanager::page("slack", 1, 0));
  const AlertReport report = stack.run();
  CHECK(report.delivered() == 1);
  CHECK(report.deliveries[0].state == AlertState::missing);
  CHECK(report.deliveries[0].after.seconds == doctest::Approx(45));
  CHECK(has(report.next, "try again in 1 h"));
  const auto checks = alert_checks(report);
  REQUIRE(checks[0].problems.size() == 1);
  CHECK(checks[0].problems[0].severity == Severity::error);
  CHECK(checks[0].problems[0].message == "test alert to operators by email: not delivered");
  CHECK(checks[0].problems[0].cause == "nothing was sent within 45 s");
}

TEST_CASE("a receiver that fails has Alertmanager's reason") {
  Alertmanager stack;
  stack.moves_to(Alertmanager::page("email", 3, 3, "clientError") +
                 Alertmanager::page("slack", 2, 2));
  const AlertReport report = stack.run();
  CHECK(report.delivered() == 0);
  CHECK(report.deliveries[0].state == AlertState::failed);
  CHECK(report.deliveries[0].after.seconds < 1);  // given up: not waited for any longer
  CHECK(report.deliveries[1].after.seconds == doctest::Approx(45));
  const auto checks = alert_checks(report);
  CHECK(checks[0].problems[0].cause == "3 of 3 requests failed, reason clientError");
  CHECK(checks[1].problems[0].cause == "2 of 2 requests failed, and Alertmanager tries again");
  CHECK(checks[0].problems[0].fix ==
        "`docker compose logs --tail 50 alertmanager` has the answer of the receiver");
}

TEST_CASE("an attempt that failed before one that did not is a delivery") {
  Alertmanager stack;
  stack.moves_to(Alertmanager::page("email", 4, 2) + Alertmanager::page("slack", 1, 0));
  CHECK(stack.run().delivered() == 2);
}

TEST_CASE("counters that two receivers share prove nothing when they are mixed") {
  AlertDelivery delivery{.receiver = "operators", .integration = "webhook"};
  const AlertCounts mixed{.requests = 2, .failed = 1, .given_up = "other"};
  CHECK(judge_delivery(delivery, mixed, 1, true, false));
  CHECK(delivery.state == AlertState::unclear);
  const AlertReport report{.subject = "/srv/shop", .at = {}, .deliveries = {delivery}};
  CHECK(alert_checks(report)[0].status == Status::unknown);
  CHECK(judge_delivery(delivery, mixed, 1, false, false));
  CHECK(delivery.state == AlertState::delivered);
  CHECK(
      judge_delivery(delivery, {.requests = 2, .failed = 2, .given_up = "other"}, 1, true, false));
  CHECK(delivery.state == AlertState::failed);
  // Counted for each receiver they are not shared.
  const auto samples = [](int requests) {
    return std::vector<prom::Sample>{
        {.name = "alertmanager_notification_requests_total",
         .labels = {{"integration", "webhook"}, {"receiver_name", "operators"}},
         .value = static_cast<double>(requests)},
        {.name = "alertmanager_notification_requests_total",
         .labels = {{"integration", "webhook"}, {"receiver_name", "watchdog"}},
         .value = 9.0 * requests}};
  };
  const AlertCounts own = counts_between(samples(0), samples(1), delivery);
  CHECK(own.requests == 1);
  CHECK(own.of_receiver);
}

TEST_CASE("a receiver without integration is a warning, and nothing is waited for") {
  Alertmanager stack;
  stack.answer(R"([{"name": "nobody"}])");
  const AlertReport report = stack.run();
  REQUIRE(report.deliveries.size() == 1);
  CHECK(report.deliveries[0].state == AlertState::nobody);
  CHECK(report.took.seconds == 0);
  CHECK(stack.posted().size() == 2);
  const auto checks = alert_checks(report);
  CHECK(checks[0].status == Status::warning);
  CHECK(has(checks[0].problems[0].fix, "--alert-to"));
  CHECK(has(alert_text(report, false), "nobody: nobody is told: the receiver has no integration"));
}

TEST_CASE("what suppresses the alert is named") {
  Alertmanager stack;
  stack.answer(R"([{"name": "operators"}])",
               R"({"state": "suppressed", "silencedBy": ["5e7c"], "inhibitedBy": []})");
  const AlertReport silenced = stack.run();
  CHECK(silenced.deliveries[0].state == AlertState::suppressed);
  CHECK(silenced.deliveries[0].why == "silence 5e7c");
  CHECK(alert_checks(silenced)[0].status == Status::warning);

  Alertmanager muted;
  muted.moves_to("alertmanager_notifications_suppressed_total{reason=\"mute_time_interval\"} 1\n");
  const AlertReport report = muted.run({.within = Duration{3}});
  CHECK(report.deliveries[0].state == AlertState::suppressed);
  CHECK(report.deliveries[0].why == "mute_time_interval");
  CHECK(report.deliveries[0].after.seconds == doctest::Approx(3));
}

TEST_CASE("an Alertmanager that refuses the alert is an error in its words") {
  Alertmanager stack;
  stack.http.answers[k_url + "/api/v2/alerts"] = {.status = 400, .body = "bad label\x1b"};
  const AlertReport report = stack.run();
  CHECK(report.deliveries[0].state == AlertState::refused);
  CHECK(report.deliveries[0].why == "HTTP status 400: bad label\\x1b");
  CHECK(alert_checks(report)[0].status == Status::error);
  CHECK(stack.posted().size() == 1);
}

TEST_CASE("an Alertmanager that cannot be asked is unknown, and gets no alert") {
  Alertmanager stack;
  stack.http.answers.clear();
  const AlertReport dead = stack.run();
  CHECK(dead.deliveries[0].state == AlertState::unasked);
  CHECK(dead.next == "`docker compose ps -a alertmanager`");
  CHECK(alert_checks(dead)[0].status == Status::unknown);
  CHECK(stack.posted().empty());

  AskedStack without;
  std::erase_if(without.subject.stack.topology.providers,
                [](const auto& entry) { return entry.capability == "alerts.router"; });
  const auto report = probe_alert(without.services, without.subject, {});
  REQUIRE(report);
  CHECK(report->deliveries[0].state == AlertState::unasked);
  CHECK(has(report->next, "--endpoint alertmanager=URL"));
}

TEST_CASE("a stop ends the alert all the same") {
  Alertmanager stack;
  stack.clock.on_sleep = [&stack] { stack.stop.request(); };
  const auto report = probe_alert(stack.services, stack.subject, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Code::interrupted);
  const auto posted = stack.posted();
  REQUIRE(posted.size() == 2);
  CHECK(posted[1][0]["endsAt"] == print_time(stack.clock.now()));
}

TEST_CASE("in a cluster the alert goes through the API server") {
  AskedStack stack({"target=helm"});
  const std::string service = "/api/v1/namespaces/observability/services/alertmanager:9093/proxy";
  const auto kubectl = [&](const std::string& verb, const std::string& path,
                           const std::string& more = {}) -> ProcessResult& {
    return stack.processes.answers[fmt::format("kubectl {} --raw {}{} --request-timeout=5s{}", verb,
                                               service, path, more)];
  };
  kubectl("get", "/api/v2/status").out =
      nlohmann::json{{"config", {{"original", k_config}}}}.dump();
  kubectl("get", "/metrics").out = "";
  kubectl("create", "/api/v2/alerts", " --filename -").out = "";
  kubectl("get", "/api/v2/alerts" + alert_filter()).out =
      R"([{"receivers": [{"name": "nobody"}], "status": {"state": "active"}}])";
  const auto report = probe_alert(stack.services, stack.subject, {});
  REQUIRE(report);
  REQUIRE(report->deliveries.size() == 1);
  CHECK(report->deliveries[0].state == AlertState::nobody);
}

}  // namespace obsctl::test
