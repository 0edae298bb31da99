// SPDX-License-Identifier: Apache-2.0
// What watches the stack: rules, routing, data sources and dashboards of real topologies.
#include "lib/render/observe.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "lib/base/text.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/random.hpp"
#include "lib/render/stack.hpp"
#include "lib/targets/target.hpp"
#include "lib/topology/build.hpp"
#include "lib/yaml/read.hpp"
#include "templates/embedded.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/words.hpp"

using namespace obsctl;

namespace {

struct Stack {
  Topology topology;
  Watch watch;
  FileTree tree;
};

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, (result ? std::string() : result.error().message));
  return std::move(*result);
}

const Target& compose() {
  return **find_target("compose");
}

// `others` are components that the small stack does not have, by name only.
Stack make(const std::vector<std::string>& settings = {},
           const std::vector<std::string>& others = {}) {
  static const OsFileSystem files;
  const TemplateStore store(files, {});
  Stack out;
  out.topology = test::sized(settings).topology;
  for (const auto& name : others) {
    Component component;
    component.name = name;
    out.topology.components.push_back(component);
  }
  out.watch = value_of(read_watch(out.topology, store, test::compose_words(out.topology)));
  OsRandom random;
  out.tree = value_of(generate(compose(), out.topology, store, random)).tree;
  const auto valid = validate_tree(out.tree);
  REQUIRE_MESSAGE(valid, (valid ? std::string() : valid.error().message));
  return out;
}

