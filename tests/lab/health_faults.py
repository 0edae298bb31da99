# SPDX-License-Identifier: Apache-2.0
"""Faults that are injected into a running stack, and what `obsctl health` has to find in each: nothing less, and
nothing more. The expected findings were written before the first run."""

import contextlib
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import yaml

from journey import known
from stack import Stack, run

# What is true of the machine that the lab runs on, whatever the stack does.
OF_THE_HOST = [f"--skip={check}" for check in ("STO-001", "HST-001", "HST-002", "HST-003")]
COLLECTOR, PROMETHEUS = "otel-collector", "prometheus"


def findings(report: dict) -> set:
    """"COMPONENT/ID" of every warning and error, without alerts about the machine that the lab runs on, and those
    that fire for long after their cause is gone."""
    ignored = {*known("allowed_firing.yaml"), "ComponentRestarting", "HostOutOfMemoryKill"}
    return {f"{check.get('component', '')}/{check['id']}" for check in report["checks"]
            for problem in check["problems"]
            if problem["severity"] != "note" and problem["labels"].get("alert") not in ignored}


def unknown(report: dict) -> set:
    return {f"{check.get('component', '')}/{check['id']}: {check.get('why')}" for check in report["checks"]
            if check["status"] == "unknown"}


@dataclasses.dataclass(frozen=True)
class Fault:
    """`inject` is a context manager: the fault lasts as long as it is open."""

    name: str
    inject: Callable
    finds: frozenset        # "COMPONENT/ID", all of which have to be found
    may: frozenset = frozenset()   # effects that come when the fault lasts
    loaded: bool = False    # only seen while telemetry flows


def container(stack: Stack, service: str) -> str:
    return stack.containers()[service]["ID"]


@contextlib.contextmanager
def paused(stack: Stack, service: str):
    run(["docker", "pause", container(stack, service)])
    try:
        yield
    finally:
        run(["docker", "unpause", container(stack, service)])


@contextlib.contextmanager
def stopped(stack: Stack, service: str):
    stack.compose("stop", "--timeout", "2", service)
    try:
        yield
    finally:
        stack.compose("start", service)


@contextlib.contextmanager
def file_changed(path: pathlib.Path, text: str | None, mode: int | None = None):
    """A file with another content (None: the same) or another mode; afterwards as it was, or gone again."""
    before = path.read_bytes() if path.exists() else None
    old_mode = path.stat().st_mode & 0o777 if before is not None else None
    if text is not None:
        path.write_text(text, encoding="utf-8")
    if mode is not None:
        path.chmod(mode)
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
            path.chmod(old_mode)


def reload(stack: Stack, service: str) -> None:
    stack.compose("kill", "-s", "HUP", service)


@contextlib.contextmanager
def rule(stack: Stack, expr: str, name: str = "Injected"):
    path = stack.directory / "configs/prometheus/rules.d/injected.yml"
    text = yaml.safe_dump({"groups": [{"name": "injected", "interval": "5s", "rules": [
        {"alert": name, "expr": expr, "for": "24h", "labels": {"severity": "warning"}}]}]})
    with file_changed(path, text):
        reload(stack, PROMETHEUS)
        yield
    reload(stack, PROMETHEUS)


@contextlib.contextmanager
def scrape(stack: Stack, job: dict):
    path = stack.directory / "configs/prometheus/scrape.d/injected.yml"
    job = {"job_name": "injected", "scrape_interval": "5s", "scrape_timeout": "2s", **job}
    with file_changed(path, yaml.safe_dump({"scrape_configs": [job]})):
        reload(stack, PROMETHEUS)
        yield
    reload(stack, PROMETHEUS)


def targets(*addresses: str) -> list:
    return [{"targets": list(addresses)}]


