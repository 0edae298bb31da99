# SPDX-License-Identifier: Apache-2.0
"""One bad client beside a good one: whatever the bad one sends, all that the good one sent is stored, and what the bad
one sent is stored as well or counted under a reason. The kinds are in poisoned.py."""

import collections

import pytest
import requests

import poisoned
from backends import wait_for
from poisoned import KINDS, NAMELESS, REFUSED, STORED

ROUNDS = 5
ARRIVAL = 60


def label(kind: poisoned.Kind) -> str:
    return f"{kind.signal}, {kind.name}"


def spans_of(stack, service: str) -> int:
    try:
        return len(stack.traces().trace(poisoned.trace_of(service)))
    except requests.RequestException:
        return 0                  # Jaeger answers 404 for a trace that it does not have


def stored(stack, signal: str, service: str, pattern: str) -> int:
    """How many items of a service the store of the signal has."""
    if signal == "metrics":
        series = stack.prometheus().query(f'{{__name__=~"{pattern}",service_name="{service}"}}[15m]')
        return max((len(row["values"]) for row in series), default=0)
    return len(stack.logs().lines(service)) if signal == "logs" else spans_of(stack, service)


def counted(stack, service: str) -> dict:
    return stack.prometheus().values(f'last_over_time(obsctl_problems_total{{service_name="{service}"}}[15m])',
                                     "obsctl_problem")


@pytest.fixture(scope="module")
def sent(stack) -> dict:
    """Everything was sent, in one go, so that all kinds meet in the same batches: kind -> (bad service, good one)."""
    endpoint = stack.sender("http").endpoint
    services = {}
    for number, kind in enumerate(KINDS):
        services[label(kind)] = (f"bad-{number}", f"good-{number}")
        statuses = poisoned.send_beside_good(endpoint, kind, *services[label(kind)], ROUNDS)
        assert set(statuses) == {200}, f"{label(kind)}: answered {collections.Counter(statuses)}"
    for kind in NAMELESS:
        assert poisoned.send(endpoint, kind.signal, kind.fill, "") == 200
    return services


def skip_what_is_absent(stack, signal: str) -> None:
    if signal == "logs" and "loki" in stack.absent():
        pytest.skip("Loki is not given")


@pytest.mark.parametrize("kind", KINDS, ids=label)
def test_nobody_else_loses_anything(stack, sent, kind, report):
    skip_what_is_absent(stack, kind.signal)
    bad, good = sent[label(kind)]
    wait_for(lambda: stored(stack, kind.signal, good, "lab_good_total") == ROUNDS + 1, ARRIVAL,
             f"{ROUNDS + 1} items of the good client beside '{label(kind)}'")
    if kind.outcome == STORED:
        wait_for(lambda: stored(stack, kind.signal, bad, "lab_bad.*") >= ROUNDS, ARRIVAL,
                 f"the items of '{label(kind)}' themselves")
    elif kind.outcome and kind.outcome != REFUSED:
        wait_for(lambda: counted(stack, bad) == {kind.outcome: ROUNDS}, ARRIVAL,
                 f"{ROUNDS} items of {bad} counted as '{kind.outcome}'")
    report(f"{label(kind):35} good client {ROUNDS + 1} of {ROUNDS + 1}, bad one: {kind.outcome or 'nothing to store'}")


@pytest.mark.parametrize("signal", ["metrics", "logs", "traces"])
def test_what_names_no_service_is_found(stack, sent, signal):
    skip_what_is_absent(stack, signal)
    found = {"metrics": lambda: stack.prometheus().number('lab_nameless_total{service_name="unknown_service"}') == 1,
             "logs": lambda: "a line of nobody" in stack.logs().lines("unknown_service"),
             "traces": lambda: spans_of(stack, "") == 1}
    wait_for(found[signal], ARRIVAL, f"{signal} without a service under 'unknown_service'")


def test_deltas_add_up(stack, sent):
    """What arrived as differences is stored as their sum."""
    bad, _ = sent["metrics, sum of deltas"]
    wait_for(lambda: stack.prometheus().number(f'lab_bad_total{{service_name="{bad}"}}') == ROUNDS, ARRIVAL,
             f"{ROUNDS} deltas of 1 in one counter")


def test_an_alert_names_the_service_and_the_reason(stack, sent):
    bad, _ = sent["metrics, 7 h old"]
    firing = f'ALERTS{{alertname="TelemetryProblems",service_name="{bad}",obsctl_problem="too old"}}'
    wait_for(lambda: stack.prometheus().query(firing), ARRIVAL, firing)
