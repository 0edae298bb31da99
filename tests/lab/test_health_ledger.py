# SPDX-License-Identifier: Apache-2.0
"""The ledger of `obsctl health` against the load generator's and the stores': where every item went that a real
collector accepted, and the reason under which it is lost.

No limit of Prometheus on the number of samples, labels or series holds for what is written over OTLP: sample_limit
and its kin are settings of scrapes. What breaks it never reaches a collector: it is a finding (PRM-002), no column.
"""

import contextlib
import dataclasses
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest
import yaml

import given
from backends import get, wait_for
from collector import Sink, free_ports, is_there, loadgen, running

STARTS = 60
SAMPLE = 12         # seconds of one look at the collector, in which a whole load is sent and lost
NEAR = 0.01         # items: a rate times its seconds is a whole number of them
SIGNALS = ("traces", "metrics", "logs")
LOAD = ["-n", "600", "-r", "300/s", "-b", "20"]
PLAIN = {"tls": {"insecure": True}, "compression": "none"}


# -- what the collector sends to: each gives a Target ----------------------------------------------


@dataclasses.dataclass(frozen=True)
class Target:
    address: str                # of OTLP
    shown: tuple = ()           # flags by which health reads the store's page as well
    stored: object = None       # () -> items that the store gives back; None: it cannot be asked for a number


@contextlib.contextmanager
def silent(_):
    """Takes connections and answers nothing."""
    sink = Sink()
    sink.process.send_signal(signal.SIGSTOP)
    try:
        yield Target(f"127.0.0.1:{sink.grpc}")
    finally:
        sink.process.send_signal(signal.SIGCONT)
        sink.stop()


@contextlib.contextmanager
def well(_):
    sink = Sink()
    try:
        yield Target(f"127.0.0.1:{sink.grpc}")
    finally:
        sink.stop()


