# SPDX-License-Identifier: Apache-2.0
"""The ledger of `obsctl health` against the load generator's: where every item went that a real collector accepted, and
the reason under which it is lost."""

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
from backends import wait_for
from collector import Sink, free_ports, is_there, loadgen, running

STARTS = 60
SAMPLE = 12         # seconds of one look at the collector, in which a whole load is sent and lost
NEAR = 0.01         # items: a rate times its seconds is a whole number of them
SIGNALS = ("traces", "metrics", "logs")
LOAD = ["-n", "600", "-r", "300/s", "-b", "20"]
PLAIN = {"tls": {"insecure": True}, "compression": "none"}


# -- what the collector sends to: each gives its address ------------------------------------------


@contextlib.contextmanager
def silent(_):
    """Takes connections and answers nothing."""
    sink = Sink()
    sink.process.send_signal(signal.SIGSTOP)
    try:
        yield f"127.0.0.1:{sink.grpc}"
    finally:
        sink.process.send_signal(signal.SIGCONT)
        sink.stop()


@contextlib.contextmanager
def well(_):
    sink = Sink()
    try:
        yield f"127.0.0.1:{sink.grpc}"
    finally:
        sink.stop()


@contextlib.contextmanager
def too_large(_):
    """A server that answers 413 to everything: no store here has a limit that a load reaches."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(413)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
        yield f"127.0.0.1:{grpc}"


@contextlib.contextmanager
def prometheus(folder: pathlib.Path):
    (port,) = free_ports(1)
    config = folder / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
    with running("prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                 "--web.enable-otlp-receiver", f"--storage.tsdb.path={folder / 'tsdb'}"):
        wait_for(lambda: is_there(f"http://127.0.0.1:{port}/-/ready"), STARTS, "Prometheus")
        yield f"http://127.0.0.1:{port}/api/v1/otlp"


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
            yield f"http://127.0.0.1:{http}/otlp"
    return run


# -- causes of loss ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why items do not arrive, and where the ledger has to have them."""

    name: str
    to: object
    exporter: dict = dataclasses.field(default_factory=dict)
    processors: dict = dataclasses.field(default_factory=dict)
    load: tuple = tuple(LOAD)
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
RECORDS = ("--signals", "logs", *LOAD)
DELTAS = ("-s", "all-metrics", *POINTS)
LATE = {"transform": {"metric_statements": [{"context": "datapoint", "statements": [
    'set(datapoint.time, datapoint.time - Duration("3h")) where metric.name == "shop.orders"']}]}}
LATE_RECORDS = {"transform": {"log_statements": [{"context": "log", "statements": [
    'set(log.time, log.time - Duration("3h")) where log.severity_number >= SEVERITY_NUMBER_WARN']}]}}

CAUSES = [
    Cause("queue full, the sender is told", silent, SMALL_QUEUE, refused="queue full"),
    Cause("queue full behind a batch", silent, SMALL_QUEUE, {"batch": {"timeout": "100ms", "send_batch_size": 20}},
          lost="queue full"),
    Cause("given up", silent, GIVES_UP, lost="given up: DeadlineExceeded"),
    Cause("given up, normal metrics", silent, GIVES_UP, lost="refused or given up", level="normal"),
    Cause("413", too_large, lost="refused for good"),
    Cause("message above 4 MiB", next_collector, load=LARGE, lost="refused for good: ResourceExhausted"),
    # What the store did not like stands in the collector's log alone: its metrics have no more than a type of gRPC,
    # and not every status of HTTP has one.
    Cause("delta", prometheus, load=DELTAS, lost="refused for good"),
    Cause("too far behind", prometheus, processors=LATE, load=POINTS, lost="refused for good: InvalidArgument"),
    Cause("limit of the rate", loki(ingestion_rate_mb=0.001, ingestion_burst_size_mb=0.001), GIVES_UP, load=RECORDS,
          lost="given up: ResourceExhausted"),
    Cause("records too far behind", loki(), processors=LATE_RECORDS, load=RECORDS,
          lost="refused for good: InvalidArgument"),
    # Split: an item larger than a batch may be is dropped with a line in the log, and no counter moves.
    Cause("cannot be split", well, TINY_BATCH, unknown=True),
    Cause("nothing", well),
]


@contextlib.contextmanager
def collector_of(cause: Cause, folder: pathlib.Path, address: str):
    """Yields the ports of OTLP and of the metrics."""
    grpc, metrics = free_ports(2)
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


def ledger_while(metrics: int, send) -> tuple:
    """(what send() returns, signal -> items by column of the ledger) of one look that holds all of it."""
    looking = subprocess.Popen([os.environ["OBSCTL"], "health", "--collector", f"http://127.0.0.1:{metrics}",
                                f"--sample={SAMPLE}s", "-o", "json"], stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)      # it has read the counters the first time
    sent = send()
    report = json.loads(looking.communicate(timeout=60)[0])
    return sent, {line["signal"]: as_items(line) for line in report["ledger"]}


def as_items(line: dict) -> dict:
    def items(value):
        return {reason: items(rate) for reason, rate in value.items()} if isinstance(value, dict) \
            else value * line["seconds"]
    return {key: items(value) for key, value in line.items() if key not in ("component", "signal", "seconds")}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_every_item_is_where_it_went(cause, tmp_path, report):
    with cause.to(tmp_path) as address, collector_of(cause, tmp_path, address) as (grpc, metrics):
        sent, ledger = ledger_while(metrics, lambda: loadgen("-e", f"127.0.0.1:{grpc}", "--retry", "off", *cause.load))
    for name, line in ledger.items():
        truth = sent["signals"][name]
        report(f"{name}: sent {truth['sent']}, {shown(line)}")
        assert line["accepted"] == pytest.approx(truth["accepted"], abs=NEAR)
        assert line["refused"] == pytest.approx(truth["sent"] - truth["accepted"], abs=NEAR)
        where = (line["stored"], line["waiting"], line["filtered"], *line["lost"].values(), line["unknown"])
        assert sum(where) == pytest.approx(line["accepted"], abs=NEAR)
        assert set(line["lost"]) == ({cause.lost} if cause.lost else set())
        assert set(line["refusals"]) == ({cause.refused} if cause.refused else set())
        assert (line["unknown"] > NEAR) == cause.unknown
    assert ledger


def shown(line: dict) -> str:
    """The columns that are not 0."""
    return ", ".join(f"{key} {value if isinstance(value, dict) else round(value)}"
                     for key, value in line.items() if value)
