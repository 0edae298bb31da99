# SPDX-License-Identifier: Apache-2.0
"""Who reaches what of a running stack: applications, other people's pages, the engine's own users."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from backends import wait_for
from collector import free_ports
from stack import run
from telemetry import Refused, Sender

ARRIVAL = 90
SECRET = re.compile(r"^(?:OTLP_AUTH_TOKEN|GF_SECURITY_ADMIN_PASSWORD)=(\S+)$", re.M)


@pytest.fixture(scope="module")
def opened(new_stack):
    """Receivers and dashboards for other hosts, with everything that protects them."""
    stack = new_stack("--tls", "self-signed", "--auth", "bearer", "--bind", "0.0.0.0", "--bind-ui", "0.0.0.0")
    stack.up()
    return stack


def helper_image(stack) -> str:
    return stack.services()["volume-init"]["image"]


def reaches(stack, network: str, host: str, port: int) -> bool:
    """Whether a container on this network alone connects to a port."""
    done = run(["docker", "run", "--rm", "--network", network, helper_image(stack),
                "nc", "-w", "3", host, port, "-e", "/bin/true"], may_fail=True)
    return done.returncode == 0


def addresses(stack, service: str) -> list:
    """Those of a container on all its networks."""
    container = stack.containers()[service]["ID"]
    found = run(["docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", container]).stdout
    return [network["IPAddress"] for network in json.loads(found).values()]


def networks(stack) -> dict:
    return {key: network["name"] for key, network in stack.model()["networks"].items()}


def listening(stack) -> list:
    """Service and port of everything that the stack publishes or scrapes, without the receivers."""
    ports = {(name, int(port["target"])) for name, service in stack.services().items()
             for port in service.get("ports", [])}
    jobs = stack.config("prometheus/prometheus.yml")["scrape_configs"]
    scraped = {tuple(target.rsplit(":", 1)) for job in jobs for row in job.get("static_configs", [])
               for target in row["targets"]}
    ports |= {(host, int(port)) for host, port in scraped if host in stack.services()}
    ports.add(("jaeger", 4317))
    return sorted(row for row in ports if row[0] not in ("otel-collector", *stack.absent()))


def test_an_application_reaches_the_receivers_and_nothing_else(opened, report):
    ingest = networks(opened)["observability"]
    for port in (4317, 4318):
        assert reaches(opened, ingest, "otel-collector", port), f"otel-collector:{port}"
    closed = listening(opened)
    assert len(closed) > 5
    for service, port in closed:
        for host in (service, *addresses(opened, service)):
            assert not reaches(opened, ingest, host, port), f"{host}:{port} ({service})"
    report(f"receivers reached; by name and by address not: {', '.join(f'{name}:{port}' for name, port in closed)}")


def test_the_backend_network_is_the_one_where_they_listen(opened):
    """Without this the test above could pass because nothing listens at all."""
    backend = networks(opened)["backend"]
    for service, port in listening(opened):
        assert reaches(opened, backend, service, port), f"{service}:{port}"


def test_an_application_that_wants_it_is_scraped(opened, report):
    """An application on the scrape network alone is found by Prometheus, and finds nothing but Prometheus."""
    scrape = networks(opened)["scrape"]
    page = "# TYPE lab_orders counter\nlab_orders 7\n"
    serve = f"printf 'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain; version=0.0.4\\r\\n\\r\\n{page}'"
    name = f"{networks(opened)['observability']}-app"
    run(["docker", "run", "-d", "--rm", "--name", name, "--network", scrape, helper_image(opened), "sh", "-c",
         f"echo \"{serve}\" > /tmp/s; while true; do nc -lp 8080 -e sh /tmp/s; done"])
    try:
        # nc closes before it has read the whole request, so that wget may end in an error although it has the page.
        ask = ["exec", "prometheus", "wget", "-qY", "off", "-O-", f"http://{name}:8080/metrics"]
        wait_for(lambda: "lab_orders 7" in opened.compose(*ask, may_fail=True).stdout, ARRIVAL, "the page")
        assert reaches(opened, scrape, "prometheus", 9090)
        assert not reaches(opened, scrape, "loki", 3100) and not reaches(opened, scrape, "alertmanager", 9093)
    finally:
        run(["docker", "kill", name], may_fail=True)
    report("scraped on the scrape network")


def test_every_own_target_is_scraped(opened):
    def down() -> dict:
        up = opened.prometheus().values("up", "job")
        return {job: value for job, value in up.items() if value != 1.0 and job not in opened.absent()}

    wait_for(lambda: opened.prometheus().values("up", "job") and not down(), ARRIVAL, f"every target up: {down()}")


def test_nobody_can_stop_prometheus_over_the_network(opened):
    for path in ("/-/quit", "/-/reload"):
        request = urllib.request.Request(opened.prometheus().url + path, data=b"", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=5)
        assert refusal.value.code == 403
    assert opened.is_healthy(), opened.why()


def test_a_reload_by_signal_works(opened):
    opened.compose("kill", "-s", "HUP", "prometheus")
    wait_for(lambda: opened.prometheus().values("prometheus_config_last_reload_successful", "job") ==
             {"prometheus": 1.0}, ARRIVAL, "a reload that worked")


def test_the_dashboards_speak_tls_with_the_stacks_certificate(opened):
    address = opened.address("grafana", 3000).replace("0.0.0.0", "localhost")
    context = ssl.create_default_context(cafile=str(opened.directory / "tls/ca.crt"))
    with urllib.request.urlopen(f"https://{address}/api/health", context=context, timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"http://{address}/api/health", timeout=5)
    assert refusal.value.code == 400


def test_no_secret_is_shown_by_the_engine(opened):
    secrets = [found for path in sorted((opened.directory / "secrets").iterdir())
               for found in SECRET.findall(path.read_text())]
    assert len(secrets) == 2
    shown = opened.compose("config").stdout
    for row in opened.containers().values():
        shown += run(["docker", "inspect", row["ID"]]).stdout
    for secret in secrets:
        assert secret not in shown


def test_a_new_token_counts_without_a_restart(opened, service):
    file = opened.directory / "secrets/otlp.env"
    old = dict(re.findall(r"^(\w+)=(.*)$", file.read_text(), re.M))["OTLP_AUTH_TOKEN"]
    file.write_text(file.read_text().replace(old, "renewed"))
    collector = opened.containers()["otel-collector"]["ID"]
    opened.compose("up", "-d", "--pull", "never", *(f"--scale={name}=0" for name in opened.absent()))
    port = opened.address("otel-collector", 4318).rpartition(":")[2]

    def sender(token: str) -> Sender:
        return Sender("http", f"https://localhost:{port}", ca_file=str(opened.directory / "tls/ca.crt"),
                      headers=(("authorization", f"Bearer {token}"),))

    def let_in(token: str) -> bool:
        try:
            sender(token).counter(service, "lab.items", {"a": 1})
        except Refused:
            return False
        return True

    wait_for(lambda: let_in("renewed"), 30, "the new token is taken")
    assert not let_in(old) and not let_in("")
    assert opened.containers()["otel-collector"]["ID"] == collector


def test_the_host_view_has_no_socket(opened):
    """The engine's socket lies in /run; a socket that anybody may write to is enough to become root."""
    inside = opened.compose("exec", "node-exporter", "find", "/host/run", "-mindepth", "1").stdout.split()
    assert set(inside) <= {"/host/run/media", *(path for path in inside if path.startswith("/host/run/media/"))}
    sockets = opened.compose("exec", "node-exporter", "find", "/host/var/run/", "-type", "s", may_fail=True).stdout
    assert sockets == ""