def answering(status: int):
    """A server that answers this to everything: no store here has a limit for 413 that a load reaches, and a proxy in
    front of one answers 401 and 403."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    @contextlib.contextmanager
    def run(_):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Target(f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
    return run


@contextlib.contextmanager
def next_collector(folder: pathlib.Path):
    """A collector as it is by default: it takes messages of 4 MiB over gRPC."""
    grpc, health = free_ports(2)
    pipeline = {"receivers": ["otlp"], "exporters": ["debug"]}
    config = folder / "next.yaml"
    config.write_text(yaml.safe_dump({
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{grpc}"}}}},
        "exporters": {"debug": {}}, "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "service": {"extensions": ["health_check"], "telemetry": {"metrics": {"level": "none"}},
                    "pipelines": dict.fromkeys(SIGNALS, pipeline)}}), encoding="utf-8")
    with running("otelcol", "--config", config):
        wait_for(lambda: is_there(f"http://127.0.0.1:{health}"), STARTS, "the next collector")
        yield Target(f"127.0.0.1:{grpc}")


def prometheus(**config):
    """Prometheus with this configuration besides: nothing is scraped."""
    @contextlib.contextmanager
    def run(folder: pathlib.Path):
        with running_prometheus(folder, {"global": {"scrape_interval": "1h"}, **config}) as url:
            yield Target(f"{url}/api/v1/otlp", (f"--prometheus={url}",), lambda: points_in(url))
    return run


def points_in(url: str) -> int:
    """Of a histogram that is its _count."""
    query = '{__name__!="",__name__!~".*_(bucket|sum|min|max)|target_info"}[6h]'
    return sum(len(series["values"]) for series in get(f"{url}/api/v1/query", query=query)["data"]["result"])


def broken_limit(url: str) -> bool:
    targets = get(f"{url}/api/v1/targets")["data"]["activeTargets"]
    return any("sample limit" in target["lastError"] for target in targets)


@contextlib.contextmanager
def running_prometheus(folder: pathlib.Path, settings: dict):
    (port,) = free_ports(1)
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with running("prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                 "--web.enable-otlp-receiver", f"--storage.tsdb.path={folder / 'tsdb'}"):
        wait_for(lambda: is_there(f"http://127.0.0.1:{port}/-/ready"), STARTS, "Prometheus")
        yield f"http://127.0.0.1:{port}"


def loki(**limits):
    """Loki with these limits, where one is given."""
    @contextlib.contextmanager
    def run(folder: pathlib.Path):
        if "loki" in given.absent():
            pytest.skip(given.why_absent("loki"))
        http, grpc = free_ports(2)
        config = folder / "loki.yaml"
        period = {"from": "2024-01-01", "store": "tsdb", "object_store": "filesystem", "schema": "v13",
                  "index": {"prefix": "index_", "period": "24h"}}
        config.write_text(yaml.safe_dump({
            "auth_enabled": False, "analytics": {"reporting_enabled": False},
            "server": {"http_listen_address": "127.0.0.1", "http_listen_port": http,
                       "grpc_listen_address": "127.0.0.1", "grpc_listen_port": grpc},
            "common": {"path_prefix": str(folder / "loki"), "replication_factor": 1, "instance_addr": "127.0.0.1",
                       "ring": {"kvstore": {"store": "inmemory"}},
                       "storage": {"filesystem": {"chunks_directory": str(folder / "chunks"),
                                                  "rules_directory": str(folder / "rules")}}},
            "schema_config": {"configs": [period]}, "limits_config": limits}), encoding="utf-8")
        with running("loki", f"-config.file={config}"):
            wait_for(lambda: is_there(f"http://127.0.0.1:{http}/ready"), STARTS, "Loki")
            url = f"http://127.0.0.1:{http}"
            yield Target(f"{url}/otlp", (f"--endpoint=loki={url}",), lambda: lines_in(url))
    return run


def lines_in(url: str) -> int:
    found = get(f"{url}/loki/api/v1/query", query='sum(count_over_time({service_name=~".+"}[6h]))')["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


def tempo(**limits):
    """Tempo with these limits. What it has taken stays a live trace for as long as the load lasts."""
    @contextlib.contextmanager
    def run(folder: pathlib.Path):
        if "tempo" in given.absent():
            pytest.skip(given.why_absent("tempo"))
        http, grpc, otlp = free_ports(3)
        config = folder / "tempo.yaml"
        config.write_text(yaml.safe_dump({
            "server": {"http_listen_address": "127.0.0.1", "http_listen_port": http,
                       "grpc_listen_address": "127.0.0.1", "grpc_listen_port": grpc},
            "usage_report": {"reporting_enabled": False},
            "distributor": {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{otlp}"}}}}},
            "live_store": {"shutdown_marker_dir": str(folder / "marker"), "wal": {"path": str(folder / "live")},
                           "max_trace_idle": "15s", "max_trace_live": "5m"},
            "storage": {"trace": {"backend": "local", "local": {"path": str(folder / "blocks")},
                                  "wal": {"path": str(folder / "wal")}}},
            "backend_scheduler": {"local_work_path": str(folder / "work")},
            "overrides": {"defaults": limits}}), encoding="utf-8")
        with running("tempo", f"-config.file={config}") as process:
            url = f"http://127.0.0.1:{http}"
            wait_for(lambda: is_there(f"{url}/ready"), STARTS, "Tempo")
            yield Target(f"127.0.0.1:{otlp}", (f"--endpoint=tempo={url}",), lambda: spans_in(url))
            process.kill()      # a stop writes what it has for minutes
    return run


def spans_in(url: str) -> int:
    """A search finds them when their traces are no longer live; one that finds the same again found all."""
    counts = [0]

    def all_found() -> bool:
        traces = get(f"{url}/api/search", q="{}", limit=100_000, spss=100)["traces"]
        counts.append(sum(spans["matched"] for trace in traces for spans in trace["spanSets"]))
        return 0 < counts[-1] == counts[-2]

    wait_for(all_found, STARTS, "spans in Tempo", pause=12)
    return counts[-1]


@contextlib.contextmanager
def victorialogs(folder: pathlib.Path):
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with running("victoria-logs", f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder / 'data'}"):
        wait_for(lambda: is_there(f"{url}/health"), STARTS, "VictoriaLogs")
        yield Target(f"{url}/insert/opentelemetry", (f"--endpoint=victorialogs={url}",),
                     lambda: int(get(f"{url}/select/logsql/query", query="* | count() items")["items"]))


# -- causes of loss ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why items do not arrive, and where the ledger has to have them."""

    name: str
    to: object
    exporter: dict = dataclasses.field(default_factory=dict)
    processors: dict = dataclasses.field(default_factory=dict)
    load: tuple = tuple(LOAD)
    then: tuple = ()            # a second load behind it
    lost: str = ""              # the reason; empty: none
    refused: str = ""           # the reason that the sender was given as well
    unknown: bool = False       # no metric of the collector tells it
    level: str = "detailed"     # of the collector's own metrics


