// What each component of the single-node stack is: image, command, ports, volumes, health and
// limits.
#include "lib/topology/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace obsctl::topology {
namespace {

constexpr auto k_loopback = "127.0.0.1";
constexpr int k_collector_uid = 10001;
constexpr int k_jaeger_uid = 10001;
constexpr int k_alertmanager_uid = 65534;

std::vector<std::string> wget(int port, std::string_view path) {
  return {"wget", "-q", "-O", "/dev/null", fmt::format("http://127.0.0.1:{}{}", port, path)};
}

// GOMEMLIMIT makes Go's collector work harder before the kernel kills the process. It leaves room
// for what the Go heap does not count (stacks, mapped files).
std::map<std::string, std::string> go_memory_limit(const Component& component) {
  return {{"GOMEMLIMIT", fmt::format("{:.0f}MiB", component.setting("go_memory_limit_mib"))}};
}

// The address a person types to reach a published port.
std::string url_of(const Port& port) {
  const bool local =
      port.bind == k_loopback || port.bind == "0.0.0.0" || port.bind == "::" || port.bind == "::1";
  const bool v6 = port.bind.find(':') != std::string::npos;
  return fmt::format("http://{}:{}/",
                     local ? "localhost" : (v6 ? "[" + port.bind + "]" : port.bind), port.host);
}

Port internal(std::string name, int container) {
  return {.name = std::move(name), .container = container};
}

}  // namespace

Component Context::start(std::string_view name, std::string_view image) const {
  Component out;
  out.name = name;
  for (const auto& row : images) {
    if (row.name == image) {
      out.title = row.title;
      out.image = row.reference();
      out.version = row.version;
    }
  }
  if (const auto* plan = report.find(name)) {
    // Whole bytes: what floating point adds would show in the runbook.
    out.limits = {plan->cpus.chosen.value, Bytes{std::round(plan->memory.chosen.value * 1e9)}};
    out.disk = Bytes{std::round(plan->disk.chosen.value * 1e9)};
    for (const auto& setting : plan->settings) {
      out.settings[setting.key.substr(plan->name.size() + 1)] = setting.value;
    }
  }
  return out;
}

Port Context::published(std::string name, int container, std::string purpose,
                        bool has_login) const {
  const auto it = spec.ports.find(name);
  return {.name = std::move(name),
          .container = container,
          .host = it == spec.ports.end() ? container : it->second,
          .bind = has_login ? spec.security.bind : k_loopback,
          .purpose = std::move(purpose)};
}

bool Context::victoriametrics() const {
  return spec.metrics.backend == "victoriametrics";
}
bool Context::tls() const {
  return spec.security.tls != "off";
}
bool Context::bearer() const {
  return spec.security.auth == "bearer";
}
std::vector<std::string> Context::alertmanager_secrets() const {
  std::vector<std::string> out;
  if (!spec.alerting.slack_channel.empty()) {
    out.emplace_back("slack-webhook-url");
  }
  // Port 25 is a relay without a login.
  if (!spec.alerting.email_to.empty() && !spec.alerting.smtp_host.ends_with(":25")) {
    out.emplace_back("smtp-password");
  }
  return out;
}

Component jaeger(const Context& context) {
  Component out = context.start("jaeger", "jaeger");
  out.purpose = "stores traces (Badger on local disk) and shows them";
  out.command = {"--config", "/etc/jaeger/config.yaml"};
  out.environment = go_memory_limit(out);
  out.mounts = {{"configs/jaeger", "/etc/jaeger"}};
  out.volumes = {{.name = "jaeger-data",
                  .mount = "/badger",
                  .uid = k_jaeger_uid,
                  .needs_init = true,
                  .holds = "traces"}};
  out.tmpfs = {"/tmp"};
  out.ports = {context.published("jaeger", 16686, "Jaeger UI and query API, no login", false),
               internal("jaeger-otlp-grpc", 4317), internal("jaeger-metrics", 8888),
               internal("jaeger-health", 13133)};
  out.probe = Probe{
      .port = 13133, .path = "/status", .command = wget(13133, "/status"), .start_period = {15}};
  out.depends_on = {{"volume-init", Ready::completed}};
  out.metrics_path = "/metrics";
  out.metrics_port = 8888;
  return out;
}

Component prometheus(const Context& context, Retention retention) {
  Component out =
      context.start("prometheus", "prometheus");
  out.purpose =
      context.victoriametrics()
          ? "receives and scrapes metrics, evaluates the rules, forwards to VictoriaMetrics"
          : fmt::format("stores metrics for {}, scrapes the stack, evaluates the rules",
                        print_duration(retention.metrics));
  const Port web = context.published("prometheus", 9090, "Prometheus UI and API, no login", false);
  out.command = {"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
                 // The collector pushes to /api/v1/otlp.
                 "--web.enable-otlp-receiver",
                 // POST /-/reload applies a changed configuration without a restart.
                 "--web.enable-lifecycle", "--enable-feature=exemplar-storage"};
  if (web.host != 0) {
    out.command.push_back("--web.external-url=" + url_of(web));
  }
  out.mounts = {{"configs/prometheus", "/etc/prometheus"}};
  out.volumes = {
      {.name = "prometheus-data", .mount = "/prometheus", .uid = 65534, .holds = "metrics"}};
  out.ports = {web};
  out.probe = Probe{.port = 9090,
                    .path = "/-/ready",
                    .command = {"promtool", "check", "ready"},
                    .start_period = {15}};
  out.metrics_path = "/metrics";
  out.metrics_port = 9090;
  return out;
}

