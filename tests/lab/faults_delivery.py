# SPDX-License-Identifier: Apache-2.0
"""Faults on the way of telemetry: the collector, its queues and the stores of traces and logs, with what has to be
found."""

import contextlib
import os
import subprocess
import time

import requests

from backends import ask, wait_for
from health_faults import (COLLECTOR, PROMETHEUS, Fault, again_and_again, collector_config, config, folder, found,
                           inner_address, own_disk, paused, replaced, restart, scarce_cpu, together)
from stack import Stack
from telemetry import Sender, TraceSpec

SAID = f"{COLLECTOR}/SVC-015"     # the collector's log tells of the loss
LATER = f"{PROMETHEUS}/PRM-014"   # an alert of the stack may begin to fire
FLOOD = ("/LOG-001", "/LOG-002")  # what a fault sends may be many times what came before
DAY = 86400


def sends(stack: Stack, signal: str, *words, seconds: float = 0.5, **more):
    sender = stack.sender("http")
    return again_and_again(lambda: getattr(sender, signal)("lab-fault", *words, **more), seconds)


def small_queue(exporter: str, **more) -> dict:
    """A queue that the load of the lab fills in seconds."""
    return {"exporters": {exporter: {"sending_queue": {
        "queue_size": 400_000, "num_consumers": 1, "batch": {"min_size": 20_000, "max_size": 50_000}, **more}}}}


# Its name depends on the collector's version and settings.
ARRIVING = '(sum(rate({__name__=~"otelcol_receiver_accepted_log_records.*"}[1m])))[1h:1m]'
HISTORY = 8   # minutes of what is usual


def is_usual(stack: Stack) -> bool:
    """Prometheus has seen a rate of log records for long enough to know what is usual."""
    known = f"count_over_time({ARRIVING}) >= {HISTORY} and quantile_over_time(0.5, {ARRIVING}) > 1"
    return bool(stack.prometheus().query(known))


@contextlib.contextmanager
def noisy_service(stack: Stack):
    """One service logs many times as much as all did."""
    wait_for(lambda: is_usual(stack), 60 * (HISTORY + 6), "minutes of the usual rate")
    process = subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, "--signals", "logs",
                                "--service", "lab-noisy", "-r", "1000/s", "-d", "10m", "-q"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def push(stack: Stack, streams: list) -> None:
    """Lines for Loki past the collector: (labels, nanoseconds, line) each."""
    rows = [{"stream": labels, "values": [[str(when), line]]} for labels, when, line in streams]
    requests.post(f"http://{stack.address('loki', 3100)}/loki/api/v1/push", json={"streams": rows}, timeout=60)


def old_lines(stack: Stack):
    when = time.time_ns() - 30 * DAY * 1_000_000_000
    return again_and_again(lambda: push(stack, [({"service_name": "lab-old"}, when, "from last month")]))


@contextlib.contextmanager
def many_streams(stack: Stack, number: int):
    with own_disk(stack, "loki", "size=512m"):
        wait_for(lambda: ask(f"http://{stack.address('loki', 3100)}/ready"), 60, "Loki ready")
        for start in range(0, number, 2000):
            push(stack, [({"service_name": f"lab-{row}"}, time.time_ns(), "a line")
                         for row in range(start, start + 2000)])
        yield


@contextlib.contextmanager
def stream_limit(stack: Stack):
    lower = replaced("max_global_streams_per_user: ", "max_global_streams_per_user: 1 #")
    with config(stack, "loki", "config.yaml", lower, restart):
        sender, turn = stack.sender("http"), iter(range(10**6))
        with again_and_again(lambda: sender.logs(f"lab-stream-{next(turn)}", ["a line"])):
            yield


@contextlib.contextmanager
def queue_damaged(stack: Stack):
    """The pages of a queue's file are overwritten while the collector is stopped, as after a power cut."""
    stack.compose("stop", "--timeout", "5", COLLECTOR)
    file = max(folder(stack, COLLECTOR).glob("exporter_*"), key=lambda path: path.stat().st_size)
    before = file.read_bytes()
    file.write_bytes(before[:8192] + b"\xff" * (len(before) - 8192))
    stack.compose("start", COLLECTOR)
    try:
        yield
    finally:
        stack.compose("stop", "--timeout", "5", COLLECTOR)
        file.write_bytes(before)
        stack.compose("start", COLLECTOR)


