# SPDX-License-Identifier: Apache-2.0
"""What tests send through a stack and how they wait for it, and the failures that nothing may be lost in."""

import concurrent.futures
import dataclasses
import os
import pathlib
import signal
import time
import uuid

import yaml

from backends import wait_for
from telemetry import HttpApplication, TraceSpec, mixed

LAB = pathlib.Path(__file__).resolve().parent
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


class Failures:
    """Each failure of a stack happens once, whichever test asks for it first. Traffic flows before them and while the
    backends are down, but not while the collector is: an application would be told."""

    def __init__(self, stack, kinds: list) -> None:
        self.stack, self.kinds, self.happened = stack, kinds, {}
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.traffic = self.pool.submit(send_traffic, stack)

    def sent_in(self, kind) -> Sent:
        if kind not in self.happened:
            if kind is not backends_down_for_a_minute:
                self.traffic.result()
            self.happened[kind] = kind(self.stack)
        return self.happened[kind]

    def all(self) -> None:
        self.traffic.result()
        for kind in self.kinds:
            self.sent_in(kind)
