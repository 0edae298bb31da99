# SPDX-License-Identifier: Apache-2.0
"""The requests of clients that send what a store refuses, one kind each, and those of a good client beside them.

Exists because senders share batches, queues and stores: what one of them sends wrong must not take away what the
others sent. Every kind is a function that fills a request; `KINDS` says what must become of it.
"""

import dataclasses
import hashlib
import secrets
import time

import requests
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
YEAR_2100 = 4_102_444_800 * SECOND
CUMULATIVE, DELTA = 2, 1
STORED = "stored"
REFUSED = "refused by the store, with the request it came in"
INVALID = "\u0001invalid\u0001"   # becomes bytes that are not UTF-8 once the request is encoded


@dataclasses.dataclass(frozen=True)
class Kind:
    """What one bad client does, and what must become of it: STORED, REFUSED, or the reason it is counted under."""

    name: str
    signal: str
    outcome: str
    fill: object                  # (request of the signal, service) -> None


def pair(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def many(number: int, size: int = 1) -> list:
    return [pair(f"key{index}", "v" * size) for index in range(number)]


# -- metrics -------------------------------------------------------------------------------------


def new_metric(request, service: str, name: str = "lab.bad", scope: str = "lab"):
    block = request.resource_metrics.add()
    if service:
        block.resource.attributes.append(pair("service.name", service))
    scope_metrics = block.scope_metrics.add()
    scope_metrics.scope.name = scope
    return scope_metrics.metrics.add(name=name)


def total(request, service: str, *, offset: int = 0, at: int | None = None, value: int = 1,
          temporality: int = CUMULATIVE, name: str = "lab.bad", scope: str = "lab",
          attributes: list | None = None) -> None:
    """A sum with one point, `offset` away from now or `at` a time."""
    metric = new_metric(request, service, name, scope)
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = temporality
    now = time.time_ns() + offset if at is None else at
    point = metric.sum.data_points.add(start_time_unix_nano=max(0, now - SECOND), time_unix_nano=now, as_int=value)
    point.attributes.extend(attributes or [])


def pointless(request, service: str) -> None:
    new_metric(request, service).gauge.SetInParent()


def exemplar_without_a_value(request, service: str) -> None:
    """Stands for what the collector does not foresee: it has no way to look into exemplars."""
    total(request, service)
    request.resource_metrics[-1].scope_metrics[0].metrics[0].sum.data_points[0].exemplars.add(
        time_unix_nano=time.time_ns())


def histogram(request, service: str, temporality: int) -> None:
    metric = new_metric(request, service)
    metric.histogram.aggregation_temporality = temporality
    now = time.time_ns()
    metric.histogram.data_points.add(start_time_unix_nano=now - SECOND, time_unix_nano=now, count=2, sum=3.0,
                                     explicit_bounds=[1.0], bucket_counts=[1, 1])


def coarse(request, service: str) -> None:
    metric = new_metric(request, service)
    metric.exponential_histogram.aggregation_temporality = CUMULATIVE
    now = time.time_ns()
    point = metric.exponential_histogram.data_points.add(start_time_unix_nano=now - SECOND, time_unix_nano=now, count=1,
                                                         sum=1.0, scale=-5)
    point.positive.bucket_counts.append(1)


def twice(request, service: str) -> None:
    """Two libraries of one process that measure the same: equal labels and times, different values."""
    now = time.time_ns()
    for value, scope in ((1, "one"), (2, "other")):
        total(request, service, at=now, value=value, scope=scope)


# -- logs ----------------------------------------------------------------------------------------


def record(request, service: str, *, at: int | None = None, observed: int | None = None, body: str = "bad line",
           attributes: list | None = None) -> None:
    block = request.resource_logs.add()
    if service:
        block.resource.attributes.append(pair("service.name", service))
    now = time.time_ns()
    line = block.scope_logs.add().log_records.add(
        time_unix_nano=now if at is None else at, observed_time_unix_nano=now if observed is None else observed,
        severity_number=9, body=AnyValue(string_value=body))
    line.attributes.extend(attributes or [])


# -- traces --------------------------------------------------------------------------------------


def trace_of(service: str) -> str:
    """The id of the one trace that all spans of a service belong to."""
    return hashlib.sha256(service.encode()).hexdigest()[:32]


def span(request, service: str, *, at: int | None = None, ids: bool = True, name: str = "bad",
         attributes: list | None = None) -> None:
    block = request.resource_spans.add()
    if service:
        block.resource.attributes.append(pair("service.name", service))
    end = time.time_ns() if at is None else at
    trace = bytes.fromhex(trace_of(service)) if ids else b""
    one = block.scope_spans.add().spans.add(
        trace_id=trace, span_id=secrets.token_bytes(8) if ids else b"", name=name,
        kind=2, start_time_unix_nano=max(0, end - SECOND), end_time_unix_nano=end)
    one.status.code = 2
    one.attributes.extend(attributes or [])


def with_(function, **options):
    return lambda request, service: function(request, service, **options)


KINDS = [
    Kind("sum of deltas", "metrics", STORED, with_(total, temporality=DELTA)),
    Kind("histogram of deltas", "metrics", STORED, with_(histogram, temporality=DELTA)),
    Kind("clock 15 min ahead", "metrics", "clock ahead", with_(total, offset=15 * 60 * SECOND)),
    Kind("year 2100", "metrics", "clock ahead", with_(total, at=YEAR_2100)),
    Kind("year 1970", "metrics", "too old", with_(total, at=SECOND)),
    Kind("no time", "metrics", "too old", with_(total, at=0)),
    Kind("7 h old", "metrics", "too old", with_(total, offset=-7 * HOUR)),
    Kind("histogram of scale -5", "metrics", "histogram scale below -4", coarse),
    Kind("no temporality", "metrics", "no temporality", with_(total, temporality=0)),
    Kind("metric without a name", "metrics", "metric without a name", with_(total, name="")),
    Kind("name without a letter", "metrics", "metric without a name", with_(total, name="::")),
    Kind("metric without points", "metrics", "", pointless),
    Kind("metric without data", "metrics", "", new_metric),
    Kind("exemplar without a value", "metrics", REFUSED, exemplar_without_a_value),
    Kind("attribute without a name", "metrics", STORED, with_(total, attributes=[pair("", "v"), pair("::", "w")])),
    Kind("attribute of 100 kB", "metrics", STORED, with_(total, attributes=many(1, 100_000))),
    Kind("200 attributes", "metrics", STORED, with_(total, attributes=many(200))),
    Kind("300 attributes", "metrics", "too many attributes", with_(total, attributes=many(300))),
    Kind("invalid UTF-8", "metrics", STORED, with_(total, attributes=[pair("text", INVALID)])),
    Kind("the same twice", "metrics", STORED, twice),
    Kind("line of 400 kB", "logs", STORED, with_(record, body="line " * 80_000)),
    Kind("attribute of 100 kB", "logs", STORED, with_(record, attributes=many(1, 100_000))),
    Kind("10 attributes of 30 kB", "logs", STORED, with_(record, attributes=many(10, 30_000))),
    Kind("200 attributes", "logs", "too many attributes", with_(record, attributes=many(200))),
    Kind("year 1970", "logs", "too old", with_(record, at=SECOND, observed=SECOND)),
    Kind("year 2100", "logs", "clock ahead", with_(record, at=YEAR_2100)),
    Kind("no time", "logs", STORED, with_(record, at=0, observed=0)),
    Kind("invalid UTF-8", "logs", STORED, with_(record, body=INVALID, attributes=[pair("text", INVALID)])),
    Kind("attribute without a name", "logs", STORED, with_(record, attributes=[pair("", "v"), pair("::", "w")])),
    Kind("no trace and span id", "traces", "no trace or span id", with_(span, ids=False)),
    Kind("attribute of 100 kB", "traces", STORED, with_(span, attributes=many(1, 100_000))),
    Kind("200 attributes", "traces", "too many attributes", with_(span, attributes=many(200))),
    Kind("200 attributes and no id", "traces", "no trace or span id", with_(span, ids=False, attributes=many(200))),
    Kind("name of 70 kB", "traces", STORED, with_(span, name="n" * 70_000)),
    Kind("year 1970", "traces", STORED, with_(span, at=2 * SECOND)),
    Kind("year 2100", "traces", STORED, with_(span, at=YEAR_2100)),
    Kind("invalid UTF-8", "traces", STORED, with_(span, attributes=[pair("text", INVALID)])),
    Kind("attribute without a name", "traces", STORED, with_(span, attributes=[pair("", "v"), pair("::", "w")])),
]

# Kinds about the name itself: what they send is found under another one.
NAMELESS = [
    Kind("no service", "metrics", STORED, with_(total, name="lab.nameless")),
    Kind("no service", "logs", STORED, with_(record, body="a line of nobody")),
    Kind("no service", "traces", STORED, with_(span, name="nobody")),
]

REQUESTS = {"metrics": ExportMetricsServiceRequest, "logs": ExportLogsServiceRequest,
            "traces": ExportTraceServiceRequest}
GOOD = {"metrics": with_(total, name="lab.good"), "logs": with_(record, body="good line"),
        "traces": with_(span, name="good")}


def send(endpoint: str, signal: str, fill, service: str) -> int:
    """Sends one request over OTLP/HTTP; returns the status of the answer."""
    request = REQUESTS[signal]()
    fill(request, service)
    wrong = b"\xc3invalid\xff"
    body = request.SerializeToString().replace(INVALID.encode(), wrong)
    return requests.post(f"{endpoint}/v1/{signal}", body, timeout=20,
                         headers={"Content-Type": "application/x-protobuf"}).status_code


def send_beside_good(endpoint: str, kind: Kind, bad: str, good: str, rounds: int) -> list:
    """Good and bad requests in turn, close enough together to share a batch; returns the statuses of the bad ones."""
    statuses = []
    for _ in range(rounds):
        assert send(endpoint, kind.signal, GOOD[kind.signal], good) == 200
        statuses.append(send(endpoint, kind.signal, kind.fill, bad))
        time.sleep(0.005)         # Prometheus counts in milliseconds
    assert send(endpoint, kind.signal, GOOD[kind.signal], good) == 200
    return statuses
