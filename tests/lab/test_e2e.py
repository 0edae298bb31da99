"""Telemetry through the generated stack, unmodified, on a real engine: in by OTLP, out by query.

The tests run in the order of the file on one stack: first everything healthy, then failures,
then what alerts and dashboards ask for, when also the failure counters exist.
"""

import dataclasses
import json
import math
import os
import pathlib
import signal
import time
import uuid

import pytest
import requests
import yaml

import queries
from backends import get, wait_for
from telemetry import HttpApplication, TraceSpec, mixed

LAB = pathlib.Path(__file__).resolve().parent
NORMAL, ERRORS, SLOW = 1500, 60, 60
ARRIVAL = 60                      # seconds for accepted data to become readable
RECOVERY = 150                    # after an outage: exporters wait up to 90 s between tries
OUTAGE = 60


def known(filename: str) -> dict:
    """An exception list: name -> why. Every entry must carry its reason."""
    rows = yaml.safe_load((LAB / filename).read_text(encoding="utf-8")) or {}
    assert all(rows.values()), f"{filename}: an exception without a reason"
    return rows


def arrived(stack, service: str, ids: list, seconds: float = ARRIVAL) -> set:
    """Waits until every given trace is found; returns all trace ids of the service."""
    store = stack.traces()
    wait_for(lambda: set(ids) <= store.ids(service), seconds + stack.sampling().decision_seconds,
             f"{len(ids)} traces of {service} in {store}")
    return store.ids(service)


def lines_arrived(stack, service: str, lines: list, seconds: float = ARRIVAL) -> None:
    store = stack.logs()
    wait_for(lambda: sorted(store.lines(service)) == sorted(lines), seconds,
             f"exactly {len(lines)} log lines of {service} in {store}")


def counter_arrived(stack, service: str, values: dict, seconds: float = ARRIVAL) -> None:
    expr = f'last_over_time(lab_items_total{{service_name="{service}"}}[15m])'
    wanted = {key: float(value) for key, value in values.items()}
    wait_for(lambda: stack.prometheus().values(expr, "item") == wanted, seconds,
             f"counter of {service} == {wanted} in Prometheus")


# -- healthy ---------------------------------------------------------------------------------


def test_every_container_is_healthy(stack, report):
    rows = stack.containers()
    report(", ".join(f"{name} {row.get('Health') or row['State']}" for name, row in rows.items()))
    assert stack.is_healthy(), stack.why()


def test_published_ports_are_on_loopback(stack):
    for name, service in stack.services().items():
        for port in service.get("ports", []):
            assert port.get("host_ip") == "127.0.0.1", f"{name}: {port}"


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_traces_are_sampled_as_configured(stack, traces, service, protocol, report):
    sampling = stack.sampling()
    specs = mixed(NORMAL, ERRORS, SLOW, sampling.slow_seconds + 0.5)
    ids = stack.sender(protocol).spans(service, specs)
    must = [trace for trace, spec in zip(ids, specs) if spec.kind != "normal"]
    stored = arrived(stack, service, must)
    time.sleep(sampling.decision_seconds + 5)  # the last decisions of ordinary traces
    stored = traces.ids(service)
    kept = len(stored - set(must))
    # Four standard deviations: a right sampler fails this once in 16,000 runs.
    margin = 4 * math.sqrt(NORMAL * sampling.keep * (1 - sampling.keep))
    report(f"{protocol}: all {len(must)} error and slow traces; {kept} of {NORMAL} ordinary ones, "
           f"expected {NORMAL * sampling.keep:.0f} ± {margin:.0f}")
    assert stored <= set(ids)
    assert abs(kept - NORMAL * sampling.keep) <= margin


def test_traces_arrive_complete(stack, traces, service):
    ids = stack.sender("grpc").spans(service, [TraceSpec("error")] * 20)
    arrived(stack, service, ids)
    assert {len(traces.trace(trace_id)) for trace_id in ids} == {2}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_metrics_arrive_exactly(stack, service, protocol, report):
    values = {f"item-{number}": number * 7 + 1 for number in range(50)}
    stack.sender(protocol).counter(service, "lab.items", values)
    counter_arrived(stack, service, values)
    report(f"{protocol}: {len(values)} series, every value equal")


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_logs_arrive_exactly(stack, service, protocol, report):
    lines = [f"line {number} of {service}" for number in range(1000)]
    stack.sender(protocol).logs(service, lines)
    lines_arrived(stack, service, lines)
    report(f"{protocol}: {len(lines)} lines, each once")


PERSONAL = {
    "http.request.header.authorization": "Bearer SECRET",
    "http.request.header.cookie": "session=SECRET",
    "user.email": "SECRET@example.org",
    "url.full": "https://shop.example/cart?token=SECRET",
    "url.query": "token=SECRET",
    "http.url": "https://shop.example/cart?token=SECRET",
}


