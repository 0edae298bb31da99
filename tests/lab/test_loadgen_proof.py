# SPDX-License-Identifier: Apache-2.0
"""What `obsctl loadgen` proves, with the real tail sampler and a sink behind it."""

import contextlib
import shutil

import pytest

from collector import Collector, Sink, loadgen

pytestmark = pytest.mark.skipif(not shutil.which("otelcol"), reason="the lab's otelcol is not built")

SAMPLING = """processors:
  tail_sampling:
    decision_wait: 3s
    num_traces: 200000
    expected_new_traces_per_sec: 10000
    decision_cache: {sampled_cache_size: 400000, non_sampled_cache_size: 400000}
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 999}}
      - {name: rest, type: probabilistic, probabilistic: {sampling_percentage: 10}}
"""
VIP = """      - {name: vip, type: string_attribute, string_attribute: {key: customer.tier, values: [vip]}}
"""


def to_sink(sink: Sink, extra: str = "") -> str:
    return f"""  otlp_grpc/out:
    endpoint: 127.0.0.1:{sink.grpc}
    tls: {{insecure: true}}
    retry_on_failure: {{enabled: true}}
    sending_queue: {{enabled: true, {extra}}}
"""


@contextlib.contextmanager
def pipeline(folder, processors="", use="", extra="queue_size: 10000", faults=()):
    """A collector with a sink behind it."""
    sink = Sink(*faults)
    collector = Collector(folder, processors, use, to_sink(sink, extra))
    try:
        yield collector, sink
    finally:
        collector.stop()
        sink.stop()


def proof_of(collector, sink, *flags, code=0):
    run = loadgen("--seed", "1", "-e", f"127.0.0.1:{collector.grpc}", "--keep", "10%", "--slow-threshold", "1s",
                  "--decision-wait", "3s", "--ledger", collector.ledger, "--sink-counts", sink.counts,
                  *flags, code=code)
    return run["sampling"], run["sink"]


def test_vip_traces_are_predicted_and_every_kept_trace_reaches_the_sink(tmp_path):
    with pipeline(tmp_path, SAMPLING + VIP, "tail_sampling") as (collector, sink):
        proof, seen = proof_of(collector, sink, "-s", "vip", "--signals", "traces", "-n", "20ktraces",
                               "-r", "40k/s")
    assert proof["holds"] and proof["checked_at_sink"], proof
    rows = {row["name"]: row for row in proof["policies"]}
    assert rows["vip"]["kept"] == rows["vip"]["expected"] > 0
    assert rows["errors"]["kept"] == rows["errors"]["expected"] == 100
    assert rows["slow"]["kept"] == rows["slow"]["expected"] == 400
    assert proof["kept"] == seen["distinct_traces"]
    assert seen["signals"]["traces"]["duplicates"] == 0


def test_traces_in_two_parts_are_decided_as_predicted(tmp_path):
    scenario = tmp_path / "scenario.yaml"
    # Half of the traces come in two requests; one in twenty ends seven seconds after its decision.
    scenario.write_text("""name: two-parts
base: shop
weights: {traces: 1, metrics: 0, logs: 0}
mix: {errors: 3%, slow: 2%, slow_threshold: 1s, split: 50%, late: 5%, late_by: 10s, health: 0%}
""", encoding="utf-8")
    with pipeline(tmp_path, SAMPLING, "tail_sampling") as (collector, sink):
        proof, seen = proof_of(collector, sink, "-s", str(scenario), "-r", "2k/s", "-d", "25s", "-b", "50",
                               "--settle", "30s")
    assert proof["holds"], proof
    assert proof["unsure"] <= 20
    assert abs(proof["decided"] - proof["traces"]) <= proof["unsure"]
    assert abs(seen["distinct_traces"] - proof["kept"]) <= proof["unsure"]


def test_a_trace_lost_behind_the_sampler_is_noticed_at_the_sink(tmp_path):
    # A fifth is far more than what chance adds to the share of the rest (2,450 expected, sigma 42).
    with pipeline(tmp_path, SAMPLING, "tail_sampling", faults=["--fault", "error,share=20%"]) as (
            collector, sink):
        proof, seen = proof_of(collector, sink, "-s", "sampling", "-n", "20ktraces", "-r", "40k/s", code=3)
    assert not proof["holds"]
    assert seen["distinct_traces"] < proof["expected_kept"]


def test_the_search_stops_where_the_exporter_s_queue_grows(tmp_path):
    # Behind the collector one request of 100 items at a time takes 50 ms: 2000 items/s and no more.
    with pipeline(tmp_path, extra="num_consumers: 1, queue_size: 100000",
                  faults=["--depth=requests", "--fault", "slow,delay=50ms"]) as (collector, _):
        run = loadgen("-e", f"127.0.0.1:{collector.grpc}", "--signals", "traces", "--find-max",
                      "-r", "500/s", "-d", "4s", "-b", "100", "-t", "queue<8", "-t", "errors<0.1%",
                      "--ledger", collector.ledger, "--settle", "60s")
    search = run["search"]
    assert 1000 <= search["highest_rate"] <= 2400, search
    missed = [trial for trial in search["trials"] if not trial["held"]]
    assert missed and all("queue<8" in trial["note"] for trial in missed), search
    assert all(trial["errors"] == 0 for trial in search["trials"])
