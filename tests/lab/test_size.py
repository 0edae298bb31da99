# SPDX-License-Identifier: Apache-2.0
"""`obsctl size --from-prometheus` against a real Prometheus that holds an hour of known telemetry."""

import contextlib
import http.server
import json
import os
import pathlib
import stat
import subprocess
import threading
import time
import urllib.request

import pytest

from collector import free_ports
from labenv import bin_dir

MINUTES = 65  # a little more than the window of one hour that is expected to decide
STEP = 15

# Series → value after `t` seconds. {s} is the suffix that the collector's telemetry settings may add.
SERIES = {
    'otelcol_receiver_accepted_spans{s}{{job="otel-collector",receiver="otlp",transport="grpc"}}': lambda t: 100 * t,
    'otelcol_receiver_accepted_spans{s}{{job="otel-collector",receiver="otlp",transport="http"}}': lambda t: 20 * t,
    # Jaeger's own receiver; counting it would be counting the kept spans twice.
    'otelcol_receiver_accepted_spans{s}{{job="jaeger",receiver="otlp"}}': lambda t: 30 * t,
    'otelcol_exporter_sent_spans{s}{{job="otel-collector",exporter="otlp_grpc/jaeger"}}': lambda t: 30 * t,
    'otelcol_receiver_accepted_log_records{s}{{job="otel-collector",receiver="otlp"}}': lambda t: 50 * t,
    'otelcol_processor_tail_sampling_new_trace_id_received{s}{{job="otel-collector"}}': lambda t: 24 * t,
    'otelcol_process_cpu_seconds{s}{{job="otel-collector"}}': lambda t: 0.25 * t,
    'otelcol_process_memory_rss{{job="otel-collector"}}': lambda t: 65e6,
    'prometheus_tsdb_head_samples_appended_total{{job="prometheus",type="float"}}': lambda t: 200 * t,
    'prometheus_tsdb_head_series{{job="prometheus"}}': lambda t: 3000,
    'prometheus_tsdb_compaction_chunk_size_bytes_sum{{job="prometheus"}}': lambda t: 1500,
    'prometheus_tsdb_compaction_chunk_samples_sum{{job="prometheus"}}': lambda t: 1000,
    'process_resident_memory_bytes{{job="prometheus"}}': lambda t: 12e6,
    'loki_ingester_memory_streams{{job="loki"}}': lambda t: 12,
    'loki_ingester_chunk_size_bytes_sum{{job="loki"}}': lambda t: 6000,
    'loki_ingester_chunk_entries_sum{{job="loki"}}': lambda t: 100,
    'loki_distributor_bytes_received_total{{job="loki"}}': lambda t: 250 * t,
    'loki_distributor_lines_received_total{{job="loki"}}': lambda t: t,
    'jaeger_storage_badger_size_bytes_lsm{{job="jaeger"}}': lambda t: 30 * 400 * t,
}
EXPECTED = {
    "spans_per_second": 120, "lines_per_second": 50, "samples_per_second": 200, "series": 3000,
    "streams": 12, "kept_share": 0.25, "span_size_bytes": 400, "sample_size_bytes": 1.5,
    "line_size_bytes": 60,
}