SMALL_QUEUE = {"sending_queue": {"queue_size": 3, "num_consumers": 1}}
GIVES_UP = {"timeout": "1s", "retry_on_failure": {"initial_interval": "500ms", "max_interval": "1s",
                                                  "max_elapsed_time": "1s"}}
TINY_BATCH = {"sending_queue": {"sizer": "bytes", "queue_size": 10_000_000, "batch": {
    "sizer": "bytes", "min_size": 100, "max_size": 200, "flush_timeout": "200ms"}}}
LARGE = ("-n", "3000", "-b", "1000", "-r", "1000/s", "--span-size", "6KB", "--log-size", "6KB",
         "--signals", "traces,logs")
POINTS = ("--signals", "metrics", *LOAD)
RECORDS = ("--signals", "logs", "--sequence", *LOAD)
DELTAS = ("-s", "all-metrics", *POINTS)
LATE = {"transform": {"metric_statements": [{"context": "datapoint", "statements": [
    'set(datapoint.time, datapoint.time - Duration("3h")) where metric.name == "shop.orders"']}]}}
# What is measured in the second half of each second is ten minutes old.
BACK_AND_FORTH = {"transform": {"metric_statements": [{"context": "datapoint", "statements": [
    'set(datapoint.time, datapoint.time - Duration("10m")) where '
    'IsMatch(String(datapoint.time_unix_nano), "[5-9]........$")']}]}}


def of_records(*statements: str) -> dict:
    """Every record has its number in its body: Loki drops what has the time and the line of another."""
    numbered = 'set(log.body, Concat([log.body, String(log.attributes["obsctl.seq"])], " "))'
    return {"transform": {"log_statements": [{"context": "log", "statements": [numbered, *statements]}]}}


def late_records(minutes: int) -> dict:
    """Four of ten behind the first hundred, by which time every stream has a record of now."""
    late = f'log.time - Duration("{minutes}m")'
    return of_records(f'set(log.time, {late}) where IsMatch(log.body, "[1-9][0-9][0-3]$")')


ONE_STREAM = (*RECORDS, "--service", "first")
SHORT_TRACES = ("-s", "telemetrygen", "--signals", "traces", *LOAD)   # of one service each, and two spans
TRACES = ("--signals", "traces", *LOAD)

