# SPDX-License-Identifier: Apache-2.0
"""`obsctl loadgen` against the real collector and the official protobuf definitions."""

import contextlib
import json
import shutil
import threading
import time
from concurrent import futures

import pytest

from collector import Collector, loadgen

pytestmark = pytest.mark.skipif(not shutil.which("otelcol"), reason="the lab's otelcol is not built")


@pytest.fixture
def collector(tmp_path):
    running = []

    def start(*args) -> Collector:
        running.append(Collector(tmp_path, *args))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def spans_of(lines):
    for line in lines:
        for resource in line["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                yield from scope["spans"]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "http/json"])
def test_the_ledger_accounts_for_every_item_and_ids_join(collector, protocol):
    to = collector()
    port = to.grpc if protocol == "grpc" else to.http
    sent = loadgen("-e", f"127.0.0.1:{port}", "--protocol", protocol, "-r", "10k/s", "-d", "2s",
                   "--ledger", to.ledger)
    assert sent["ledger"]["balanced"], sent["ledger"]
    for name, line in sent["ledger"]["signals"].items():
        assert line["received"] == line["exported"] == sent["signals"][name]["accepted"] > 0
        assert line["missing"] == 0
    to.stop()
    spans = list(spans_of(to.lines("traces")))
    assert len(spans) == sent["signals"]["traces"]["sent"]
    ids = {(span["traceId"], span["spanId"]) for span in spans}
    assert len(ids) == len(spans)
    by_trace: dict = {}
    for span in spans:
        by_trace.setdefault(span["traceId"], set()).add(span["spanId"])
    # Only the last trace may be cut by the exact count.
    broken = [s for s in spans if s.get("parentSpanId") and s["parentSpanId"] not in by_trace[s["traceId"]]]
    assert not broken
    records = [r for line in to.lines("logs") for resource in line["resourceLogs"]
               for scope in resource["scopeLogs"] for r in scope["logRecords"]]
    assert len(records) == sent["signals"]["logs"]["sent"]
    joined = sum((r.get("traceId"), r.get("spanId")) in ids for r in records)
    assert joined >= 0.99 * len(records), f"{joined} of {len(records)} records belong to spans"
    exemplars = [e for line in to.lines("metrics") for e in find_exemplars(line)]
    assert exemplars
    joined = sum((e.get("traceId"), e.get("spanId")) in ids for e in exemplars)
    assert joined >= 0.95 * len(exemplars), f"{joined} of {len(exemplars)} exemplars belong to spans"


def find_exemplars(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "exemplars":
                yield from value
            else:
                yield from find_exemplars(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_exemplars(value)


POINTS = {
    "loadgen.sum.cumulative": ("sum", 2), "loadgen.sum.delta": ("sum", 1),
    "loadgen.updown": ("sum", 2), "loadgen.gauge": ("gauge", 0),
    "loadgen.histogram.cumulative": ("histogram", 2), "loadgen.histogram.delta": ("histogram", 1),
    "loadgen.exponential.cumulative": ("exponentialHistogram", 2),
    "loadgen.exponential.delta": ("exponentialHistogram", 1), "loadgen.summary": ("summary", 0)}


def points_of(lines):
    """(metric, kind, temporality, point) of all points, in the order of their arrival."""
    for line in lines:
        for resource in line["resourceMetrics"]:
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    kind = next(k for k in ("sum", "gauge", "histogram", "exponentialHistogram", "summary")
                                if k in metric)
                    for point in metric[kind]["dataPoints"]:
                        yield metric["name"], kind, metric[kind].get("aggregationTemporality", 0), point


def numbers_of(point: dict) -> list[float]:
    """What a dashboard shows of a point, after a look at whether its counts agree."""
    if "asDouble" in point or "asInt" in point:
        return [float(point.get("asDouble", point.get("asInt")))]
    count = int(point["count"])
    buckets = [int(n) for part in (point, point.get("positive", {}), point.get("negative", {}))
               for n in part.get("bucketCounts", [])]
    if buckets:
        assert count == sum(buckets) + int(point.get("zeroCount", 0)), point
    return [count, point["sum"], *buckets, *(q["value"] for q in point.get("quantileValues", []))]


@pytest.mark.parametrize("protocol", ["grpc", "http/json"])
@pytest.mark.parametrize("rate", [["-r", "20k/s", "-d", "2s"], ["--max", "-n", "40k", "--workers", "2"]],
                         ids=["open-loop", "closed-loop"])
def test_every_kind_of_point_arrives_and_none_is_flat(collector, protocol, rate):
    to = collector()
    port = to.grpc if protocol == "grpc" else to.http
    loadgen("-e", f"127.0.0.1:{port}", "--protocol", protocol, "-s", "all-metrics", "--signals", "metrics",
            *rate)
    to.stop()
    kinds, series = {}, {}
    for name, kind, temporality, point in points_of(to.lines("metrics")):
        kinds[name] = (kind, temporality)
        key = (name, json.dumps(point.get("attributes", [])))
        series.setdefault(key, []).append((int(point["timeUnixNano"]), numbers_of(point)))
    assert kinds == POINTS
    for (name, _), points in series.items():
        # By its own time: requests overtake each other on different streams.
        points.sort(key=lambda one: one[0])
        assert len(points) > 20
        values = [numbers for _, numbers in points]
        changed = sum(a != b for a, b in zip(values, values[1:]))
        if name.endswith(".cumulative"):
            for a, b in zip(values, values[1:]):
                assert all(x <= y for x, y in zip(a, b)), (name, a, b)
        elif name == "loadgen.summary":
            assert all(a[:2] <= b[:2] for a, b in zip(values, values[1:]))
        else:
            assert any(a < b for a, b in zip(values, values[1:])), name
            assert any(a > b for a, b in zip(values, values[1:])), name
        # A delta draws one of eight values. In a closed loop a series may come more than once in the tenth
        # of a millisecond in which sums stand still.
        assert changed >= (5 if "--max" in rate else len(points) * 0.6), (name, values[:5])
        assert len({at for at, _ in points}) == len(points), name


SAMPLING = """processors:
  tail_sampling:
    decision_wait: 3s
    num_traces: 200000
    expected_new_traces_per_sec: 10000
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 999}}
      - {name: rest, type: probabilistic, probabilistic: {sampling_percentage: 10}}
"""


def test_the_collector_keeps_what_s01_predicts(collector):
    to = collector(SAMPLING, "tail_sampling")
    # The sampler hashes trace ids, so a seed makes its share of the rest the same in every run.
    sent = loadgen("-e", f"127.0.0.1:{to.grpc}", "-s", "sampling", "-n", "100ktraces", "-r", "50k/s",
                   "-b", "500", "--keep", "10%", "--slow-threshold", "1s", "--ledger", to.ledger,
                   "--settle", "60s", "--seed", "1")
    proof = sent["sampling"]
    assert (proof["traces"], proof["errors"], proof["slow"], proof["rest"]) == (100_000, 500, 2_000, 97_500)
    assert abs(proof["expected_kept"] - 12_250) < 0.01
    assert proof["checked"] and proof["decided"] == 100_000
    assert proof["holds"], proof
    assert abs(proof["kept"] - 12_250) < 4 * proof["standard_deviation"]


def test_a_lost_error_is_noticed(collector):
    to = collector(SAMPLING.replace("[ERROR]", "[OK]"), "tail_sampling")
    sent = loadgen("-e", f"127.0.0.1:{to.grpc}", "-s", "sampling", "-n", "30ktraces", "-r", "50k/s",
                   "--keep", "0%", "--slow-threshold", "1s", "--ledger", to.ledger, code=3)
    assert sent["sampling"]["checked"] and not sent["sampling"]["holds"]


@contextlib.contextmanager
def official_receiver():
    """grpc-python with the official message classes: what decodes here is OTLP."""
    grpc = pytest.importorskip("grpc")
    pytest.importorskip("opentelemetry.proto")
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace
    got = {"traces": [], "metrics": [], "logs": []}
    lock = threading.Lock()
    server = grpc.server(futures.ThreadPoolExecutor(4))

    def handler(name, module, base):
        request = getattr(module, f"Export{base}ServiceRequest")
        answer = getattr(module, f"Export{base}ServiceResponse")

        def export(message, _context):
            with lock:
                got[name].append(message)
            return answer()
        return grpc.unary_unary_rpc_method_handler(
            export, request_deserializer=request.FromString,
            response_serializer=answer.SerializeToString)

    for name, module, base, package in (("traces", trace, "Trace", "trace"),
                                        ("metrics", metrics, "Metrics", "metrics"),
                                        ("logs", logs, "Logs", "logs")):
        service = f"opentelemetry.proto.collector.{package}.v1.{base}Service"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            service, {"Export": handler(name, module, base)}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port, got
    finally:
        server.stop(0).wait()


def test_patched_numbers_are_as_the_official_classes_would_write_them():
    with official_receiver() as (port, got):
        sent = loadgen("-e", f"127.0.0.1:{port}", "-s", "all-metrics", "-r", "20k/s", "-d", "1s")
    assert sent["signals"]["metrics"]["accepted"] == sent["signals"]["metrics"]["sent"] > 0
    buckets = set()
    for message in got["metrics"]:
        message.DiscardUnknownFields()
        for resource in message.resource_metrics:
            for metric in resource.scope_metrics[0].metrics:
                for point in metric.exponential_histogram.data_points:
                    assert point.count == sum(point.positive.bucket_counts) + point.zero_count
                    buckets.update(point.positive.bucket_counts)
    # The varints of exponential buckets have their shortest form, or these sums would differ.
    total = sum(m.ByteSize() for messages in got.values() for m in messages)
    assert total == sum(t["body_bytes"] for t in sent["signals"].values())
    assert max(buckets) >= 2**21 and 0 < min(buckets - {0}) < 128 and len(buckets) > 30


def test_official_classes_decode_every_byte_and_encode_it_back():
    with official_receiver() as (port, got):
        before = time.time_ns()
        sent = loadgen("-e", f"127.0.0.1:{port}", "-s", "shop", "-r", "20k/s", "-d", "1s")
    assert all(t["accepted"] == t["sent"] for t in sent["signals"].values())
    spans = [s for m in got["traces"] for r in m.resource_spans for c in r.scope_spans for s in c.spans]
    points = sum(len(p.data_points) for m in got["metrics"] for r in m.resource_metrics
                 for c in r.scope_metrics for x in c.metrics
                 for p in [getattr(x, x.WhichOneof("data"))])
    records = [r for m in got["logs"] for x in m.resource_logs for c in x.scope_logs
               for r in c.log_records]
    assert len(spans) == sent["signals"]["traces"]["sent"]
    assert points == sent["signals"]["metrics"]["sent"]
    assert len(records) == sent["signals"]["logs"]["sent"]
    # Nothing may be unknown to the definitions: what is left after dropping such fields is compared below.
    for messages in got.values():
        for message in messages:
            message.DiscardUnknownFields()
    after = time.time_ns() + 10**9
    errors = 0
    for span in spans:
        assert len(span.trace_id) == 16 and len(span.span_id) == 8
        assert before - 10**10 < span.start_time_unix_nano <= span.end_time_unix_nano < after
        errors += span.status.code == 2
    assert errors > 0
    assert any(e.name == "exception" for s in spans for e in s.events)
    assert any(s.links for s in spans)
    total = sum(m.ByteSize() for messages in got.values() for m in messages)
    assert total == sum(t["body_bytes"] for t in sent["signals"].values())
