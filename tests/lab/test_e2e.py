# SPDX-License-Identifier: Apache-2.0
"""Telemetry through the generated stack on a real engine while all is well: in by OTLP, out by query."""

import json
import math
import time

import pytest

import queries
from backends import get, wait_for
from journey import arrived, counter_arrived, known, lines_arrived
from telemetry import TraceSpec, mixed

NORMAL, ERRORS, SLOW = 1500, 60, 60


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
    # More spans than are all kept, in a burst: how many of them are depends on how long it took, and of the rest the
    # share is kept (four standard deviations: a right sampler fails this once in 16,000 runs).
    least = NORMAL * sampling.keep - 4 * math.sqrt(NORMAL * sampling.keep * (1 - sampling.keep))
    report(f"{protocol}: all {len(must)} error and slow traces; {kept} of {NORMAL} ordinary ones, at least {least:.0f}")
    assert stored <= set(ids)
    assert least <= kept


def test_every_trace_is_kept_while_there_are_few(stack, traces, service, report):
    few = int(stack.sampling().keep_all_spans / 2 / 2)     # half the rate, of traces with two spans
    ids = stack.sender("grpc").spans(service, [TraceSpec()] * few)
    assert arrived(stack, service, ids) == set(ids)
    report(f"{few} ordinary traces, all kept")


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