CAUSES = [
    Cause("queue full, the sender is told", silent, SMALL_QUEUE, refused="queue full"),
    Cause("queue full behind a batch", silent, SMALL_QUEUE, {"batch": {"timeout": "100ms", "send_batch_size": 20}},
          lost="queue full"),
    Cause("given up", silent, GIVES_UP, lost="given up: DeadlineExceeded"),
    Cause("given up, normal metrics", silent, GIVES_UP, lost="refused or given up", level="normal"),
    Cause("400", answering(400), lost="refused for good: InvalidArgument"),
    Cause("401", answering(401), lost="refused for good: Unauthenticated"),
    Cause("403", answering(403), lost="refused for good: PermissionDenied"),
    Cause("413", answering(413), lost="refused for good"),
    Cause("message above 4 MiB", next_collector, load=LARGE, lost="refused for good: ResourceExhausted"),
    # The collector's metrics have no more than a type of gRPC, and not every status of HTTP has one; why, the store's
    # counters say, where it has one for it.
    Cause("delta", prometheus(), load=DELTAS, lost="refused for good"),
    Cause("too far behind", prometheus(), processors=LATE, load=POINTS,
          lost="refused for good: InvalidArgument (prometheus: out of bounds)"),
    Cause("out of order", prometheus(), processors=BACK_AND_FORTH, load=POINTS,
          lost="refused for good: InvalidArgument (prometheus: out of order)"),
    Cause("out of order for longer than the window",
          prometheus(storage={"tsdb": {"out_of_order_time_window": "5m"}}), processors=BACK_AND_FORTH, load=POINTS,
          lost="refused for good: InvalidArgument (prometheus: too far behind)"),
    Cause("limit of the rate", loki(ingestion_rate_mb=0.001, ingestion_burst_size_mb=0.001), GIVES_UP, of_records(),
          load=RECORDS, lost="given up: ResourceExhausted (loki: rate_limited)"),
    Cause("limit of a stream's rate", loki(per_stream_rate_limit="8KB", per_stream_rate_limit_burst="8KB"), GIVES_UP,
          of_records(), load=ONE_STREAM, lost="given up: ResourceExhausted (loki: per_stream_rate_limit)"),
    Cause("limit of streams", loki(max_global_streams_per_user=1), GIVES_UP, of_records(),
          load=ONE_STREAM, then=(*RECORDS, "--service", "second"),
          lost="given up: ResourceExhausted (loki: stream_limit)"),
    Cause("records too far behind", loki(), processors=late_records(150), load=RECORDS,
          lost="refused for good: InvalidArgument (loki: too_far_behind)"),
    # Half of max_chunk_age is an hour. There is no other limit to disorder: the schema that OTLP needs sorts by itself,
    # whatever unordered_writes says.
    Cause("records out of order", loki(), processors=late_records(50), load=RECORDS),
    Cause("records out of order, ordered writes", loki(unordered_writes=False), processors=late_records(50),
          load=RECORDS),
    Cause("records older than what is kept", victorialogs, processors=late_records(240 * 60), load=RECORDS,
          lost="thrown away by victorialogs: too_small_timestamp"),
    Cause("limit of live traces", tempo(ingestion={"max_traces_per_user": 100}), load=SHORT_TRACES,
          lost="thrown away by tempo: live_traces_exceeded"),
    Cause("limit of a trace's size", tempo(**{"global": {"max_bytes_per_trace": 1500}}), load=TRACES,
          lost="thrown away by tempo: trace_too_large"),
    Cause("limit of the rate of spans", tempo(ingestion={"rate_limit_bytes": 8000, "burst_size_bytes": 8000}), GIVES_UP,
          load=TRACES, lost="given up: ResourceExhausted (tempo: rate_limited)"),
    # Split: an item larger than a batch may be is dropped with a line in the log, and no counter moves.
    Cause("cannot be split", well, TINY_BATCH, unknown=True),
    Cause("nothing", well),
]


@contextlib.contextmanager
def collector_of(cause: Cause, folder: pathlib.Path, address: str, metrics: int = 0):
    """Yields the ports of OTLP and of the metrics."""
    (grpc,) = free_ports(1)
    metrics = metrics or free_ports(1)[0]
    kind = "otlp_http" if address.startswith("http:") else "otlp_grpc"
    transport = {"compression": "none"} if kind == "otlp_http" else PLAIN
    pipeline = {"receivers": ["otlp"], "processors": list(cause.processors), "exporters": [kind]}
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": metrics}}}}
    config = folder / "collector.yaml"
    config.write_text(yaml.safe_dump({
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{grpc}", "max_recv_msg_size_mib": 64}}}},
        "processors": cause.processors,
        "exporters": {kind: {"endpoint": address, **transport, **cause.exporter}},
        "service": {"telemetry": {"metrics": {"level": cause.level, "readers": [reader]}},
                    "pipelines": dict.fromkeys(SIGNALS, pipeline)}}), encoding="utf-8")
    with running("otelcol", "--config", config):
        wait_for(lambda: is_there(f"http://127.0.0.1:{metrics}/metrics"), STARTS, "the collector")
        yield grpc, metrics


