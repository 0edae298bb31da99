# SPDX-License-Identifier: Apache-2.0
"""The same telemetry as in test_e2e.py through a stack with the other stores, VictoriaLogs and Tempo, and with a
component that somebody added from a folder of their own.
"""

import pathlib
import re
import shutil

import pytest

import given
import test_e2e as e2e
from backends import get, wait_for
from journey import arrived, counter_arrived, lines_arrived
from labenv import LAB, catalog
from telemetry import Sender, TraceSpec

EDGE_PORT, EDGE_METRICS = 14317, 8889


@pytest.fixture(scope="module")
def own_templates(tmp_path_factory) -> pathlib.Path:
    """A --template-dir outside of the repository; its agent runs on the collector's image that is there."""
    folder = shutil.copytree(LAB / "own", tmp_path_factory.mktemp("own") / "templates")
    definition = folder / "components/edge/component.yaml"
    version = f"version: {catalog()['otel-collector']['version']}"
    definition.write_text(re.sub(r"(?m)^version: .*", version, definition.read_text()))
    return folder


@pytest.fixture(scope="module")
def stack(new_stack, own_templates):
    made = new_stack("--logs", "victorialogs", "--traces", "tempo", "--template-dir", str(own_templates),
                     "--set", "stack.add=edge")
    made.up()
    return made


@pytest.fixture(params=[pytest.param("tempo", marks=pytest.mark.needs("tempo")), "others"])
def about(request):
    return lambda text: bool(given.ABOUT["tempo"].search(text)) == (request.param == "tempo")


# -- healthy -----------------------------------------------------------------------------------


test_every_container_is_healthy = e2e.test_every_container_is_healthy
test_published_ports_are_on_loopback = e2e.test_published_ports_are_on_loopback
test_rules_load = e2e.test_rules_load
test_traces_are_sampled_as_configured = e2e.test_traces_are_sampled_as_configured
test_traces_arrive_complete = e2e.test_traces_arrive_complete
test_logs_arrive_exactly = e2e.test_logs_arrive_exactly
test_personal_data_never_reaches_the_traces = e2e.test_personal_data_never_reaches_the_traces
test_personal_data_never_reaches_the_logs = e2e.test_personal_data_never_reaches_the_logs
test_no_alert_fires_on_a_healthy_stack = e2e.test_no_alert_fires_on_a_healthy_stack
test_every_scrape_target_is_up = e2e.test_every_scrape_target_is_up


def test_restart_of_a_service_makes_no_new_stream(stack, logs, service):
    """Every attribute of the resource is a field, but only those that the collector names make a stream."""
    stack.sender("grpc").logs(service, ["one"], resource={"service.instance.id": "first"})
    stack.sender("grpc").logs(service, ["two"], resource={"service.instance.id": "second"})
    lines_arrived(stack, service, ["one", "two"])
    records = logs.records(service)
    assert {record["service.instance.id"] for record in records} == {"first", "second"}
    assert len({record["_stream_id"] for record in records}) == 1, [record["_stream"] for record in records]


# -- a component of one's own ------------------------------------------------------------------


@pytest.fixture
def edge(stack) -> Sender:
    """A sender to the port that only the added agent listens on."""
    return Sender("grpc", stack.address("edge", EDGE_PORT))


def test_added_component_is_healthy_and_scraped(stack):
    assert stack.containers()["edge-health"]["Health"] == "healthy"
    up = f'up{{job="edge",instance="edge:{EDGE_METRICS}"}}'
    wait_for(lambda: stack.prometheus().number(up) == 1, 30, f"{up} == 1")


def test_added_components_alert_is_evaluated(stack):
    def states() -> list:
        groups = get(f"{stack.prometheus().url}/api/v1/rules")["data"]["groups"]
        return [rule["state"] for group in groups for rule in group["rules"] if rule["name"] == "EdgeDown"]

    wait_for(lambda: states() == ["inactive"], 60, "EdgeDown is loaded once and quiet")


def test_traces_pass_through_the_added_component(stack, traces, edge, service):
    ids = edge.spans(service, [TraceSpec("error")] * 20)
    assert arrived(stack, service, ids) == set(ids)
    assert "edge" in str(traces.trace(ids[0])), "these spans did not come through the agent"


def test_points_pass_through_the_added_component(stack, edge, service):
    edge.counter(service, "lab.items", {"a": 7, "b": 11})
    counter_arrived(stack, service, {"a": 7, "b": 11})
    came = f'last_over_time(lab_items_total{{service_name="{service}",service_namespace="edge"}}[15m])'
    assert stack.prometheus().values(came, "item") == {"a": 7, "b": 11}


def test_records_pass_through_the_added_component(stack, edge, logs, service):
    lines = [f"line {number} of {service}" for number in range(100)]
    edge.logs(service, lines)
    lines_arrived(stack, service, lines)
    assert {record["service.namespace"] for record in logs.records(service)} == {"edge"}