const std::string& file(const Stack& stack, const std::string& path) {
  const auto found = stack.tree.find(path);
  REQUIRE_MESSAGE(found != stack.tree.end(), path);
  return found->second.bytes;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::set<std::string> names(const Stack& stack) {
  std::set<std::string> out;
  for (const auto& alert : stack.watch.alerts) {
    out.insert(alert.name);
  }
  return out;
}

const catalog::AlertRule& alert(const Stack& stack, const std::string& name) {
  const auto found = std::ranges::find(stack.watch.alerts, name, &catalog::AlertRule::name);
  REQUIRE_MESSAGE(found != stack.watch.alerts.end(), name);
  return *found;
}

std::vector<nlohmann::json> dashboards(const Stack& stack) {
  std::vector<nlohmann::json> out;
  for (const auto& [path, made] : stack.tree) {
    if (path.starts_with("configs/grafana/dashboards/")) {
      out.push_back(nlohmann::json::parse(made.bytes));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every alert that the requirements name is there under its name") {
  const auto small = names(make());
  for (const auto& [id, name] : {
           std::pair{"F01, F14", "CollectorDown"},
           {"F02, F11", "CollectorHighMemory"},
           {"F03", "CollectorQueueFilling"},
           {"F04, F15", "CollectorDroppedData"},
           {"F05", "CollectorExportFailures"},
           {"F06", "PrometheusHighMemory"},
           {"F07", "LokiIngestionErrors"},
           {"F08", "JaegerStorageFull"},
           {"F09, F17", "HighDiskUsage"},
           {"F10", "CriticalDiskUsage"},
           {"F16", "CollectorQueueNearlyFull"},
           {"F18", "PrometheusHighCardinality"},
           {"F19", "ServiceErrorsHigh"},
           {"F20", "ServiceSlow"},
           {"F21", "ServiceRouteFailing"},
           {"F23", "ComponentRestarting"},
           {"F24", "ServiceErrorsElevated"},
       }) {
    CHECK_MESSAGE(small.contains(name), id);
  }
  const auto others = names(make({"traces.backend=tempo"}, {"kafka-exporter"}));
  CHECK_MESSAGE(others.contains("KafkaConsumerLag"), "F12");
  CHECK_MESSAGE(others.contains("TempoUnhealthy"), "F13");
}

TEST_CASE("every alert has a firing and a silent case in the generated tests") {
  const Stack stack =
      make({"metrics.backend=victoriametrics", "traces.backend=tempo"}, {"kafka-exporter"});
  for (const auto& row : stack.watch.alerts) {
    const std::string& tests = file(stack, "configs/prometheus/tests/" + row.group + "_test.yml");
    CHECK_MESSAGE(has(tests, "name: " + row.name + " fires\n"), row.name);
    CHECK_MESSAGE(has(tests, "name: " + row.name + " stays silent\n") == (row.name != "Watchdog"),
                  row.name);
  }
}

TEST_CASE("a test loads the recorded series that its alerts read") {
  const Stack stack = make();
  const std::string& tests = file(stack, "configs/prometheus/tests/collector_test.yml");
  CHECK(has(tests, "../rules/collector-recording.yml"));
  CHECK_FALSE(has(tests, "../rules/capacity-recording.yml"));
}

TEST_CASE("an alert tells what happened and what to do") {
  for (const auto& row : make().watch.alerts) {
    // A headline, then sentences: what it means, and what to do.
    CHECK_MESSAGE(!has(row.summary, "\n"), row.name);
    CHECK_MESSAGE(!row.summary.ends_with('.'), row.name);
    CHECK_MESSAGE(trim(row.description).ends_with('.'), row.name);
    CHECK_MESSAGE(trim(row.runbook).ends_with('.'), row.name);
    CHECK_MESSAGE(row.runbook != row.description, row.name);
  }
}

TEST_CASE("metrics of the collector are never taken for Jaeger's, which have the same names") {
  for (const auto& row : make().watch.alerts) {
    const bool names_job = has(row.expr, "job=");
    CHECK_MESSAGE((!has(row.expr, "otelcol_") || names_job), row.name);
  }
}

TEST_CASE("thresholds follow the limits of the stack") {
  const Stack stack =
      make({"components.otel-collector.memory=1GiB", "components.prometheus.memory=8GiB"});
  CHECK(has(alert(stack, "CollectorHighMemory").expr, "> 734003200"));  // 700 MiB of 1 GiB
  CHECK(has(alert(stack, "PrometheusHighMemory").expr, "> 8589934592 * 0.75"));
  CHECK(has(alert(make({"components.otel-collector.memory=2GiB"}), "CollectorHighMemory").expr,
            "> 1468006400"));  // 1400 MiB of 2 GiB (G-15)
  CHECK(has(alert(make({"metrics.series=2M"}), "PrometheusHighCardinality").expr, "> 2500000"));
  CHECK(has(alert(make({"metrics.series=1k"}), "PrometheusHighCardinality").expr, "> 100000"));
}

TEST_CASE("what a stack does not have is neither watched nor shown") {
  Stack stack = make();
  for (const char* name : {"TargetDown", "ComponentRestarting"}) {
    CHECK_FALSE(has(alert(stack, name).expr, "victoriametrics"));
  }
  CHECK_FALSE(stack.tree.contains("configs/prometheus/rules/victoriametrics-alerts.yml"));
  std::erase_if(stack.topology.components,
                [](const Component& component) { return component.name == "jaeger"; });
  std::erase_if(stack.topology.links, [](const Link& link) { return link.to == "jaeger"; });
  static const OsFileSystem files;
  const TemplateStore store(files, {});
  const Words words = test::compose_words(stack.topology);
  const Watch watch = value_of(read_watch(stack.topology, store, words));
  FileTree tree;
  add_observability(tree, stack.topology, words, watch);
  CHECK_FALSE(tree.contains("configs/prometheus/rules/jaeger-alerts.yml"));
  CHECK_FALSE(tree.contains("configs/grafana/dashboards/obsctl-jaeger.json"));
  CHECK(std::ranges::none_of(watch.sources,
                             [](const auto& source) { return source.about.uid == "jaeger"; }));
}

TEST_CASE("sampling alerts exist only where traces are sampled") {
  const Stack all = make({"traces.keep=100%"});
  for (const auto& row : all.watch.alerts) {
    CHECK_FALSE(has(row.expr, "tail_sampling"));
  }
  CHECK(has(alert(make(), "CollectorSamplingMemoryFull").expr, "0.9 * 50000"));
}

TEST_CASE("without receivers the routing says so, and secrets are only named") {
  const std::string path = "configs/alertmanager/alertmanager.yml";
  CHECK(has(file(make(), path), "NOBODY IS NOTIFIED"));
  const Stack stack =
      make({"alerting.slack_channel=#alerts", "alerting.email_to=a@example.org",
            "alerting.smtp_host=mail.example.org:587", "alerting.receivers=webhook"});
  const std::string& routing = file(stack, path);
  CHECK_FALSE(has(routing, "NOBODY"));
  CHECK(has(routing, "api_url_file: /etc/alertmanager/secrets/slack-webhook-url"));
  CHECK(has(routing, "smtp_auth_password_file: /etc/alertmanager/secrets/smtp-password"));
  CHECK(has(routing, "url_file: /etc/alertmanager/secrets/alert-webhook-url\n"));
  CHECK_FALSE(has(routing, "smtp_require_tls: false"));
  const Stack relay = make({"alerting.email_to=a@example.org", "alerting.smtp_host=relay:25"});
  CHECK(has(file(relay, path), "smtp_require_tls: false"));
  CHECK_FALSE(has(file(relay, path), "password"));
}

TEST_CASE("a mail server has a login of its own, and the first of several receivers sends") {
  const std::string path = "configs/alertmanager/alertmanager.yml";
  const std::string routing =
      file(make({"alerting.email_to=a@example.org, b@example.org",
                 "alerting.smtp_host=mail.example.org:587", "alerting.smtp_user=apikey"}),
           path);
  CHECK(has(routing, "to: 'a@example.org, b@example.org'\n"));
  CHECK(has(routing, "smtp_from: a@example.org\n"));
  CHECK(has(routing, "smtp_auth_username: apikey\n"));
}

TEST_CASE("a critical alert silences the warning about the same trouble and no other") {
  const Stack stack = make();
  const yaml::Node routing = value_of(
      yaml::parse(file(stack, "configs/alertmanager/alertmanager.yml"), "alertmanager.yml"));
  std::size_t pairs = 0;
  for (const auto& rule : routing.find("inhibit_rules")->items) {
    const std::string source = rule.find("source_matchers")->items.front().scalar;
    CAPTURE(source);
    CHECK(source.starts_with("alertname"));  // never a severity alone
    pairs += source.starts_with("alertname = CriticalDiskUsage") ? 1 : 0;
  }
  CHECK(pairs == 1);
}

TEST_CASE("panels ask the same data source whatever stores the metrics") {
  const std::string path = "configs/grafana/provisioning/datasources/datasources.yaml";
  CHECK(has(file(make(), path), "url: http://prometheus:9090"));
  const std::string vm = file(make({"metrics.backend=victoriametrics"}), path);
  CHECK(has(vm, "url: http://victoriametrics:8428"));
  CHECK(has(vm, "uid: prometheus"));
}

TEST_CASE("links between signals survive Grafana's expansion of variables") {
  const std::string text =
      file(make(), "configs/grafana/provisioning/datasources/datasources.yaml");
  CHECK(has(text, R"('{$${__tags}} | trace_id="$${__trace.traceId}"')"));
  CHECK(has(text, "url: $${__value.raw}"));
  // A single $ would be replaced by an environment variable that does not exist.
  for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 2)) {
    const bool comment =
        text.rfind('#', at) != std::string::npos && text.rfind('#', at) > text.rfind('\n', at);
    CHECK((comment || text[at + 1] == '$'));
  }
}

TEST_CASE("dashboards fill every line and leave no gap") {
  std::set<std::string> uids;
  for (const auto& dashboard : dashboards(make())) {
    const auto uid = dashboard["uid"].get<std::string>();
    CHECK_MESSAGE(uids.insert(uid).second, uid);
    CHECK(dashboard["editable"] == false);
    std::map<int, std::pair<int, int>> lines;  // y → width, height
    for (const auto& panel : dashboard["panels"]) {
      auto& [width, height] = lines[panel["gridPos"]["y"].get<int>()];
      CHECK(panel["gridPos"]["x"].get<int>() == width);
      width += panel["gridPos"]["w"].get<int>();
      height = panel["gridPos"]["h"].get<int>();
    }
    int next = 0;
    for (const auto& [y, line] : lines) {
      CHECK_MESSAGE(y == next, uid);
      CHECK_MESSAGE(line.first == 24, uid);
      next = y + line.second;
    }
  }
  CHECK(uids.contains("obsctl-overview"));
}

TEST_CASE("every panel names a provisioned data source and every query runs without Grafana") {
  const Stack stack = make();
  const auto& pages = stack.watch.dashboards;
  CHECK(pages.size() == dashboards(stack).size());
  for (const auto& page : pages) {
    for (const auto& query : catalog::queries_of(page)) {
      CHECK_MESSAGE((query.signal == "metrics" || query.signal == "logs"), query.panel);
      // "$1" is label_replace()'s own.
      const auto text = replace_all(catalog::runnable(page, query.expr), R"("$1")", "");
      CHECK_MESSAGE(!has(text, "$"), query.expr);
    }
  }
}

namespace {

// A folder of a component that obsctl does not have, as a template directory.
class MyComponent {
 public:
  MyComponent() { std::filesystem::remove_all(k_path); }
  MyComponent(const MyComponent&) = delete;
  MyComponent& operator=(const MyComponent&) = delete;
  ~MyComponent() { std::filesystem::remove_all(k_path); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((k_path / path).parent_path());
    std::ofstream(k_path / path) << text;
  }

  // The watch of a small stack with the component.
  [[nodiscard]] Result<Stack> render(const std::vector<std::string>& settings = {}) const {
    static const OsFileSystem files;
    const TemplateStore store(files, {k_path});
    Stack out;
    out.topology = test::sized(settings).topology;
    Component mine;
    mine.name = "mine";
    mine.metrics_path = "/metrics";
    mine.ports = {Port{.name = "mine", .container = 7000}};
    mine.limits.memory = Bytes{1024.0 * 1024 * 1024};
    out.topology.components.push_back(mine);
    OBS_TRY_ASSIGN(out.watch, read_watch(out.topology, store, test::compose_words(out.topology)));
    OsRandom random;
    OBS_TRY_ASSIGN(auto generated, generate(compose(), out.topology, store, random));
    out.tree = std::move(generated.tree);
    OBS_TRY(validate_tree(out.tree));
    return out;
  }

 private:
  inline static const std::filesystem::path k_path =
      std::filesystem::temp_directory_path() / "obsctl-my-component";
};

constexpr auto k_my_alerts = R"(alerts:
  MineDown:
    severity: critical
    expr: up{[% sel.mine %]} == 0
    summary: It is down
    description: It does not answer the scrape, so nothing is known of it.
    runbook: See `[% cmd.logs_50.mine %]`, then `[% cmd.restart.mine %]`; [% mine.memory %].
)";
constexpr auto k_my_cases = R"(MineDown:
  fires: {'up{[% sel.mine %]}': 0x40}
  quiet: {'up{[% sel.mine %]}': 1x40}
)";

}  // namespace

