# SPDX-License-Identifier: Apache-2.0
"""The requests of tests/unit/otlp/samples.hpp, built with OpenTelemetry's own classes."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TIME = 1_700_000_000_123_456_789


def ids(start: int, size: int) -> bytes:
    return bytes(range(start, start + size))


TRACE, SPAN = ids(1, 16), ids(0xA0, 8)


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def number(key: str, value: int) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(int_value=value))


def all_values() -> list[KeyValue]:
    array = ArrayValue(values=[AnyValue(string_value="a"), AnyValue(int_value=7), AnyValue()])
    deeper = KeyValueList(values=[KeyValue(key="x", value=AnyValue(bool_value=True))])
    mapping = KeyValueList(values=[
        KeyValue(key="inner", value=AnyValue(double_value=1.25)),
        KeyValue(key="deeper", value=AnyValue(kvlist_value=deeper))])
    return [
        text("string", 'with "quotes", \\ and \t ümlaut'),
        text("empty.string", ""),
        KeyValue(key="bool", value=AnyValue(bool_value=True)),
        KeyValue(key="bool.false", value=AnyValue(bool_value=False)),
        number("int", -42),
        number("int.max", 2**63 - 1),
        KeyValue(key="double", value=AnyValue(double_value=2.5)),
        KeyValue(key="array", value=AnyValue(array_value=array)),
        KeyValue(key="map", value=AnyValue(kvlist_value=mapping)),
        KeyValue(key="empty.array", value=AnyValue(array_value=ArrayValue())),
        KeyValue(key="bytes", value=AnyValue(bytes_value=b"\x00\xff\x10")),
        KeyValue(key="absent", value=AnyValue()),
    ]


def resource() -> Resource:
    entity = EntityRef(schema_url="https://e", type="host", id_keys=["host.name"],
                       description_keys=["os.type", "os.name"])
    return Resource(attributes=[text("service.name", "checkout"), text("host.name", "h1")],
                    dropped_attributes_count=3, entity_refs=[entity])


def scope() -> InstrumentationScope:
    return InstrumentationScope(name="lib", version="1.2", attributes=[number("s", 1)],
                                dropped_attributes_count=4)


def traces() -> ExportTraceServiceRequest:
    span = Span(
        trace_id=TRACE, span_id=SPAN, trace_state="k=v", parent_span_id=ids(0x10, 8), flags=0x301,
        name="GET /cart", kind=Span.SPAN_KIND_SERVER, start_time_unix_nano=TIME,
        end_time_unix_nano=TIME + 1000, attributes=all_values(), dropped_attributes_count=1,
        events=[Span.Event(time_unix_nano=TIME + 5, name="retry", attributes=[number("n", 1)],
                           dropped_attributes_count=2),
                Span.Event(time_unix_nano=TIME + 6, name="done")],
        dropped_events_count=5,
        links=[Span.Link(trace_id=ids(50, 16), span_id=ids(60, 8), trace_state="l=1",
                         attributes=[text("link", "yes")], dropped_attributes_count=6, flags=0x100)],
        dropped_links_count=7, status=Status(code=Status.STATUS_CODE_ERROR, message="boom"))
    request = ExportTraceServiceRequest()
    first = request.resource_spans.add(resource=resource(), schema_url="https://r")
    first.scope_spans.add(scope=scope(), spans=[span, Span(name="bare")], schema_url="https://s")
    first.scope_spans.add(spans=[Span(span_id=ids(1, 8), name="no scope")])
    request.resource_spans.add().scope_spans.add(spans=[Span(name="no resource")])
    return request


def exemplar(**value) -> Exemplar:
    return Exemplar(filtered_attributes=[text("f", "x")], time_unix_nano=TIME + 9, span_id=SPAN,
                    trace_id=TRACE, **value)


def metrics() -> ExportMetricsServiceRequest:
    own = {"attributes": [text("k", "v")], "start_time_unix_nano": TIME, "time_unix_nano": TIME + 1,
           "flags": 1}
    buckets = ExponentialHistogramDataPoint.Buckets
    quantile = SummaryDataPoint.ValueAtQuantile
    gauge = Metric(name="g", description="a gauge", unit="1", metadata=[text("m", "d")], gauge=Gauge(data_points=[
        NumberDataPoint(as_double=1.5, exemplars=[exemplar(as_double=2.5), exemplar(as_int=-3)], **own),
        NumberDataPoint(time_unix_nano=TIME, as_int=-7),
        NumberDataPoint(time_unix_nano=TIME)]))
    total = Metric(name="s", unit="By", sum=Sum(
        data_points=[NumberDataPoint(time_unix_nano=TIME, as_double=0.0)], aggregation_temporality=1,
        is_monotonic=True))
    falling = Metric(name="s2", sum=Sum(data_points=[NumberDataPoint(as_int=0)], aggregation_temporality=2))
    histogram = Metric(name="h", histogram=Histogram(aggregation_temporality=2, data_points=[
        HistogramDataPoint(count=6, sum=12.5, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 10],
                           exemplars=[exemplar(as_double=1.0)], min=0.0, max=9.5, **own),
        HistogramDataPoint()]))
    exponential = Metric(name="e", exponential_histogram=ExponentialHistogram(aggregation_temporality=1, data_points=[
        ExponentialHistogramDataPoint(
            count=10, sum=-1.0, scale=-3, zero_count=2, positive=buckets(offset=-5, bucket_counts=[1, 0, 300]),
            negative=buckets(offset=2, bucket_counts=[5]), exemplars=[exemplar(as_int=8)], min=-2.0, max=3.0,
            zero_threshold=0.001, **own)]))
    summary = Metric(name="y", summary=Summary(data_points=[
        SummaryDataPoint(count=4, sum=8.5, quantile_values=[
            quantile(quantile=0.5, value=1.0), quantile(quantile=0.99, value=7.0), quantile()], **own)]))
    request = ExportMetricsServiceRequest()
    first = request.resource_metrics.add(resource=resource(), schema_url="https://r")
    first.scope_metrics.add(scope=scope(), schema_url="https://s", metrics=[
        gauge, total, falling, histogram, exponential, summary, Metric(name="empty", gauge=Gauge())])
    return request


def logs() -> ExportLogsServiceRequest:
    body = KeyValueList(values=[text("msg", "payment refused"), number("code", 402)])
    full = LogRecord(
        time_unix_nano=TIME, observed_time_unix_nano=TIME + 2, severity_number=17, severity_text="ERROR",
        body=AnyValue(kvlist_value=body), attributes=all_values(), dropped_attributes_count=2, flags=1,
        trace_id=TRACE, span_id=SPAN, event_name="order.failed")
    request = ExportLogsServiceRequest()
    first = request.resource_logs.add(resource=resource(), schema_url="https://r")
    first.scope_logs.add(scope=scope(), schema_url="https://s", log_records=[
        full, LogRecord(body=AnyValue(string_value="plain")), LogRecord(body=AnyValue()), LogRecord()])
    return request
