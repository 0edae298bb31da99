# SPDX-License-Identifier: Apache-2.0
"""Faults of who watches: Prometheus, its rules, targets and log, and the Alertmanager, with what has to be found."""

import contextlib
import time

import requests
import yaml

from backends import wait_for
from health_faults import (COLLECTOR, PROMETHEUS, RULES, Fault, again_and_again, broken, config, container, folder,
                           found, mended, replaced, restart, rule, scrape, stopped, together)
from stack import Stack, run

ALARM = f"{PROMETHEUS}/PRM-014"
NOT_SCRAPED = (f"{PROMETHEUS}/PRM-001", ALARM)


def without_watchdog(text: str) -> str:
    document = yaml.safe_load(text)
    for group in document["groups"]:
        group["rules"] = [row for row in group["rules"] if row.get("alert") != "Watchdog"]
    return yaml.safe_dump(document)


def prometheus(stack: Stack, old: str, new: str):
    return config(stack, PROMETHEUS, "prometheus.yml", replaced(old, new))


def rule_removed(stack: Stack) -> None:
    (stack.directory / "configs" / PROMETHEUS / RULES).unlink()


def undeliverable(stack: Stack):
    """A receiver that does not answer, told again in seconds."""
    def change(text: str) -> str:
        document = yaml.safe_load(text)
        next(row for row in document["receivers"] if row["name"] == "watchdog")["webhook_configs"] = [
            {"url": "http://alertmanager:9/"}]
        watchdog = next(row for row in document["route"]["routes"] if row["receiver"] == "watchdog")
        watchdog.update(group_interval="1s", repeat_interval="1s")
        return yaml.safe_dump(document)
    return config(stack, "alertmanager", "alertmanager.yml", change)


def invalid_alerts(stack: Stack):
    url = f"http://{stack.address('alertmanager', 9093)}/api/v2/alerts"
    return again_and_again(lambda: requests.post(url, json=[{"labels": {"alertname": ""}}], timeout=5))


def everything(span: str) -> str:
    """A query that reads all series once for each second."""
    return f'count(last_over_time({{__name__=~".+"}}[{span}:1s]))'


