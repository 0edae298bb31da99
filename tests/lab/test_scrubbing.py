# SPDX-License-Identifier: Apache-2.0
"""What the generated collector drops, masks and adds, item by item: its own configuration and program, with files in
the place of the stores."""

import collections
import json
import secrets
import subprocess
import time

import pytest
import requests
import yaml

import stack as stacks
from backends import wait_for
from collector import free_ports

SERVER, ERROR = 2, 2
INFO, WARN, FAILED, DEBUG = 9, 13, 17, 5
ENVIRONMENT = "pro$duction ${env:HOME}"  # is no variable, however it looks

# line: what of it must not be stored
MASKED = {
    "paid with 4111 1111 1111 1111 today": "1111",
    "paid with 4111-1111-1111-1111": "1111",
    "paid with 4111111111111111 today": "4111111111111111",
    "amex 378282246310005 declined": "378282246310005",
    "amex 3782 822463 10005 declined": "822463",
    "user jane@example.org logged in": "jane@example.org",
    "Authorization: Bearer 8f14e45fceea167a5a36": "8f14e45fceea167a5a36",
    "authorization: bearer abcdefg1": "abcdefg1",
    "Authorization: Basic dXNlcjpwYXNzd29yZA==": "dXNlcjpwYXNzd29yZA",
    "password=hunter": "hunter",
    "client_secret=abc retrying": "abc",
    "password: hunter2": "hunter2",
    '{"password": "two words"}': "two words",
    "api_key: 'abcdef'": "abcdef",
    "access_token=eyJhbGciOi next": "eyJhbGciOi",
    "key AKIAIOSFODNN7EXAMPLE used": "AKIAIOSFODNN7EXAMPLE",
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln": "eyJzdWIiOiIxMjM0In0",
}
KEPT = [
    "bearer authentication failed for route /v1",
    "Basic authentication required",
    "secret: manager started",
    "password: required field missing",
    "the password is wrong",
    "api key: unknown",
    "order 4111111111111112 shipped",
    "order 5100 is ready, 4 items",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "left-pad@1.3.0 installed",
    "took 1700000000000000 ns",
]
# (severity, line): are they dropped as noise?
NOISE = [(INFO, '192.0.2.7 "GET /healthz HTTP/1.1" 200 2'), (INFO, "GET /readyz?verbose=1 200"), (0, "GET /livez 204"),
         (INFO, "health check passed"), (INFO, "Health checks are OK")]
NO_NOISE = [(FAILED, '192.0.2.7 "GET /healthz HTTP/1.1" 503'), (INFO, "GET /healthz 503"), (WARN, "GET /healthz 200"),
            (FAILED, "Health check failed for payments-db"), (INFO, "health check failed: connection refused"),
            (INFO, '"GET /health-records/42 HTTP/1.1" 200'), (INFO, '"GET /ready-meals?x=1 HTTP/1.1" 200'),
            (INFO, "GET /api/healthz-report 200"), (DEBUG, "a debug record")]