Component victoriametrics(const Context& context, Retention retention) {
  Component out = context.start("victoriametrics", "victoriametrics");
  out.purpose = fmt::format("stores metrics for {}", print_duration(retention.metrics));
  out.notes = {
      "Its image runs as root; without capabilities that root can do nothing but write its "
      "own volume."};
  out.command = {"-storageDataPath=/victoria-metrics-data",
                 // A number without a unit would mean months.
                 fmt::format("-retentionPeriod={:.0f}d", std::ceil(retention.metrics.days()))};
  out.volumes = {{.name = "victoriametrics-data",
                  .mount = "/victoria-metrics-data",
                  .uid = 0,
                  .holds = "metrics"}};
  out.ports = {
      context.published("victoriametrics", 8428, "VictoriaMetrics UI and API, no login", false)};
  out.probe = Probe{
      .port = 8428, .path = "/health", .command = wget(8428, "/health"), .start_period = {15}};
  out.metrics_path = "/metrics";
  out.metrics_port = 8428;
  return out;
}

Component loki(const Context& context) {
  Component out = context.start("loki", "loki");
  out.purpose = "stores logs on local disk";
  out.notes = {"Its image has no shell and no wget; the binary checks itself."};
  out.command = {"-config.file=/etc/loki/config.yaml"};
  out.environment = go_memory_limit(out);
  out.mounts = {{"configs/loki", "/etc/loki"}};
  out.volumes = {{.name = "loki-data", .mount = "/loki", .uid = 10001, .holds = "logs"}};
  out.tmpfs = {"/tmp"};
  out.ports = {context.published("loki", 3100, "Loki API, no login", false)};
  out.probe = Probe{.port = 3100,
                    .path = "/ready",
                    .command = {"/usr/bin/loki", "-health"},
                    .start_period = {30}};
  out.metrics_path = "/metrics";
  out.metrics_port = 3100;
  return out;
}

Component alertmanager(const Context& context) {
  Component out =
      context.start("alertmanager", "alertmanager");
  out.purpose = "groups, silences and sends alerts";
  const Port web =
      context.published("alertmanager", 9093, "Alertmanager UI and API, no login", false);
  out.command = {"--config.file=/etc/alertmanager/config/alertmanager.yml",
                 "--storage.path=/alertmanager",
                 // One instance: no gossip port.
                 "--cluster.listen-address="};
  if (web.host != 0) {
    out.command.push_back("--web.external-url=" + url_of(web));
  }
  out.mounts = {{"configs/alertmanager", "/etc/alertmanager/config"}};
  out.volumes = {{.name = "alertmanager-data",
                  .mount = "/alertmanager",
                  .uid = k_alertmanager_uid,
                  .holds = "silences and the log of sent notifications"}};
  if (!context.alertmanager_secrets().empty()) {
    out.volumes.push_back({.name = "alertmanager-secrets",
                           .mount = "/etc/alertmanager/secrets",
                           .uid = k_alertmanager_uid,
                           .needs_init = true,
                           .backup = false,
                           .holds = "copies from secrets/, readable by Alertmanager's user"});
    out.depends_on = {{"volume-init", Ready::completed}};
  }
  out.ports = {web};
  out.probe = Probe{
      .port = 9093, .path = "/-/ready", .command = wget(9093, "/-/ready"), .start_period = {10}};
  out.metrics_path = "/metrics";
  out.metrics_port = 9093;
  return out;
}

Component otel_collector(const Context& context) {
  Component out = context.start("otel-collector", "otel-collector");
  out.purpose = "receives all telemetry, scrubs and samples it, queues it on disk, sends it on";
  out.notes = {
      "No healthcheck: the image holds nothing but the binary, which has no health command. "
      "otel-collector-health asks from outside."};
  out.command = {"--config=/etc/otelcol-contrib/config.yaml"};
  // The same 80 % at which the memory_limiter starts to refuse data.
  out.environment = go_memory_limit(out);
  out.mounts = {{"configs/otel-collector", "/etc/otelcol-contrib"}};
  out.volumes = {{.name = "otel-collector-storage",
                  .mount = "/var/lib/otelcol/storage",
                  .uid = k_collector_uid,
                  .needs_init = true,
                  .holds = "telemetry that was accepted but not yet stored"}};
  if (context.tls()) {
    out.volumes.push_back({.name = "otel-collector-tls",
                           .mount = "/etc/otelcol-tls",
                           .uid = k_collector_uid,
                           .needs_init = true,
                           .backup = false,
                           .holds = "copies of tls/, readable by the collector's user"});
  }
  if (context.bearer()) {
    out.env_files = {"secrets/otlp.env"};
  }
  const bool sender_proves_itself = true;  // reached on purpose by other machines
  out.ports = {
      context.published("otlp-grpc", 4317, "OTLP over gRPC", sender_proves_itself),
      context.published("otlp-http", 4318, "OTLP over HTTP", sender_proves_itself),
      context.published("collector-health", 13133, "health of the collector", false),
      context.published("collector-metrics", 8888, "metrics about the collector itself", false)};
  out.probe = Probe{.port = 13133, .path = "/", .start_period = {10}};
  out.depends_on = {{"volume-init", Ready::completed},
                    {"jaeger", Ready::healthy},
                    {"prometheus", Ready::healthy},
                    {"loki", Ready::healthy}};
  out.metrics_path = "/metrics";
  out.metrics_port = 8888;
  return out;
}

