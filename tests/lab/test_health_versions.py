# SPDX-License-Identifier: Apache-2.0
"""`obsctl health` reads programs that obsctl did not generate, of versions that people still run: the collector's own
metrics have other names in each, and Prometheus 2 answers beside Prometheus 3. What is found is the same."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess

import pytest
import requests
import yaml

from backends import wait_for
from collector import Sink, free_ports, is_there, running
from labenv import built

STARTS = 60           # seconds
FOUND = 30
SAME = ("COL-001", "COL-002", "COL-003", "COL-004", "COL-005", "COL-006", "COL-007")


def by_address(port: int) -> dict:
    """The setting that was removed in 0.123."""
    return {"address": f"127.0.0.1:{port}"}


def by_reader(port: int, **names) -> dict:
    return {"readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port, **names}}}}]}


def without_units(port: int) -> dict:
    return by_reader(port, without_units=True)


def bare(port: int) -> dict:
    return by_reader(port, without_units=True, without_type_suffix=True, without_scope_info=True)


@dataclasses.dataclass(frozen=True)
class Form:
    source: str           # of sources.yaml
    binary: str
    telemetry: object
    sent: str             # what the counter of sent spans is called there

    def __str__(self) -> str:
        return f"{self.source}, {self.telemetry.__name__}"


FORMS = [Form("collector-0.116", "otelcol-0.116", by_address, "otelcol_exporter_sent_spans"),
         Form("collector-0.130", "otelcol-0.130", by_reader, "otelcol_exporter_sent_spans__spans__total"),
         Form("collector-0.130", "otelcol-0.130", without_units, "otelcol_exporter_sent_spans_total"),
         Form("collector-0.130", "otelcol-0.130", bare, "otelcol_exporter_sent_spans"),
         Form("collector", "otelcol", by_reader, "otelcol_exporter_sent_spans")]
SERVERS = {"prometheus-2": "prometheus-2", "prometheus": "prometheus"}


@pytest.fixture
def sink():
    one = Sink()
    yield one
    if one.process.poll() is None:
        one.stop()


@dataclasses.dataclass(frozen=True)
class Collector:
    grpc: int
    url: str

    def page(self) -> str:
        return requests.get(f"{self.url}/metrics", timeout=5).text


@contextlib.contextmanager
def collector_of(form: Form, folder: pathlib.Path, to: int):
    """A collector that sends everything to a gRPC port of this machine."""
    built(form.source)
    grpc, metrics = free_ports(2)
    config = folder / "collector.yaml"
    pipeline = {"receivers": ["otlp"], "exporters": ["otlp", "debug"]}
    config.write_text(yaml.safe_dump({
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{grpc}"}}}},
        "exporters": {"otlp": {"endpoint": f"127.0.0.1:{to}", "tls": {"insecure": True}}, "debug": {}},
        "service": {"telemetry": {"metrics": form.telemetry(metrics)},
                    "pipelines": dict.fromkeys(("traces", "metrics", "logs"), pipeline)}}), encoding="utf-8")
    with running(form.binary, "--config", config):
        url = f"http://127.0.0.1:{metrics}"
        wait_for(lambda: is_there(f"{url}/metrics"), STARTS, f"{form} started")
        yield Collector(grpc, url)


@contextlib.contextmanager
def server_of(source: str, folder: pathlib.Path, scrapes: list):
    """A Prometheus that scrapes these ports, with an alert that always fires, as it should."""
    built(source)
    (port,) = free_ports(1)
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "own", "interval": "1s", "rules": [
        {"alert": "Watchdog", "expr": "vector(1)", "labels": {"severity": "none"}}]}]}), encoding="utf-8")
    config = folder / f"{source}.yml"
    config.write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "collector",
                            "static_configs": [{"targets": [f"127.0.0.1:{one}" for one in scrapes]}]}]}),
        encoding="utf-8")
    with running(SERVERS[source], f"--config.file={config}", f"--storage.tsdb.path={folder / source}",
                 f"--web.listen-address=127.0.0.1:{port}"):
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_there(f"{url}/-/ready"), STARTS, f"{source} started")
        yield url


@contextlib.contextmanager
def load(port: int):
    with running(os.environ["OBSCTL"], "loadgen", "-e", f"127.0.0.1:{port}", "-r", "200/s", "-b", "10", "-d", "1h",
                 "-q"):
        yield


def health(*words) -> list:
    command = [os.environ["OBSCTL"], "health", "-o", "json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 3, 4), done.stderr
    return json.loads(done.stdout)["checks"]


def findings(checks: list) -> set:
    return {(check["id"], *sorted(problem["labels"].items())) for check in checks for problem in check["problems"]}


def problems(checks: list, id_: str) -> list:
    return [problem for check in checks if check["id"] == id_ for problem in check["problems"]]


def unknown(checks: list) -> dict:
    return {check["id"]: check["why"] for check in checks if check["status"] == "unknown"}


def stuck() -> set:
    return {("COL-003", ("exporter", "otlp"), ("signal", signal)) for signal in ("traces", "metrics", "logs")}


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_collectors_say_the_same_under_other_names(form, sink, tmp_path, report):
    with collector_of(form, tmp_path, sink.grpc) as collector, load(collector.grpc):
        words = ["--collector", collector.url]
        wait_for(lambda: f"\n{form.sent}{{" in collector.page(), FOUND, f"{form.sent} at {form}")
        checks = health(*words)
        assert not unknown(checks) and not findings(checks)
        assert {check["id"] for check in checks if check["status"] == "ok"} >= set(SAME)
        sink.stop()
        found = wait_for(lambda: stuck() <= findings(health(*words)) and findings(health(*words)), FOUND,
                         "what is sent nowhere")
        report(f"{form}: {len(found)} findings")
        assert {one[0] for one in found} <= {"COL-003", "COL-005"}


@pytest.mark.parametrize("source", SERVERS)
def test_prometheus_2_answers_as_prometheus_3(source, sink, tmp_path, report):
    (nobody,) = free_ports(1)
    with collector_of(FORMS[-1], tmp_path, sink.grpc) as collector, load(collector.grpc):
        port = int(collector.url.rpartition(":")[2])
        with server_of(source, tmp_path, [port, nobody]) as url:
            words = ["--prometheus", url, "--collector", collector.url]
            down = f"127.0.0.1:{nobody}"
            found = wait_for(lambda: {problem["labels"]["instance"] for problem in problems(health(*words), "PRM-001")},
                             FOUND, f"{down} is down")
            checks = health(*words)
            report(f"{source}: {len(checks)} checks; {', '.join(sorted({one[0] for one in findings(checks)}))}")
            assert found == {down} and not unknown(checks)
            # Nobody was told of an Alertmanager.
            assert {one[0] for one in findings(checks)} == {"PRM-001", "PRM-005"}