def personal(service: str) -> tuple:
    """Attributes with a secret of its own for each, so that a leak names its attribute; and these."""
    secrets = {key: f"secret-{number}-{service}" for number, key in enumerate(PERSONAL)}
    return {key: value.replace("SECRET", secrets[key]) for key, value in PERSONAL.items()}, secrets


def assert_none_leaked(secrets: dict, stored: str, report) -> None:
    leaks = [key for key, secret in secrets.items() if secret in stored]
    report(f"{len(secrets)} attributes sent, {len(leaks)} leaked")
    assert not leaks


def test_personal_data_never_reaches_the_traces(stack, traces, service, report):
    attributes, secrets = personal(service)
    spec = TraceSpec("error", attributes=tuple(attributes.items()))
    ids = stack.sender("grpc").spans(service, [spec])
    arrived(stack, service, ids)
    stored = json.dumps([traces.trace(trace_id) for trace_id in ids])
    assert_none_leaked(secrets, stored, report)
    assert "shop.example/cart" in stored, "the useful part of the URL is gone too"


def test_personal_data_never_reaches_the_logs(stack, logs, service, report):
    attributes, secrets = personal(service)
    stack.sender("grpc").logs(service, ["a harmless line"], attributes)
    lines_arrived(stack, service, ["a harmless line"])
    stored = json.dumps(logs.records(service))
    assert_none_leaked(secrets, stored, report)
    assert "shop.example/cart" in stored, "the useful part of the URL is gone too"


def test_rules_load(stack, report):
    url = stack.prometheus().url
    groups = get(f"{url}/api/v1/rules")["data"]["groups"]
    loaded = [rule for group in groups for rule in group["rules"]]
    written = queries.rules(stack.directory)
    report(f"{len(loaded)} rules loaded of {len(written)} written")
    assert len(loaded) == len(written) > 0
    assert [rule["name"] for rule in loaded if rule.get("lastError")] == []
    assert get(f"{url}/api/v1/alertmanagers")["data"]["activeAlertmanagers"]


def test_no_alert_fires_on_a_healthy_stack(stack, about):
    alerts = get(f"{stack.prometheus().url}/api/v1/alerts")["data"]["alerts"]
    loud = {alert["labels"]["alertname"] for alert in alerts if about(json.dumps(alert["labels"]))}
    loud -= set(known("allowed_firing.yaml"))
    assert not loud, f"pending or firing without a fault: {loud}"


def test_every_scrape_target_is_up(stack, about, report):
    targets = wait_for(lambda: _all_up(stack, about), 60, "all scrape targets up")
    report(", ".join(sorted(targets)))


def _all_up(stack, about) -> list:
    found = get(f"{stack.prometheus().url}/api/v1/targets")["data"]["activeTargets"]
    targets = [target for target in found if about(json.dumps(target["labels"]))]
    up = [target["labels"]["job"] for target in targets if target["health"] == "up"]
    return up if len(up) == len(targets) > 0 else []


# -- failures --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Sent:
    """What one service sent before or during a failure, and must be readable after it."""

    service: str
    traces: list
    counter: dict
    lines: list


def send_one_of_each(stack) -> Sent:
    """Error traces (always kept), a counter and log lines."""
    sender, service = stack.sender("grpc"), f"lab-{uuid.uuid4().hex[:10]}"
    traces = sender.spans(service, [TraceSpec("error")] * 100)
    counter = {f"item-{number}": number + 1 for number in range(20)}
    sender.counter(service, "lab.items", counter)
    lines = [f"{service} {number}" for number in range(500)]
    sender.logs(service, lines)
    return Sent(service, traces, counter, lines)


def expect_traces(stack, sent: Sent) -> None:
    assert arrived(stack, sent.service, sent.traces, RECOVERY) == set(sent.traces)


def expect_counter(stack, sent: Sent) -> None:
    counter_arrived(stack, sent.service, sent.counter, RECOVERY)


def expect_lines(stack, sent: Sent) -> None:
    lines_arrived(stack, sent.service, sent.lines, RECOVERY)


def backends_down_for_a_minute(stack) -> Sent:
    stack.compose("stop", "--timeout", "20", *stack.stores())
    sent = send_one_of_each(stack)
    time.sleep(OUTAGE)
    stack.compose("start", *stack.stores())
    wait_for(stack.is_healthy, 120, "backends healthy again")
    return sent


def collector_killed_with_a_full_queue(stack) -> Sent:
    """SIGKILL with data in the queue. What tail sampling still holds is in memory by design, so
    this waits for the decision first."""
    stack.compose("stop", "--timeout", "20", *stack.stores())
    sent = send_one_of_each(stack)
    time.sleep(stack.sampling().decision_seconds + 5)
    killed = stack.process_id("otel-collector")
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: stack.process_id("otel-collector") not in (0, killed), 60,
             "the engine restarted the killed collector")
    stack.compose("start", *stack.stores())
    wait_for(stack.is_healthy, 120, "stack healthy again")
    return sent