class Scrubber:
    """The collector of a generated stack, alone; what it would store is read from files."""

    def __init__(self, folder, *options: str) -> None:
        stacks.generate(folder / "stack", "--environment", ENVIRONMENT, *options)
        config = yaml.safe_load((folder / "stack/configs/otel-collector/config.yaml").read_text(encoding="utf-8"))
        self.http, grpc, health, metrics = free_ports(4)
        protocols = config["receivers"]["otlp"]["protocols"]
        protocols["grpc"]["endpoint"] = f"127.0.0.1:{grpc}"
        protocols["http"]["endpoint"] = f"127.0.0.1:{self.http}"
        config["extensions"] = {"health_check": {"endpoint": f"127.0.0.1:{health}"}}
        telemetry = config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
        telemetry.update(host="127.0.0.1", port=metrics)
        config["service"]["extensions"] = ["health_check"]
        config["processors"]["tail_sampling"]["decision_wait"] = "1s"
        self.files = {}
        stores = config["exporters"]
        config["exporters"] = {}
        for name, pipeline in config["service"]["pipelines"].items():
            signal = name.partition("/")[0]
            pipeline["exporters"] = [self.file(folder, signal, config) if one in stores else one
                                     for one in pipeline["exporters"]]
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self.log = open(folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(["otelcol", "--config", str(folder / "config.yaml")], stdout=self.log,
                                        stderr=self.log)
        wait_for(lambda: self.is_up(health), 60, "the collector", 0.2)

    def is_up(self, health: int) -> bool:
        if self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError(f"the collector ended: {self.log.read()[-2000:]}")
        return requests.get(f"http://127.0.0.1:{health}", timeout=1).ok

    def file(self, folder, signal: str, config: dict) -> str:
        self.files[signal] = folder / f"{signal}.jsonl"
        config["exporters"][f"file/{signal}"] = {"path": str(self.files[signal]), "flush_interval": "100ms"}
        return f"file/{signal}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def send(self, signal: str, body: dict) -> None:
        answer = requests.post(f"http://127.0.0.1:{self.http}/v1/{signal}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def requests(self, signal: str) -> list:
        """What was stored so far; a line that is still being written is left for the next look."""
        if not self.files[signal].exists():
            return []
        lines = self.files[signal].read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1] if line]

    def logs(self, name: str, records: list, attributes: dict | None = None) -> list:
        """Sends (severity, text) as one service; what was stored, as (text, resource), once the last one is there."""
        now = str(time.time_ns())
        rows = [{"timeUnixNano": now, "severityNumber": severity, "body": {"stringValue": text}}
                for severity, text in [*records, (INFO, f"end of {name}")]]
        resource = {"attributes": pairs({"service.name": name, **(attributes or {})})}
        self.send("logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": rows}]}]})

        def found() -> list:
            return [(record["body"]["stringValue"], strings(block["resource"])) for request in self.requests("logs")
                    for block in request["resourceLogs"] if strings(block["resource"])["service.name"] == name
                    for scope in block["scopeLogs"] for record in scope["logRecords"]]
        wait_for(lambda: found() and found()[-1][0] == f"end of {name}", 30, f"the records of {name}", 0.2)
        return found()[:-1]

    def trace(self, *spans: dict) -> str:
        """Sends one trace of spans in a row, each the child of the one before; returns its id."""
        trace_id, parent, rows = secrets.token_hex(16), "", []
        now = time.time_ns()
        for row in spans:
            span_id = secrets.token_hex(8)
            rows.append({"traceId": trace_id, "spanId": span_id, "parentSpanId": parent, "name": "GET", "kind": SERVER,
                         "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now), **row})
            parent = span_id
        self.send("traces", {"resourceSpans": [{"scopeSpans": [{"spans": rows}]}]})
        return trace_id

    def spans(self) -> list:
        return [span for request in self.requests("traces") for block in request["resourceSpans"]
                for scope in block["scopeSpans"] for span in scope["spans"]]

    def sizes(self) -> dict:
        """Trace id -> number of its spans that were stored."""
        return collections.Counter(span["traceId"] for span in self.spans())

    def attributes(self) -> list:
        return [strings(span) for span in self.spans() if span.get("attributes")]


def pairs(attributes: dict) -> list:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def strings(item: dict) -> dict:
    """The attributes that are text."""
    return {row["key"]: row["value"].get("stringValue") for row in item["attributes"]}


def path(value: str, **more) -> dict:
    return {"attributes": pairs({"url.path": value}), **more}


@pytest.fixture(scope="module")
def scrubber(tmp_path_factory):
    collector = Scrubber(tmp_path_factory.mktemp("scrubber"))
    yield collector
    collector.stop()


def test_secrets_are_masked_and_sentences_kept(scrubber):
    stored = [text for text, _ in scrubber.logs("redaction", [(INFO, line) for line in [*MASKED, *KEPT]])]
    masked, kept = stored[:len(MASKED)], stored[len(MASKED):]
    shown = {line: out for (line, secret), out in zip(MASKED.items(), masked) if secret in out or "****" not in out}
    assert shown == {}, "not masked"
    assert kept == KEPT


def test_attributes_are_masked_by_name_and_value(scrubber):
    scrubber.trace({"attributes": pairs({
        "card.number": "4111111111111111", "note": "card 4111111111111111 declined", "lab.mark": "attributes",
        "query": "pan='4111111111111111'", "front": "4111111111111111 declined", "order.id": "4111111111111112",
        "reason": "secret: manager started"})})
    wait_for(lambda: any(row.get("lab.mark") == "attributes" for row in scrubber.attributes()), 30, "the span", 0.2)
    stored = next(row for row in scrubber.attributes() if row.get("lab.mark") == "attributes")
    assert stored == {"card.number": "****", "note": "card **** declined", "lab.mark": "attributes",
                      "query": "pan='****'", "front": "**** declined", "order.id": "4111111111111112",
                      "reason": "secret: manager started"}


def test_noise_is_dropped_and_nothing_else(scrubber):
    stored = [text for text, _ in scrubber.logs("noise", [*NOISE, *NO_NOISE])]
    assert stored == [line for _, line in NO_NOISE]


def test_health_checks_are_dropped_as_whole_traces(scrubber):
    dropped = [scrubber.trace(path("/healthz"), {}), scrubber.trace(path("/-/ready"))]
    kept = {scrubber.trace(path("/healthz"), {"status": {"code": ERROR}}): 2,
            scrubber.trace(path("/health-records/42"), {}): 2,
            scrubber.trace(path("/checkout"), path("/healthz")): 2}
    wait_for(lambda: set(kept) <= set(scrubber.sizes()), 30, "the traces that are kept", 0.2)
    stored = scrubber.sizes()
    assert {key: stored[key] for key in kept} == kept
    assert not set(dropped) & set(stored)


@pytest.mark.parametrize("key", ["deployment.environment", "deployment.environment.name"])
def test_environment_of_the_application_wins(scrubber, key):
    (_, stored), = scrubber.logs(f"staging {key}", [(INFO, "a line")], {key: "staging"})
    assert stored["deployment.environment.name"] == "staging"


def test_settings_are_not_expanded(scrubber):
    (_, stored), = scrubber.logs("dollars", [(INFO, "a line")])
    assert stored["deployment.environment.name"] == ENVIRONMENT


def test_debug_records_are_dropped_on_request_only(tmp_path):
    collector = Scrubber(tmp_path, "--set", "logs.drop_debug=true")
    try:
        stored = collector.logs("debug", [(DEBUG, "a debug record"), (0, "a record without a level"), (INFO, "info")])
        assert [text for text, _ in stored] == ["a record without a level", "info"]
    finally:
        collector.stop()