def look_while(metrics: int, send, *flags: str) -> tuple:
    """(what send() returns, the report) of one look that holds all of it."""
    looking = subprocess.Popen([os.environ["OBSCTL"], "health", "--collector", f"http://127.0.0.1:{metrics}", *flags,
                                f"--sample={SAMPLE}s", "-o", "json"], stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)      # it has read the counters the first time
    sent = send()
    return sent, json.loads(looking.communicate(timeout=60)[0])


def ledger_of(report: dict) -> dict:
    """signal -> items by column of the ledger."""
    return {line["signal"]: as_items(line) for line in report["ledger"]}


def send_all(loads, grpc: int) -> dict:
    """signal -> how many were sent and accepted in all loads together."""
    out = {}
    for load in filter(None, loads):
        for name, counts in loadgen("-e", f"127.0.0.1:{grpc}", "--retry", "off", *load)["signals"].items():
            sum_of = out.setdefault(name, {"sent": 0, "accepted": 0})
            for key in sum_of:
                sum_of[key] += counts[key]
    return out


def as_items(line: dict) -> dict:
    def items(value):
        return {reason: items(rate) for reason, rate in value.items()} if isinstance(value, dict) \
            else value * line["seconds"]
    return {key: items(value) for key, value in line.items() if key not in ("component", "signal", "seconds")}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_every_item_is_where_it_went(cause, tmp_path, report):
    with cause.to(tmp_path) as target, collector_of(cause, tmp_path, target.address) as (grpc, metrics):
        sent, seen = look_while(metrics, lambda: send_all((cause.load, cause.then), grpc), *target.shown)
        stored = target.stored() if target.stored else None
    ledger = ledger_of(seen)
    for name, line in ledger.items():
        truth = sent[name]
        report(f"{name}: sent {truth['sent']}, {'' if stored is None else f'found {stored}, '}{shown(line)}")
        assert line["accepted"] == pytest.approx(truth["accepted"], abs=NEAR)
        assert line["refused"] == pytest.approx(truth["sent"] - truth["accepted"], abs=NEAR)
        assert stored is None or line["stored"] == pytest.approx(stored, abs=NEAR)
        where = (line["stored"], line["waiting"], line["filtered"], *line["lost"].values(), line["unknown"])
        assert sum(where) == pytest.approx(line["accepted"], abs=NEAR)
        assert set(line["lost"]) == ({cause.lost} if cause.lost else set())
        assert set(line["refusals"]) == ({cause.refused} if cause.refused else set())
        assert (line["unknown"] > NEAR) == cause.unknown
    assert ledger


def test_scrape_over_its_limit_is_found_and_nothing_is_lost(tmp_path, report):
    """What the same Prometheus is sent over OTLP is far above the limit, and stored."""
    (metrics,) = free_ports(1)
    scrape = {"job_name": "collector", "sample_limit": 5, "static_configs": [{"targets": [f"127.0.0.1:{metrics}"]}]}
    with running_prometheus(tmp_path, {"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}) as url, \
            collector_of(Cause("", None), tmp_path, f"{url}/api/v1/otlp", metrics) as (grpc, _):
        wait_for(lambda: broken_limit(url), STARTS, "a scrape above its limit")
        sent, seen = look_while(metrics, lambda: send_all([POINTS], grpc), f"--prometheus={url}")
    line = ledger_of(seen)["metrics"]
    report(f"sent {sent['metrics']['sent']}, {shown(line)}")
    found = {check["id"] for check in seen["checks"] if check["problems"]}
    assert "PRM-002" in found
    assert line["lost"] == {} and line["unknown"] == 0
    assert line["stored"] == pytest.approx(sent["metrics"]["accepted"], abs=NEAR)


def shown(line: dict) -> str:
    """The columns that are not 0."""
    return ", ".join(f"{key} {value if isinstance(value, dict) else round(value)}"
                     for key, value in line.items() if value)
