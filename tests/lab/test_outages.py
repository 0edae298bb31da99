# SPDX-License-Identifier: Apache-2.0
"""Outages and a crash of the collector, and what alerts and dashboards ask for once their counters exist."""

import time

import pytest
import requests

import queries
from journey import (Failures, backends_down_for_a_minute, collector_killed_with_a_full_queue, down_and_up,
                     expect_counter, expect_lines, expect_traces, known)

FAILURES = [backends_down_for_a_minute, collector_killed_with_a_full_queue, down_and_up]


@pytest.fixture(scope="module")
def failures(stack) -> Failures:
    return Failures(stack, FAILURES)


# A signal is a test of its own, so that each can be not run, or fail, alone.
@pytest.fixture(scope="module", ids=lambda failure: failure.__name__, params=FAILURES)
def sent(request, failures):
    return failures.sent_in(request.param)


@pytest.fixture(scope="module")
def after_failures(failures) -> None:
    failures.all()


@pytest.mark.usefixtures("traces")
def test_no_trace_is_lost(stack, sent):
    expect_traces(stack, sent)


def test_no_point_is_lost(stack, sent):
    expect_counter(stack, sent)


@pytest.mark.usefixtures("logs")
def test_no_line_is_lost(stack, sent):
    expect_lines(stack, sent)


def expect_all(check, report, what: str) -> None:
    """Waits until the check, (number checked, what is missing), misses nothing: some gauges appear with a
    component's first maintenance run, five minutes after its start."""
    deadline = time.monotonic() + 360
    checked, missing = check()
    while missing and time.monotonic() < deadline:
        time.sleep(15)
        checked, missing = check()
    report(f"{checked} {what}, {len(missing)} without data or refused")
    assert checked > 0 and not missing, "\n".join(missing)


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


def test_rules_select_series_that_exist(stack, after_failures, about, report):
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
    """Executes every query of the dashboards, while somebody looks for traces: a rate of queries needs two."""
    stack.traces().ids("somebody")
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


def test_every_panel_shows_data(stack, after_failures, about, report):
    expect_all(lambda: panels_without_data(stack, about), report, "queries of panels")


def values_of(stack, variable: queries.Variable) -> list:
    if variable.kind == "prometheus":
        return stack.prometheus().label_values(*variable.label_values())
    return stack.logs().variable(variable.query)


def test_dashboard_variables_offer_values(stack, after_failures, report):
    found = [row for row in queries.variable_queries(stack.directory) if row.kind not in stack.absent()]
    report(f"{len(found)} variables")
    assert found
    assert [row.where for row in found if not values_of(stack, row)] == []
