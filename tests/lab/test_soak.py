# SPDX-License-Identifier: Apache-2.0
"""Minutes of load for every protocol and compression, through a real collector into the sink: every item is accounted
for, and neither memory nor open files of the generator grow. A cell of this table that has passed is not run again by
`scripts/test --suite soak --resume`. OBSCTL_SOAK_SECONDS is how long each of them sends.
"""

import concurrent.futures
import os
import pathlib
import threading

import pytest

from collector import Collector, Sink, loadgen

SECONDS = int(os.environ.get("OBSCTL_SOAK_SECONDS", "180"))
RATE = "10k/s"
SLACK = 8 * 2**20  # bytes that an allocator may keep more at the end than after a quarter of the time
EXPORTER = """  otlp_grpc/out:
    endpoint: 127.0.0.1:{port}
    tls: {{insecure: true}}
    sending_queue: {{enabled: true, queue_size: 10000}}
"""


def children() -> list:
    """The load generators that this process runs."""
    out = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            if "--sequence" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0"):
                out.append(pathlib.Path("/proc") / pid)
    return out


def used(process: pathlib.Path) -> tuple:
    """Resident bytes, open files."""
    rows = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(rows["VmRSS"].split()[0]) * 1024, len(list((process / "fd").iterdir()))


def watch(done: threading.Event) -> list:
    seen = []
    while not done.wait(1):
        try:
            seen += [used(process) for process in children()]
        except (OSError, KeyError):
            break  # it has just ended
    return seen


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "http/json"])
def test_every_item_arrives_and_nothing_grows(tmp_path, protocol, compression, report):
    sink = Sink("--depth=items")
    to = Collector(tmp_path, exporter=EXPORTER.format(port=sink.grpc))
    done = threading.Event()
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watched = pool.submit(watch, done)
            port = to.grpc if protocol == "grpc" else to.http
            try:
                sent = loadgen("-e", f"127.0.0.1:{port}", "--protocol", protocol, "--compression", compression,
                               "-r", RATE, "-d", f"{SECONDS}s", "--sequence", "--ledger", to.ledger,
                               "--sink-counts", sink.counts, seconds=SECONDS + 120)
            finally:
                done.set()  # the pool waits for who watches
            seen = watched.result()
    finally:
        to.stop()
        counts = sink.stop()
    assert len(seen) > SECONDS / 2, "the load generator was not watched"
    (early, files), (late, files_late) = seen[len(seen) // 4], seen[-2]
    total = sum(line["accepted"] for line in sent["signals"].values())
    report(f"{total} items accepted; memory {early >> 10} kB, at the end {late >> 10} kB; {files} files")
    assert sent["ledger"]["balanced"], sent["ledger"]
    assert sum(line["items"] for line in counts["signals"].values()) == total > 0
    assert late <= early + SLACK
    assert files_late <= files