TEST_CASE("a component in a folder outside brings all that watches it") {
  const MyComponent mine;
  mine.write("components/mine/alerts.yaml", k_my_alerts);
  mine.write("components/mine/alerts.test.yaml", k_my_cases);
  mine.write("components/mine/recording.yaml",
             "rules:\n  - {record: 'mine:x:y', doc: what it is for, expr: 'x{[% sel.mine %]}'}\n");
  mine.write("components/mine/dashboard.yaml",
             "uid: mine\ntitle: Mine\ndescription: d\npanels:\n"
             "  - {kind: stat, title: A, expr: 'x{[% sel.mine %]}', description: d}\n");
  mine.write("components/mine/datasource.yaml",
             "serves: traces\nuid: mine-traces\ntype: jaeger\norder: 1\n---\n"
             "  - name: Mine\n    uid: [% self.uid %]\n    url: [% self.url %]\n    jsonData:\n"
             "[%> components/grafana/from-traces.yaml %]\n");
  const Stack stack = value_of(mine.render());
  CHECK(alert(stack, "MineDown").runbook ==
        "See `docker compose logs --tail 50 mine`, then `docker compose restart mine`; 1 GiB.");
  CHECK(stack.watch.alerts.back().name == "MineDown");  // no order: after all others
  CHECK(has(file(stack, "configs/prometheus/rules/mine-alerts.yml"), "up{job=\"mine\"} == 0"));
  CHECK(has(file(stack, "configs/prometheus/tests/mine_test.yml"), "up{job=\"mine\"}"));
  CHECK(has(file(stack, "configs/prometheus/rules/mine-recording.yml"), "x{job=\"mine\"}"));
  CHECK(has(file(stack, "configs/grafana/dashboards/mine.json"), "job=\\\"mine\\\""));
  const std::string& sources =
      file(stack, "configs/grafana/provisioning/datasources/datasources.yaml");
  CHECK(has(sources, "    uid: mine-traces\n    url: http://mine:7000\n"));
  CHECK(has(sources, "tracesToLogsV2:\n        datasourceUid: loki\n"));
  // It is the first of the sources of traces, so the others lead to it.
  CHECK(has(sources,
            "matcherRegex: trace_id\n          url: $${__value.raw}\n          "
            "datasourceUid: mine-traces\n"));
  // What a rule says about all components includes it; it has an alert of its own when it is down.
  CHECK(has(alert(stack, "TargetDown").expr, "|node-exporter|mine\""));
  CHECK(has(alert(stack, "ComponentRestarting").expr, "|node-exporter|mine\""));
}