Component otel_collector_health(const Context& context) {
  Component out = context.start("otel-collector-health", "busybox");
  out.purpose = "shows the collector's health in 'docker compose ps'";
  out.notes = {
      "The collector's image has no program that could probe it, so this one does. Services of "
      "yours that must not start before the collector can depend on it: "
      "condition: service_healthy."};
  out.user = "65534:65534";
  out.command = {"sleep", "infinity"};
  out.stop_grace = {1};  // sleep as process 1 ignores SIGTERM; there is nothing to finish
  out.probe = Probe{.command = {"wget", "-q", "-O", "/dev/null", "http://otel-collector:13133/"},
                    .start_period = {10}};
  out.depends_on = {{"otel-collector", Ready::started}};
  return out;
}

Component node_exporter(const Context& context) {
  Component out = context.start("node-exporter", "node-exporter");
  out.purpose = "measures the host: disks, memory, CPU";
  out.notes = {
      "The network collectors are off: inside a container they would report the container's "
      "own interfaces under the host's name.",
      "'/' is mounted without rslave so that it starts on every engine; a disk that is mounted "
      "later appears after a restart of this service."};
  out.command = {"--path.rootfs=/host",
                 "--path.procfs=/host/proc",
                 "--path.sysfs=/host/sys",
                 "--collector.filesystem.mount-points-exclude="
                 "^/(dev|proc|run|sys|var/lib/docker/.+|var/lib/containers/.+)($|/)",
                 "--no-collector.arp",
                 "--no-collector.netclass",
                 "--no-collector.netdev",
                 "--no-collector.netstat",
                 "--no-collector.sockstat",
                 "--no-collector.softnet",
                 "--no-collector.udp_queues"};
  out.host_view = true;
  out.ports = {internal("node-exporter", 9100)};
  out.probe = Probe{.port = 9100, .path = "/", .command = wget(9100, "/"), .start_period = {10}};
  out.metrics_path = "/metrics";
  out.metrics_port = 9100;
  return out;
}

Component grafana(const Context& context) {
  Component out = context.start("grafana", "grafana");
  out.purpose = "dashboards and search across traces, metrics and logs";
  const Port web = context.published("grafana", 3000, "Grafana, login admin", true);
  out.environment = {
      {"GF_ANALYTICS_CHECK_FOR_UPDATES", "false"}, {"GF_ANALYTICS_REPORTING_ENABLED", "false"},
      {"GF_AUTH_ANONYMOUS_ENABLED", "false"},      {"GF_SECURITY_ADMIN_USER", "admin"},
      {"GF_SECURITY_DISABLE_GRAVATAR", "true"},    {"GF_USERS_ALLOW_SIGN_UP", "false"}};
  // The landing page, instead of Grafana's advertisement for itself.
  out.environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] =
      "/etc/grafana/dashboards/obsctl-overview.json";
  if (web.host != 0) {
    out.environment["GF_SERVER_ROOT_URL"] = url_of(web);
  }
  out.env_files = {"secrets/grafana.env"};
  out.mounts = {{"configs/grafana/provisioning", "/etc/grafana/provisioning"},
                {"configs/grafana/dashboards", "/etc/grafana/dashboards"}};
  out.volumes = {{.name = "grafana-data",
                  .mount = "/var/lib/grafana",
                  .uid = 472,
                  .holds = "users, preferences and dashboards made by hand"}};
  out.read_only = false;  // its start script and plugins write below /usr/share/grafana
  out.ports = {web};
  out.probe = Probe{.port = 3000,
                    .path = "/api/health",
                    .command = wget(3000, "/api/health"),
                    .start_period = {30}};
  out.depends_on = {
      {"jaeger", Ready::healthy}, {"prometheus", Ready::healthy}, {"loki", Ready::healthy}};
  if (context.victoriametrics()) {
    out.depends_on.push_back({"victoriametrics", Ready::healthy});
  }
  out.metrics_path = "/metrics";
  out.metrics_port = 3000;
  return out;
}

}  // namespace obsctl::topology