def down_and_up(stack) -> Sent:
    sent = send_one_of_each(stack)
    expect_traces(stack, sent)
    expect_counter(stack, sent)
    if "loki" in stack.stores():
        expect_lines(stack, sent)
    stack.down()
    stack.up()
    return sent


# Each failure happens once; a signal is a test of its own, so that each can be not run, or fail, alone.
@pytest.fixture(scope="module", ids=lambda failure: failure.__name__,
                params=[backends_down_for_a_minute, collector_killed_with_a_full_queue, down_and_up])
def sent(request, stack) -> Sent:
    return request.param(stack)


@pytest.mark.usefixtures("traces")
def test_no_trace_is_lost(stack, sent):
    expect_traces(stack, sent)


def test_no_point_is_lost(stack, sent):
    expect_counter(stack, sent)


@pytest.mark.usefixtures("logs")
def test_no_line_is_lost(stack, sent):
    expect_lines(stack, sent)


# -- what alerts and dashboards ask for --------------------------------------------------------


def send_traffic(stack) -> None:
    """Two minutes of every kind of telemetry, for queries over rates to have something to show."""
    sender, name = stack.sender("http"), "lab-traffic"
    application = HttpApplication(name, sender.endpoint)
    slow = stack.sampling().slow_seconds + 0.5
    for _ in range(8):
        sender.spans(name, mixed(50, 10, 10, slow))
        for severity in ("INFO", "WARN", "ERROR"):
            sender.logs(name, [f"a line of severity {severity}"] * 5, severity=severity)
        application.serve(good=50, failed=2)
        sender.counter(name, "lab.items", {"a": int(time.time())})
        time.sleep(15)
    application.close()
    time.sleep(stack.sampling().decision_seconds + 20)


@pytest.fixture(scope="module")
def traffic(stack) -> None:
    send_traffic(stack)


def selectors_without_series(stack, about) -> tuple:
    """Checks every selector of the rules, label matchers included, over the last half hour."""
    prometheus, allowed = stack.prometheus(), known("allowed_absent.yaml")
    checked, missing = 0, []
    for rule in queries.rules(stack.directory):
        for name, full in queries.selectors(prometheus.syntax_tree(rule.expr)):
            if not about(full):
                continue
            checked += 1
            if prometheus.query(f"count(last_over_time({full}[30m]))"):
                continue
            if not any(word in full for word in allowed):
                missing.append(f"{rule.where}: {full}"
                               + ("" if prometheus.query(f"count({name})") else " (no such name)"))
    return checked, missing


def expect_all(check, report, what: str) -> None:
    """Waits until the check, (number checked, what is missing), misses nothing: some gauges appear with a
    component's first maintenance run, five minutes after its start."""
    deadline = time.monotonic() + 270
    checked, missing = check()
    while missing and time.monotonic() < deadline:
        time.sleep(15)
        checked, missing = check()
    report(f"{checked} {what}, {len(missing)} without data or refused")
    assert checked > 0 and not missing, "\n".join(missing)


def test_rules_select_series_that_exist(stack, traffic, about, report):
    expect_all(lambda: selectors_without_series(stack, about), report, "selectors of rules")


def data_of(stack, query: queries.Query) -> list:
    """What the panel's data source answers."""
    if query.kind == "prometheus":
        return stack.prometheus().range(query.expr)
    if query.kind in ("loki", "victoriametrics-logs-datasource"):
        return stack.logs().panel(query.expr, query.type)
    if query.kind == "jaeger":
        return stack.jaeger().services()
    raise requests.RequestException(f"no data source for {query.where}")


def panels_without_data(stack, about) -> tuple:
    """Executes every query of the dashboards."""
    allowed = known("allowed_empty.yaml")
    found = [query for query in queries.panel_queries(stack.directory)
             if about(f'"{query.kind}" {query.expr}')]
    missing = []
    for query in found:
        what = f"{query.where}: {query.expr}"
        try:
            if not data_of(stack, query) and not any(word in what for word in allowed):
                missing.append(what)
        except requests.RequestException as error:
            missing.append(f"{what}: {error}")
    return len(found), missing


def test_every_panel_shows_data(stack, traffic, about, report):
    expect_all(lambda: panels_without_data(stack, about), report, "queries of panels")


def values_of(stack, variable: queries.Variable) -> list:
    if variable.kind == "prometheus":
        return stack.prometheus().label_values(*variable.label_values())
    return stack.logs().variable(variable.query)


def test_dashboard_variables_offer_values(stack, traffic, report):
    found = [row for row in queries.variable_queries(stack.directory) if row.kind not in stack.absent()]
    report(f"{len(found)} variables")
    assert found
    assert [row.where for row in found if not values_of(stack, row)] == []