def obsctl(*args: str, cwd: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([os.environ["OBSCTL"], "size", *args], cwd=cwd, capture_output=True, text=True,
                          timeout=60, check=False)


def backfill(directory: pathlib.Path, suffix: str) -> None:
    """An hour of SERIES up to now, as blocks that Prometheus loads."""
    end = int(time.time())
    start = end - MINUTES * 60
    lines = []
    for name, value in SERIES.items():
        for at in range(start, end + 1, STEP):
            lines.append(f"{name.format(s=suffix)} {value(at - start)} {at}")
    source = directory / "metrics.txt"
    source.write_text("\n".join(lines) + "\n# EOF\n", encoding="utf-8")
    (directory / "data").mkdir()
    subprocess.run([bin_dir() / "promtool", "tsdb", "create-blocks-from", "openmetrics", source,
                    directory / "data"], check=True, capture_output=True)


@contextlib.contextmanager
def prometheus(directory: pathlib.Path):
    """A Prometheus on a loopback port that scrapes nothing."""
    config = directory / "prometheus.yml"
    config.write_text("scrape_configs: []\n", encoding="utf-8")
    [port] = free_ports(1)
    with (directory / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [bin_dir() / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        try:
            for _ in range(100):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2):
                        break
                except OSError:
                    time.sleep(0.1)
            else:
                pytest.fail((directory / "log").read_text(encoding="utf-8"))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.mark.parametrize("suffix", ["", "_total"])
def test_measures_what_the_stack_says(tmp_path, suffix) -> None:
    backfill(tmp_path, suffix)
    spec = tmp_path / "obsctl.yaml"
    spec.write_text("# ours\ntier: small # a comment\nlogs:\n  retention: 10d\n", encoding="utf-8")
    spec.chmod(0o640)
    with prometheus(tmp_path) as url:
        done = obsctl("--from-prometheus", url + "/", "--write-calibration", "-o", "json", cwd=tmp_path)
        text = obsctl("--from-prometheus", url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["schema"] == "obsctl.size/v1"
    assert report["model"] == "recommended"  # which takes what was measured
    assert report["measured"]["missing"] == ["Loki memory: Loki is not scraped"]  # and nothing is guessed
    assert report["measured"]["url"] == url

    daily = {signal["name"]: signal["stored_per_day"]["value"] for signal in report["signals"]}
    assert daily["traces"] == pytest.approx(120 * 86400 * 400 * 0.25 / 1e9, rel=0.01)
    assert daily["metrics"] == pytest.approx(200 * 86400 * 1.5 / 1e9, rel=0.01)
    assert daily["logs"] == pytest.approx(50 * 86400 * 60 / 1e9, rel=0.01)
    factors = {row["name"]: row["factor"] for row in report["measured"]["values"]}
    assert factors["stored bytes per span"] == pytest.approx(0.4, rel=0.01)
    assert factors["stored bytes per sample"] == pytest.approx(0.5, rel=0.01)
    assert factors["stored bytes per line"] == pytest.approx(0.2, rel=0.01)
    assert factors["received bytes per line"] == pytest.approx(250 / 300, rel=0.01)
    assert factors["share of spans kept"] == pytest.approx(0.25 / 0.1225, rel=0.01)
    assert factors["collector memory"] == pytest.approx(65e6 / 1.17e9, rel=0.01)
    assert factors["collector cores"] == pytest.approx(0.25 / 0.017, rel=0.01)
    assert text.returncode == 0 and "MEASURED" in text.stdout

    # The calibration is in the file, everything else of it is untouched, and later runs use it.
    written = spec.read_text(encoding="utf-8")
    assert written.startswith("# ours\ntier: small # a comment\nlogs:\n  retention: 10d\n")
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    later = json.loads(obsctl("--model", "measured", "-o", "json", cwd=tmp_path).stdout)
    assert later["stored_per_day"]["value"] == pytest.approx(sum(daily.values()), rel=1e-9)
    assert later["signals"][2]["retention_days"] == 10
    for name, value in EXPECTED.items():
        found = [line for line in written.splitlines() if line.strip().startswith(f"{name}:")]
        assert len(found) == 1, written
        number = found[0].split(":")[1].strip()
        scale = {"k": 1e3, "M": 1e6}.get(number[-1], 1)
        assert float(number.rstrip("kM")) * scale == pytest.approx(value, rel=0.01)


def test_writing_twice_replaces_the_calibration(tmp_path) -> None:
    backfill(tmp_path, "")
    spec = tmp_path / "obsctl.yaml"
    spec.write_text("tier: small\n", encoding="utf-8")
    with prometheus(tmp_path) as url:
        for _ in range(2):
            done = obsctl("--from-prometheus", url, "--write-calibration", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
    text = spec.read_text(encoding="utf-8")
    assert text.count("calibration:") == 1
    assert text.count("span_size_bytes") == 1


def test_what_cannot_be_measured_is_named(tmp_path) -> None:
    (tmp_path / "data").mkdir()
    with prometheus(tmp_path) as url:
        done = obsctl("--from-prometheus", url, cwd=tmp_path)
    assert done.returncode == 4
    assert "none of the stack's metrics" in done.stderr
    assert done.stdout == ""


def test_no_prometheus_at_that_address(tmp_path) -> None:
    done = obsctl("--from-prometheus", f"http://127.0.0.1:{free_ports(1)[0]}", cwd=tmp_path)
    assert done.returncode == 4 and done.stdout == ""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = obsctl("--from-prometheus", f"http://127.0.0.1:{server.server_address[1]}", cwd=tmp_path)
    finally:
        server.shutdown()
    assert done.returncode == 1
    assert "not the answer of a Prometheus query API" in done.stderr