@contextlib.contextmanager
def recreated(stack: Stack, service: str, change: Callable):
    """A service with something changed in the Compose file."""
    path = stack.directory / "docker-compose.override.yml"
    with file_changed(path, yaml.safe_dump({"services": {service: change()}})):
        stack.forget()
        stack.compose("up", "-d", "--no-deps", "--pull", "never", service)
        yield
    stack.forget()
    stack.compose("up", "-d", "--no-deps", "--pull", "never", service)


@contextlib.contextmanager
def collector_config(stack: Stack, changes: dict):
    """The collector with more in its own.yaml."""
    path = stack.directory / "configs/otel-collector/own.yaml"
    with file_changed(path, yaml.safe_dump(changes)):
        stack.compose("restart", "--timeout", "5", COLLECTOR)
        yield
    stack.compose("restart", "--timeout", "5", COLLECTOR)


@contextlib.contextmanager
def broken_config(stack: Stack, service: str, file: str, restart: bool):
    path = stack.directory / "configs" / service / file
    with file_changed(path, "no: [such, configuration\n"):
        if restart:
            stack.compose("restart", "--timeout", "2", service)
        else:
            reload(stack, service)
        yield
    if restart:
        stack.compose("restart", "--timeout", "2", service)
    else:
        reload(stack, service)


@contextlib.contextmanager
def state(stack: Stack, document: dict):
    path = stack.directory / ".obsctl/state.json"
    with file_changed(path, json.dumps({"schema": "obsctl.state/v1", **document})):
        yield


@contextlib.contextmanager
def limited(stack: Stack, service: str, memory: str):
    """Less memory than it needs, from now on."""
    name = container(stack, service)
    before = run(["docker", "inspect", "--format", "{{.HostConfig.Memory}}", name]).stdout.strip()
    run(["docker", "stop", "--time", "1", name])  # a limit below what is in use is refused
    run(["docker", "update", "--memory", memory, "--memory-swap", memory, name])
    run(["docker", "start", name], may_fail=True)
    try:
        yield
    finally:
        run(["docker", "update", "--memory", before, "--memory-swap", before, name])
        run(["docker", "restart", "--time", "1", name], may_fail=True)


@contextlib.contextmanager
def both(first, second):
    with first, second:
        yield


@contextlib.contextmanager
def rule_now(stack: Stack):
    path = stack.directory / "configs/prometheus/rules.d/injected.yml"
    text = yaml.safe_dump({"groups": [{"name": "injected", "interval": "5s", "rules": [
        {"alert": "Injected", "expr": "up == 1", "labels": {"severity": "warning"}}]}]})
    with file_changed(path, text):
        reload(stack, PROMETHEUS)
        yield
    reload(stack, PROMETHEUS)


def found(*names: str) -> frozenset:
    return frozenset(names)


