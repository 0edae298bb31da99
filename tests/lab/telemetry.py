# SPDX-License-Identifier: Apache-2.0
"""Sends traces, metrics and logs the way foreign applications do, and knows what was accepted.

Exists so that the lab's client shares no code with obsctl: spans go through OpenTelemetry's
Python SDK and exporters, metrics and logs through its protobufs over gRPC and HTTP. Every method
returns only after the receiver acknowledged, so a test can say "what was accepted must come back".
"""

import dataclasses
import random
import time

import grpc
import requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

CHUNK = 200  # traces or records per request: several requests, none near a size limit


class Refused(Exception):
    """The receiver did not acknowledge; the message says why."""


@dataclasses.dataclass(frozen=True)
class TraceSpec:
    """One trace to send: a root span and one child."""

    kind: str = "normal"          # normal, error, slow or exception; becomes attribute lab.kind
    seconds: float = 0.05
    attributes: tuple = ()

    def all_attributes(self) -> dict:
        return {"lab.kind": self.kind, **dict(self.attributes)}


@dataclasses.dataclass(frozen=True)
class Sender:
    """A client of one OTLP endpoint; protocol is grpc or http."""

    protocol: str
    endpoint: str                 # host:port for gRPC, a base URL for HTTP
    headers: tuple = ()
    ca_file: str | None = None

    def spans(self, service: str, specs: list) -> list:
        """Sends the traces and returns their ids (hex) in the order of specs."""
        exporter = self._span_exporter()
        sent = []
        try:
            for start in range(0, len(specs), CHUNK):
                spans, ids = _make_spans(service, specs[start:start + CHUNK])
                if exporter.export(spans) is not SpanExportResult.SUCCESS:
                    raise Refused(f"{self.protocol} span export to {self.endpoint} failed")
                sent += ids
        finally:
            exporter.shutdown()
        return sent

    def counter(self, service: str, name: str, values: dict, delta: bool = False) -> None:
        """Sends one sum, cumulative or as what came since the last; values maps a value of attribute 'item' to its
        number."""
        request = metrics_service_pb2.ExportMetricsServiceRequest()
        block = request.resource_metrics.add()
        block.resource.attributes.extend(_pairs({"service.name": service}))
        metric = block.scope_metrics.add().metrics.add(name=name)
        metric.sum.is_monotonic = True
        metric.sum.aggregation_temporality = 1 if delta else 2
        now = time.time_ns()
        for item, value in values.items():
            point = metric.sum.data_points.add(
                start_time_unix_nano=now - 60_000_000_000, time_unix_nano=now, as_int=value)
            point.attributes.extend(_pairs({"item": item}))
        self._post("metrics", request, metrics_service_pb2_grpc.MetricsServiceStub)

    def logs(self, service: str, bodies: list, attributes: dict | None = None,
             severity: str = "INFO", resource: dict | None = None) -> None:
        number = {"INFO": 9, "WARN": 13, "ERROR": 17}[severity]
        for start in range(0, len(bodies), CHUNK):
            request = logs_service_pb2.ExportLogsServiceRequest()
            block = request.resource_logs.add()
            block.resource.attributes.extend(_pairs({"service.name": service, **(resource or {})}))
            scope = block.scope_logs.add()
            for body in bodies[start:start + CHUNK]:
                now = time.time_ns()
                record = scope.log_records.add(
                    time_unix_nano=now, observed_time_unix_nano=now, severity_number=number,
                    severity_text=severity, body=AnyValue(string_value=body))
                record.attributes.extend(_pairs(attributes or {}))
            self._post("logs", request, logs_service_pb2_grpc.LogsServiceStub)

    def _span_exporter(self):
        headers = dict(self.headers)
        if self.protocol == "http":
            return HttpSpans(endpoint=f"{self.endpoint}/v1/traces", headers=headers,
                             certificate_file=self.ca_file, timeout=10)
        secure = self.endpoint.startswith("https://") or self.ca_file is not None
        return GrpcSpans(endpoint=self.endpoint, headers=headers, insecure=not secure,
                         credentials=self._credentials() if secure else None, timeout=10)

    def _credentials(self):
        with open(self.ca_file, "rb") as stream:
            return grpc.ssl_channel_credentials(root_certificates=stream.read())

    def _post(self, signal: str, request, stub_type) -> None:
        if self.protocol == "http":
            self._post_http(signal, request)
        else:
            self._post_grpc(request, stub_type)

    def _post_http(self, signal: str, request) -> None:
        headers = {"Content-Type": "application/x-protobuf", **dict(self.headers)}
        try:
            reply = requests.post(f"{self.endpoint}/v1/{signal}", headers=headers, timeout=10,
                                  data=request.SerializeToString(), verify=self.ca_file or True)
        except requests.RequestException as error:
            raise Refused(str(error)) from error
        if reply.status_code != 200:
            raise Refused(f"HTTP {reply.status_code}: {reply.text[:200]}")

    def _post_grpc(self, request, stub_type) -> None:
        channel = grpc.secure_channel(self.endpoint, self._credentials()) if self.ca_file \
            else grpc.insecure_channel(self.endpoint)
        with channel:
            try:
                stub_type(channel).Export(request, timeout=10, metadata=self.headers)
            except grpc.RpcError as error:
                raise Refused(f"{error.code().name}: {error.details()}") from error