TEST_CASE("a component without an alert of its own is covered by TargetDown") {
  const MyComponent mine;
  CHECK_FALSE(has(alert(value_of(mine.render()), "TargetDown").expr, "mine"));
}

TEST_CASE("mistakes in the folder of a component name the file and the line") {
  const MyComponent mine;
  const auto mistake = [&mine] {
    const auto stack = mine.render();
    REQUIRE_FALSE(stack);
    REQUIRE(stack.error().at);
    return stack.error();
  };
  mine.write("components/mine/alerts.yaml", k_my_alerts);
  CHECK(mistake().message == "alert 'MineDown' has no test");
  CHECK(mistake().at->str().ends_with("obsctl-my-component/components/mine/alerts.yaml:2:3"));
  CHECK(has(mistake().hint, "components/mine/alerts.test.yaml"));
  mine.write("components/mine/alerts.test.yaml", k_my_cases);
  CHECK(mine.render());
  mine.write("components/mine/alerts.yaml", replace_all(k_my_alerts, "severity: critical",
                                                        "when: smpled\n    severity: critical"));
  CHECK(has(mistake().message, "'smpled'"));
  mine.write("components/mine/alerts.yaml", replace_all(k_my_alerts, "MineDown", "LokiDown"));
  mine.write("components/mine/alerts.test.yaml", replace_all(k_my_cases, "MineDown", "LokiDown"));
  CHECK(mistake().message == "alert 'LokiDown' is defined twice");
  mine.write("components/mine/alerts.yaml", replace_all(k_my_alerts, "cmd.restart", "cmd.restrat"));
  CHECK(mistake().at->line == 7);
  mine.write("components/mine/alerts.yaml", k_my_alerts);
  mine.write("components/mine/alerts.test.yaml", k_my_cases);
  mine.write("components/mine/datasource.yaml",
             "serves: traces\nuid: mine\ntype: jaeger\norder: 1\n---\n"
             "  - name: Mine\n    uid: [% self.id %]\n");
  CHECK(mistake().at->str().ends_with("components/mine/datasource.yaml:7:10"));
  mine.write("components/mine/datasource.yaml",
             "serves: metrics\nuid: loki\ntype: loki\norder: 1\n---\n  - name: Mine\n");
  CHECK(mistake().message == "the data source 'loki' is defined twice");
}