def message_limit(stack: Stack):
    big = [TraceSpec("error", attributes=(("lab.big", "x" * 30_000),))] * 60
    batch = {"min_size": 3_000_000, "flush_timeout": "5s"}
    lower = replaced("max_recv_msg_size_mib: 16", "max_recv_msg_size_mib: 1")
    return together(collector_config(stack, exporter("otlp_grpc/jaeger", sending_queue={"batch": batch})),
                    config(stack, "jaeger", "config.yaml", lower, restart), sends(stack, "spans", big))


def value_too_long(stack: Stack):
    """Past the collector, which cuts such values."""
    sender = Sender("grpc", f"{inner_address(stack, 'jaeger')}:4317")
    big = [TraceSpec(attributes=(("lab.big", "x" * 70_000),))]
    return again_and_again(lambda: sender.spans("lab-fault", big))


def delta_metrics(stack: Stack):
    past = {"service": {"pipelines": {"metrics/past": {"receivers": ["otlp"], "exporters": ["otlp_http/prometheus"]}}}}
    return together(collector_config(stack, past), sends(stack, "counter", "lab.delta", {"a": 1}, delta=True))


def exporter(name: str, **settings) -> dict:
    return {"exporters": {name: settings}}


FAULTS = [
    # The first of all: what its log says is to be new.
    Fault("wrong path at the exporter", lambda s: collector_config(
        s, exporter("otlp_http/loki", endpoint="http://loki:3100/nowhere")),
          found(f"{COLLECTOR}/COL-004", SAID), found(LATER), names=("its last error: HTTP 404",)),
    Fault("collector short of memory", lambda s: collector_config(
        s, {"processors": {"memory_limiter": {"limit_mib": 5, "spike_limit_mib": 1}}}),
          found(f"{COLLECTOR}/COL-002"), found(SAID, LATER)),
    Fault("TLS to a plain port", lambda s: collector_config(s, exporter("otlp_grpc/jaeger", tls={"insecure": False})),
          found(f"{COLLECTOR}/COL-003"), found(SAID, LATER)),
    Fault("batch above the store's limit", message_limit,
          found(f"{COLLECTOR}/COL-004"), found(SAID, LATER, "jaeger/JAE-002")),
    Fault("delta metric", delta_metrics, found(f"{COLLECTOR}/COL-004"), found(SAID, LATER)),
    Fault("queue fills", lambda s: together(
        collector_config(s, small_queue("otlp_http/loki")), paused(s, "loki"), sends(s, "logs", ["x" * 500] * 200)),
          found(f"{COLLECTOR}/COL-002", f"{COLLECTOR}/COL-004", f"{COLLECTOR}/COL-005", "loki/SVC-008"),
          found(f"{COLLECTOR}/COL-003", SAID, LATER, "loki/SVC-004", f"{PROMETHEUS}/PRM-001", *FLOOD)),
    Fault("store slower than what arrives", lambda s: together(
        collector_config(s, small_queue("otlp_http/loki", queue_size=60_000_000)), scarce_cpu(s, "loki", "0.02"),
        sends(s, "logs", ["x" * 500] * 200, seconds=0.1)),
          found(f"{COLLECTOR}/COL-007"),
          found(f"{COLLECTOR}/COL-003", f"{COLLECTOR}/COL-005", "loki/SVC-002", "loki/SVC-004", "loki/SVC-011", LATER,
                f"{PROMETHEUS}/PRM-001", *FLOOD)),
    Fault("one service logs far more", noisy_service, found(*FLOOD), found(LATER), names=("service lab-noisy brings",)),
    Fault("traces leave before they are decided", lambda s: collector_config(
        s, {"processors": {"tail_sampling": {"num_traces": 20, "block_on_overflow": False}}}),
          found(f"{COLLECTOR}/COL-006"), found(SAID, LATER)),
    Fault("span that the store cannot hold", value_too_long, found("jaeger/JAE-001", "jaeger/JAE-002"),
          found("jaeger/SVC-015", LATER)),
    Fault("lines older than the retention", old_lines, found("loki/LOK-001"), found("loki/SVC-015", LATER)),
    Fault("limit of streams reached", stream_limit, found("loki/LOK-001"),
          found(f"{COLLECTOR}/COL-003", f"{COLLECTOR}/COL-004", SAID, "loki/SVC-015", LATER)),
    Fault("more streams than planned", lambda s: many_streams(s, 18_000), found("loki/LOK-004"),
          found("loki/SVC-015", LATER)),
    Fault("queue's file damaged", queue_damaged, found(f"{COLLECTOR}/SVC-009"),
          found(SAID, f"{COLLECTOR}/SVC-001", f"{COLLECTOR}/SVC-002", f"{PROMETHEUS}/PRM-001", LATER)),
]