def _pairs(attributes: dict) -> list:
    return [KeyValue(key=key, value=AnyValue(string_value=str(value)))
            for key, value in attributes.items()]


def _make_spans(service: str, specs: list) -> tuple:
    """SDK spans for the specs, finished now and as long as each spec asks."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("obsctl.lab")
    ids = []
    for spec in specs:
        end = time.time_ns()
        begin = end - int(spec.seconds * 1e9)
        root = tracer.start_span("GET /lab", start_time=begin, kind=trace.SpanKind.SERVER,
                                 attributes=spec.all_attributes())
        child = tracer.start_span("work", trace.set_span_in_context(root), start_time=begin + 1000)
        if spec.kind == "error":
            for span in (child, root):
                span.set_status(trace.StatusCode.ERROR, "lab error")
        if spec.kind == "exception":
            child.add_event("exception", {"exception.type": "LabError"}, timestamp=begin + 2000)
        child.end(end_time=end - 1000)
        root.end(end_time=end)
        ids.append(format(root.get_span_context().trace_id, "032x"))
    return memory.get_finished_spans(), ids


def mixed(normal: int, error: int, slow: int, slow_seconds: float) -> list:
    """A shuffled workload, so that no kind sits in a request of its own."""
    specs = [TraceSpec()] * normal + [TraceSpec("error")] * error \
        + [TraceSpec("slow", slow_seconds)] * slow
    random.shuffle(specs)
    return specs


class HttpApplication:
    """What an instrumented HTTP service reports about itself by the semantic conventions, through
    the SDK's metrics: generated rules and dashboards for applications read exactly these."""

    def __init__(self, service: str, endpoint: str) -> None:
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics"), export_interval_millis=3_600_000)
        self._provider = MeterProvider(
            metric_readers=[reader], resource=Resource.create({"service.name": service}))
        self._duration = self._provider.get_meter("obsctl.lab").create_histogram(
            "http.server.request.duration", unit="s",
            explicit_bucket_boundaries_advisory=[0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])

    def serve(self, good: int, failed: int, seconds: float = 0.02) -> None:
        """Counts requests and reports them at once."""
        for status, number in ((200, good), (500, failed)):
            for _ in range(number):
                self._duration.record(seconds, {"http.request.method": "GET", "http.route": "/lab",
                                                "http.response.status_code": status})
        if not self._provider.force_flush():
            raise Refused("the SDK could not deliver its metrics")

    def close(self) -> None:
        self._provider.shutdown()