def days_ago(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


BACKUP = {"at": days_ago(3), "id": "20260101T000000Z-abc123", "repository": "/backups", "complete": True}

FAULTS = [
    Fault("traces' store paused", lambda s: paused(s, "jaeger"),
          found("jaeger/SVC-008", f"{COLLECTOR}/COL-003"),
          found(f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014", "jaeger/SVC-004", "jaeger/SVC-009"), loaded=True),
    Fault("logs' store paused", lambda s: paused(s, "loki"),
          found("loki/SVC-008", f"{COLLECTOR}/COL-003"),
          found(f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014", "loki/SVC-004"), loaded=True),
    Fault("metrics' store stopped", lambda s: stopped(s, PROMETHEUS),
          found(f"{PROMETHEUS}/SVC-001", f"{COLLECTOR}/COL-003"), loaded=True),
    Fault("logs' store stopped", lambda s: stopped(s, "loki"),
          found("loki/SVC-001", f"{COLLECTOR}/COL-003", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", "grafana/SVC-015"), loaded=True),
    Fault("collector stopped", lambda s: stopped(s, COLLECTOR),
          found(f"{COLLECTOR}/SVC-001", f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014")),
    Fault("collector paused", lambda s: paused(s, COLLECTOR),
          found(f"{COLLECTOR}/SVC-008", f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014")),
    Fault("Alertmanager stopped", lambda s: stopped(s, "alertmanager"),
          found("alertmanager/SVC-001", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", f"{PROMETHEUS}/PRM-015", f"{PROMETHEUS}/PRM-005")),
    Fault("viewer paused", lambda s: paused(s, "grafana"),
          found("grafana/SVC-008"), found(f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014", "grafana/SVC-004")),
    Fault("a store stopped and another paused", lambda s: both(stopped(s, "jaeger"), paused(s, "loki")),
          found("jaeger/SVC-001", "loki/SVC-008", f"{COLLECTOR}/COL-003", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", "loki/SVC-004"), loaded=True),
    Fault("collector does not start", lambda s: broken_config(s, COLLECTOR, "own.yaml", True),
          found(f"{COLLECTOR}/SVC-009"),
          found(f"{COLLECTOR}/SVC-001", f"{COLLECTOR}/SVC-002", f"{COLLECTOR}/SVC-015", f"{PROMETHEUS}/PRM-001",
                f"{PROMETHEUS}/PRM-014")),
    Fault("receiver on loopback", lambda s: collector_config(
        s, {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "localhost:4317"}}}}}),
          found(f"{COLLECTOR}/SVC-007")),
    Fault("impossible health check", lambda s: recreated(s, "jaeger", lambda: {
        "healthcheck": {"test": ["CMD", "nosuchprogram", "localhost"], "interval": "1s", "retries": 1}}),
          found("jaeger/SVC-006")),
    Fault("nothing starts it again", lambda s: recreated(s, "node-exporter", lambda: {"restart": "no"}),
          found("node-exporter/SVC-012")),
    Fault("rule cannot fire", lambda s: rule(s, "rate(node_cpu_second_total[5m]) > 100"),
          found(f"{PROMETHEUS}/PRM-004")),
    Fault("alert fires", lambda s: rule_now(s), found(f"{PROMETHEUS}/PRM-014")),
    Fault("target does not answer", lambda s: scrape(s, {"static_configs": targets("localhost:9")}),
          found(f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014")),
    Fault("target's name does not resolve", lambda s: scrape(s, {"static_configs": targets("nowhere.invalid:80")}),
          found(f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014")),
    Fault("sample limit", lambda s: scrape(s, {"sample_limit": 5, "static_configs": targets("localhost:9090")}),
          found(f"{PROMETHEUS}/PRM-002"), found(f"{PROMETHEUS}/PRM-014")),
    Fault("secret readable", lambda s: file_changed(next((s.directory / "secrets").iterdir()), None, 0o644),
          found("/SEC-001")),
    Fault("backup old and unread", lambda s: state(s, {"last_backup": BACKUP}),
          found("/BAK-001", "/BAK-002")),
    Fault("restore half done", lambda s: state(s, {"open_journal": {
        "at": days_ago(0.1), "operation": "restore", "file": "/backups/restore-1.json"}}),
          found("/JRN-001")),
    # Last, because a log tells of them for minutes.
    Fault("rule cannot be evaluated", lambda s: rule(s, "up * on() group_left up"),
          found(f"{PROMETHEUS}/PRM-003")),
    Fault("configuration refused by Prometheus", lambda s: broken_config(s, PROMETHEUS, "scrape.d/broken.yml", False),
          found(f"{PROMETHEUS}/PRM-009"), found(f"{PROMETHEUS}/PRM-014", f"{PROMETHEUS}/SVC-015")),
    Fault("killed at the memory limit", lambda s: limited(s, COLLECTOR, "16m"),
          found(f"{COLLECTOR}/SVC-003"),
          found(f"{COLLECTOR}/SVC-001", f"{COLLECTOR}/SVC-002", f"{COLLECTOR}/SVC-005", f"{COLLECTOR}/SVC-009",
                f"{COLLECTOR}/COL-002", f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014", f"{COLLECTOR}/SVC-011",
                "node-exporter/HST-004")),
]