# A host of its own for one program: processes, mounts, an engine's folder as Docker makes it, and three disks. The
# third is what the engine mounts for itself.
HOST = """
set -eu
mount -t tmpfs none /var/lib && mount -t tmpfs none /run
mkdir -m 0710 /var/lib/docker && mkdir -m 0701 /var/lib/docker/volumes
mkdir -p /run/media/disk /var/lib/docker/overlay2
for disk in volumes:/var/lib/docker/volumes media:/run/media/disk own:/var/lib/docker/overlay2; do
  truncate -s 8M "$1/${disk%%:*}" && mkfs.ext4 -q "$1/${disk%%:*}" && mount -o loop "$1/${disk%%:*}" "${disk#*:}"
done
shift
exec setpriv --reuid 65534 --regid 65534 --groups "$@"
"""


def test_the_host_view_measures_the_disks_that_hold_data(opened, tmp_path, report):
    service = opened.services()["node-exporter"]
    groups = ",".join(service["group_add"])
    flags = [flag.replace("=/host", "=").replace("rootfs=", "rootfs=/") if flag.startswith("--path.") else flag
             for flag in (text.replace("$$", "$") for text in service["command"])]
    port = free_ports(1)[0]
    command = [shutil.which("node_exporter"), *flags, f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", HOST,
                           "host", tmp_path, groups, *command], start_new_session=True) as host:
        try:
            page = wait_for(lambda: page_of(f"http://127.0.0.1:{port}/metrics"), 30, "node_exporter answers")
        finally:
            os.killpg(host.pid, signal.SIGKILL)
    sizes = dict(re.findall(r'^node_filesystem_size_bytes\{.*mountpoint="([^"]+)"\} (\S+)$', page, re.M))
    report(", ".join(f"{place} {float(size):.0f} B" for place, size in sorted(sizes.items())))
    assert "/var/lib/docker/overlay2" not in sizes
    for place in ("/var/lib/docker/volumes", "/run/media/disk"):
        assert 4e6 < float(sizes[place]) < 8.4e6, place


def page_of(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def test_one_backend_that_cannot_start_keeps_nobody_from_starting(new_stack):
    stack = new_stack()
    (stack.directory / "configs/jaeger/config.yaml").write_text("not: a configuration\n")
    without = [f"--scale={name}=0" for name in stack.absent()]
    stack.compose("up", "-d", "--pull", "never", *without)

    def healthy() -> bool:
        rows = stack.containers()
        return all(rows[name]["State"] == "running" for name in ("otel-collector", "grafana", "prometheus")) and \
            rows["otel-collector-health"].get("Health") == "healthy"

    wait_for(healthy, ARRIVAL, "collector and Grafana run without their store of traces")
    assert stack.containers()["jaeger"]["State"] != "running" or "unhealthy" in stack.why()