TEST_CASE("rows, pages and components name neither a target's commands nor its job labels") {
  const auto foreign = [](std::string line) {
    line = replace_all(std::move(line), R"(job="shop")", "");   // a service of the user's own
    line = replace_all(std::move(line), "var/lib/docker", "");  // a folder of the host
    return has(line, "docker") || has(line, "compose") || has(line, "job=\"") ||
           has(line, "job=~\"") || has(line, "job!~\"");
  };
  int seen = 0;
  for (const auto& embedded : embedded_files()) {
    const std::string path(embedded.path);
    if (!path.starts_with("catalog/alerts/") && !path.starts_with("catalog/recording/") &&
        !path.starts_with("catalog/dashboards/") && !path.starts_with("components/")) {
      continue;
    }
    if (path.starts_with("components/docker-logs/")) {  // Docker's files are what it is about
      continue;
    }
    if (path.ends_with("/sizing.yaml")) {  // measures stacks that somebody else has made
      continue;
    }
    ++seen;
    int line = 0;
    for (const auto& text : split(embedded.bytes, '\n')) {
      ++line;
      CHECK_MESSAGE(!foreign(text), path << ":" << line << ": " << text);
    }
  }
  CHECK(seen > 30);
}

TEST_CASE("links between signals name no component") {
  for (const auto& embedded : embedded_files()) {
    const std::string path(embedded.path);
    if (path.ends_with("/datasource.yaml") || path.starts_with("components/grafana/")) {
      for (const auto& line : split(embedded.bytes, '\n')) {
        if (has(line, "atasourceUid:") || has(line, "alertmanagerUid:")) {
          CHECK_MESSAGE(has(line, ".datasource_uid %]"), path << ": " << line);
        }
      }
    }
  }
}

TEST_CASE("the same spec gives the same bytes") {
  const Stack one = make();
  const Stack two = make();
  REQUIRE(one.tree.size() == two.tree.size());
  for (const auto& [path, made] : one.tree) {
    CHECK_MESSAGE((made.secret || made.bytes == two.tree.at(path).bytes), path);
  }
}
