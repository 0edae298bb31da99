# SPDX-License-Identifier: Apache-2.0
"""A copy of the kept traces for somebody else: a second collector that asks for a header, over TLS."""

import json
import pathlib
import subprocess

import pytest

from backends import wait_for
from stack import run
from telemetry import TraceSpec

ARRIVAL = 90
TOKEN = "team-7"
RECEIVER = f"""receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
        auth: {{authenticator: bearertokenauth}}
        tls: {{cert_file: /given/server.crt, key_file: /given/server.key}}
extensions:
  bearertokenauth: {{header: x-team, scheme: "", token: {TOKEN}}}
exporters:
  file: {{path: /given/traces.jsonl, flush_interval: 200ms}}
service:
  extensions: [bearertokenauth]
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
"""


class Receiver:
    """A collector beside the stack, in the network of its applications, under the name receiver.lab."""

    def __init__(self, stack, folder: pathlib.Path) -> None:
        self.folder, self.name = folder, f"{stack.directory.name}-receiver"
        network = stack.model()["networks"]["observability"]["name"]
        run(["docker", "create", "--name", self.name, "--network", network, "--network-alias", "receiver.lab",
             "--user", "0:0", "--volume", f"{folder}:/given", stack.services()["otel-collector"]["image"],
             "--config=/given/config.yaml"])

    def start(self) -> None:
        run(["docker", "start", self.name])

    def remove(self) -> None:
        run(["docker", "rm", "--force", self.name])

    def traces(self, service: str) -> set:
        """Ids of what arrived from a service."""
        file = self.folder / "traces.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return {span["traceId"] for line in lines for resource in json.loads(line)["resourceSpans"]
                if service in json.dumps(resource["resource"])
                for scope in resource["scopeSpans"] for span in scope["spans"]}


def certificate(folder: pathlib.Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=receiver.lab", "-addext", "subjectAltName=DNS:receiver.lab",
                    "-keyout", "server.key", "-out", "server.crt"], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def forwarding(new_stack, tmp_path_factory):
    """The stack, and the receiver, which is not started yet."""
    folder = tmp_path_factory.mktemp("receiver")
    certificate(folder)
    (folder / "config.yaml").write_text(RECEIVER, encoding="utf-8")
    (folder / "token").write_text(TOKEN + "\n", encoding="utf-8")
    stack = new_stack("--forward", "https://receiver.lab:4318", "--forward-header", "x-team",
                      "--secret", f"forward-header={folder / 'token'}")
    # A private authority is the operator's part of the configuration.
    own = stack.directory / "configs/otel-collector"
    (own / "receiver.crt").write_bytes((folder / "server.crt").read_bytes())
    (own / "own.yaml").write_text("exporters:\n  otlp_http/forward:\n"
                                  "    tls: {ca_file: /etc/otelcol-contrib/receiver.crt}\n", encoding="utf-8")
    stack.up()
    receiver = Receiver(stack, folder)
    yield stack, receiver
    receiver.remove()


def test_nobody_waits_for_the_receiver_and_it_gets_all_later(forwarding, service, report):
    stack, receiver = forwarding
    sender = stack.sender("grpc")
    early = set(sender.spans(service, [TraceSpec("error")] * 50))
    wait_for(lambda: set(stack.traces().traces(service)) == early, ARRIVAL + stack.sampling().decision_seconds,
             "50 traces in the stack while the receiver is away")
    assert receiver.traces(service) == set()

    receiver.start()
    wait_for(lambda: receiver.traces(service) == early, ARRIVAL, "the copies that waited")
    late = set(sender.spans(service, [TraceSpec("error")] * 50))
    wait_for(lambda: receiver.traces(service) == early | late, ARRIVAL, "copies of what came later")
    assert set(stack.traces().traces(service)) == early | late
    report(f"{len(early)} traces waited for the receiver, {len(late)} went there at once; all are in the stack")


def test_the_copy_is_counted_apart_from_the_stores(forwarding):
    prometheus = forwarding[0].prometheus()
    sent = '{__name__=~"otelcol_forward_sent_spans(_total)?"}'
    wait_for(lambda: prometheus.query(sent), ARRIVAL, "the exporter of the copy under names of its own")
    assert prometheus.query('{__name__=~"otelcol_exporter_.+", exporter="otlp_http/forward"}') == []
    assert prometheus.query('otelcol_forward_queue_capacity{job="otel-collector"}') != []


def test_its_header_is_shown_nowhere(forwarding):
    stack, _ = forwarding
    assert TOKEN not in stack.compose("config").stdout
    file = stack.directory / "secrets/forward-header"
    assert file.stat().st_mode & 0o777 == 0o600
    shown = [path.name for path in stack.directory.rglob("*") if path.is_file() and path != file
             and TOKEN in path.read_text(errors="replace")]
    assert shown == []