@contextlib.contextmanager
def log_damaged(stack: Stack):
    """Bytes in the middle of a segment of the write-ahead log are overwritten."""
    stack.compose("stop", "--timeout", "10", PROMETHEUS)
    segment = max((folder(stack, PROMETHEUS) / "wal").glob("0*"), key=lambda path: path.stat().st_size)
    with segment.open("r+b") as file:
        file.seek(segment.stat().st_size // 2)
        file.write(b"\xff" * 4096)
    stack.compose("start", PROMETHEUS)
    try:
        yield
    finally:
        restart(stack, PROMETHEUS)


def many_series(stack: Stack, number: int):
    sender, turn = stack.sender("http"), iter(range(10**6))

    def send() -> None:
        first = next(turn) * 5000
        if first < number:
            sender.counter("lab-series", "lab.explosion", {f"user-{item}": 1 for item in range(first, first + 5000)})
    return again_and_again(send)


@contextlib.contextmanager
def roomy(stack: Stack):
    """Prometheus with memory for whatever is asked of it, so that it is slow and not killed."""
    box = container(stack, PROMETHEUS)
    limit = run(["docker", "inspect", "--format", "{{.HostConfig.Memory}}", box]).stdout.strip()
    run(["docker", "update", "--memory", "6g", "--memory-swap", "6g", box])
    try:
        yield
    finally:
        restart(stack, PROMETHEUS)  # with what it took, it may be above its limit
        run(["docker", "update", "--memory", limit, "--memory-swap", limit, box])


@contextlib.contextmanager
def slow_queries(stack: Stack):
    """Some at once that read everything; after a restart, so that the queries before do not outnumber them."""
    restart(stack, PROMETHEUS)
    wait_for(lambda: stack.prometheus().query("up"), 60, "an answer of Prometheus")
    url = f"{stack.prometheus().url}/api/v1/query"
    many = [again_and_again(lambda: requests.get(url, params={"query": everything("6h")}, timeout=15))
            for _ in range(6)]
    with roomy(stack), together(*many):
        yield


PANEL = 'sum by (job) (count_over_time({__name__=~".+"}[10m]))'


@contextlib.contextmanager
def many_panels(stack: Stack):
    """A dashboard of many panels over a long time, as its data source asks for them."""
    url = f"{stack.prometheus().url}/api/v1/query_range"

    def ask() -> None:
        now = time.time()
        requests.get(url, params={"query": PANEL, "start": now - 3600, "end": now, "step": 5}, timeout=60)
    with roomy(stack), together(*[again_and_again(ask, 0.1) for _ in range(8)]):
        yield


def unlogged_panels(stack: Stack):
    """The fix writes into the configuration, which is as before afterwards."""
    return together(config(stack, PROMETHEUS, "prometheus.yml", lambda text: text), many_panels(stack))


def logged_panels(stack: Stack):
    change = replaced("global:\n", "global:\n  query_log_file: /dev/stdout\n")
    return together(config(stack, PROMETHEUS, "prometheus.yml", change), many_panels(stack))


FLAPS = "vector(time()) % 4 < 2"

SLOWED = found(*NOT_SCRAPED, *(f"{PROMETHEUS}/{check}" for check in (
    "PRM-008", "PRM-010", "SVC-002", "SVC-005", "SVC-011")), f"{COLLECTOR}/COL-003")

FAULTS = [
    Fault("Alertmanager stopped", lambda s: stopped(s, "alertmanager"),
          found("alertmanager/SVC-001", f"{PROMETHEUS}/PRM-001"),
          found(ALARM, f"{PROMETHEUS}/PRM-015", f"{PROMETHEUS}/SVC-015"), fix="alertmanager/SVC-001"),
    Fault("alerts do not get through", lambda s: together(
        rule(s, FLAPS, interval="1s"), stopped(s, "alertmanager")),
          found("alertmanager/SVC-001", f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-015"),
          found(ALARM, f"{PROMETHEUS}/SVC-015")),
    Fault("notifications are refused", undeliverable, found("alertmanager/ALM-001"),
          found("alertmanager/SVC-015", ALARM)),
    Fault("alerts that are none", invalid_alerts, found("alertmanager/ALM-003"), found("alertmanager/SVC-015", ALARM)),
    Fault("configuration refused by the Alertmanager", lambda s: config(s, "alertmanager", "alertmanager.yml", broken),
          found("alertmanager/ALM-002"), found(ALARM, "alertmanager/SVC-015"), fix="alertmanager/ALM-002",
          by_hand=lambda s: mended(s, "alertmanager", "alertmanager.yml")),

    Fault("rule cannot fire", lambda s: rule(s, "rate(node_cpu_second_total[5m]) > 100", **{"for": "24h"}),
          found(f"{PROMETHEUS}/PRM-004"), fix=f"{PROMETHEUS}/PRM-004",
          by_hand=rule_removed),
    Fault("alert fires", lambda s: rule(s, "up == 1"), found(ALARM)),
    Fault("rules are late", lambda s: rule(s, f"{everything('30m')} < 0", interval="20ms"),
          found(f"{PROMETHEUS}/PRM-008"), found(ALARM, f"{PROMETHEUS}/SVC-011", f"{PROMETHEUS}/PRM-003",
                                                    f"{PROMETHEUS}/PRM-019", f"{PROMETHEUS}/PRM-021")),
    Fault("target does not answer", lambda s: scrape(s, "localhost:9"), found(f"{PROMETHEUS}/PRM-001"), found(ALARM)),
    Fault("target's name does not resolve", lambda s: scrape(s, "nowhere.invalid:80"),
          found(f"{PROMETHEUS}/PRM-001"), found(ALARM)),
    Fault("sample limit", lambda s: scrape(s, "localhost:9090", sample_limit=5),
          found(f"{PROMETHEUS}/PRM-002"), found(ALARM)),
    Fault("two series are made one", lambda s: scrape(
        s, "localhost:9090", scrape_interval="1s", scrape_timeout="1s", metrics_path="/federate",
        params={"match[]": ["prometheus_http_requests_total"]},
        metric_relabel_configs=[{"action": "labeldrop", "regex": "exported_.*|handler|code"}]),
          found(f"{PROMETHEUS}/PRM-011"), found(ALARM, f"{PROMETHEUS}/SVC-015")),
    Fault("no Alertmanager is known", lambda s: prometheus(s, "\nalerting:\n  alertmanagers:\n    - static_configs:\n"
                                                           '        - targets: ["alertmanager:9093"]\n', "\n"),
          found(f"{PROMETHEUS}/PRM-005"), found(ALARM), fix=f"{PROMETHEUS}/PRM-005"),
    Fault("no rules", lambda s: prometheus(s, "  - /etc/prometheus/rules/*.yml\n", "  - /etc/prometheus/none/*.yml\n"),
          found(f"{PROMETHEUS}/PRM-016"), fix=f"{PROMETHEUS}/PRM-016"),
    Fault("no watchdog", lambda s: config(s, PROMETHEUS, "rules/prometheus-alerts.yml", without_watchdog),
          found(f"{PROMETHEUS}/PRM-013"), found(ALARM), fix=f"{PROMETHEUS}/PRM-013"),
    Fault("queries are slow", slow_queries, found(f"{PROMETHEUS}/PRM-010"),
          found(*SLOWED, f"{PROMETHEUS}/PRM-019", f"{PROMETHEUS}/PRM-021")),
    Fault("panels that ask too much", unlogged_panels, found(f"{PROMETHEUS}/PRM-019", f"{PROMETHEUS}/PRM-021"), SLOWED,
          fix=f"{PROMETHEUS}/PRM-021"),
    Fault("panels that ask too much, logged", logged_panels, found(f"{PROMETHEUS}/PRM-019", f"{PROMETHEUS}/PRM-020"),
          SLOWED, names=(f"asks {PANEL}",)),
    Fault("more series than planned", lambda s: many_series(s, 150_000),
          found(f"{PROMETHEUS}/PRM-007", f"{PROMETHEUS}/PRM-017", f"{PROMETHEUS}/PRM-018"),
          found(ALARM, f"{PROMETHEUS}/SVC-011", f"{PROMETHEUS}/SVC-005", f"{COLLECTOR}/COL-005"),
          names=("metric lab_explosion", "label item"), fix=f"{PROMETHEUS}/PRM-007", values=(("COUNT", "200k"),)),

    # Last, because a log tells of them for minutes.
    Fault("rule cannot be evaluated", lambda s: rule(s, "up * on() group_left up"),
          found(f"{PROMETHEUS}/PRM-003"), found(ALARM), fix=f"{PROMETHEUS}/PRM-003",
          by_hand=rule_removed),
    Fault("configuration refused by Prometheus", lambda s: config(s, PROMETHEUS, "prometheus.yml", broken),
          found(f"{PROMETHEUS}/PRM-009"), found(ALARM, f"{PROMETHEUS}/SVC-015"), fix=f"{PROMETHEUS}/PRM-009",
          by_hand=lambda s: mended(s, PROMETHEUS, "prometheus.yml")),
    Fault("write-ahead log damaged", log_damaged, found(f"{PROMETHEUS}/PRM-006"),
          found(f"{PROMETHEUS}/SVC-015", f"{PROMETHEUS}/PRM-013", ALARM), fix=f"{PROMETHEUS}/PRM-006"),
]
