#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `obsctl loadgen` against telemetrygen: same spans, same receivers, one after the other.

Both send telemetrygen's default span (obsctl: scenario 'telemetrygen') over gRPC without compression, 100 spans
per request, to (a) obsctl's sink and (b) the real collector, on loopback, for the same time. Printed are medians
of paired rounds and the median of the rounds' ratios: spans per second, and spans per CPU second of the generator.
The receiver shares the machine, so spans per second is about both; spans per CPU second is about the generator.

Then: the bare cost of writing the same bytes to a socket, 50,000 spans/s asked for, and what gzip costs.

Needs OBSCTL (the binary), the lab's otelcol, and telemetrygen; a missing telemetrygen is built from its Go module.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

REPO = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("OBSCTL_LAB_CACHE", pathlib.Path.home() / ".cache" / "obsctl-lab"))
OBSCTL = os.environ.get("OBSCTL", str(REPO / "build/bin/obsctl"))
MODULE = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def telemetrygen():
    """telemetrygen of the catalog's collector version, or the nearest later one that the module proxy serves."""
    found = os.environ.get("TELEMETRYGEN") or shutil.which("telemetrygen") or str(CACHE / "tools/telemetrygen")
    if pathlib.Path(found).exists():
        return found
    text = (REPO / "templates/components/otel-collector/component.yaml").read_text()
    version = re.search(r"^version: ([\d.]+)", text, re.M).group(1)
    major, minor, patch = map(int, version.split("."))
    for step in range(3):
        wanted = f"{MODULE}@v{major}.{minor + step}.{patch}"
        done = subprocess.run(["go", "install", wanted], env={**os.environ, "GOBIN": str(CACHE / "tools")},
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"built {wanted}")
            return found
    sys.exit(f"telemetrygen cannot be built: {done.stderr[-300:]}")


def telemetrygen_version(path):
    done = subprocess.run(["go", "version", "-m", path], capture_output=True, text=True, check=False)
    match = re.search(r"\tmod\t\S+\t(\S+)", done.stdout)
    return match.group(1) if match else "unknown version"


class Usage:
    """Runs a program to its end; CPU seconds, peak resident bytes and wall time of that program alone."""

    def __init__(self, *command, check=True):
        start = time.monotonic()
        out = tempfile.TemporaryFile()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss * 1024
        out.seek(0)
        self.out = out.read().decode()
        if check and process.returncode not in (0, 3):
            sys.exit(f"{' '.join(command)} failed with {process.returncode}")


class Sink:
    name = "obsctl sink"

    def __init__(self):
        self.port, self.http = free_port(), free_port()
        self.process = subprocess.Popen(
            [OBSCTL, "loadgen", "sink", f"--grpc-port={self.port}", f"--http-port={self.http}",
             "--depth=items"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def spans(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/counts") as answer:
            return json.load(answer)["signals"]["traces"]["items"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Collector(Sink):
    name = "collector"

    def __init__(self, folder):
        self.port, self.metrics = free_port(), free_port()
        config = pathlib.Path(folder) / "collector.yaml"
        config.write_text(f"""
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{self.port}"}}}}}}}}
exporters: {{debug: {{verbosity: basic, sampling_initial: 1, sampling_thereafter: 1000000}}}}
service:
  telemetry:
    logs: {{level: error}}
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {self.metrics}}}}}}}}}]}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}
""")
        binary = shutil.which("otelcol") or str(CACHE / "bin/otelcol")
        self.process = subprocess.Popen([binary, "--config", str(config)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(self.port)
        wait_for(self.metrics)

    def spans(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics") as answer:
            text = answer.read().decode()
        found = re.findall(r"^otelcol_receiver_accepted_spans(?:_total)?\{[^}]*\} (\S+)", text, re.M)
        return int(sum(map(float, found)))


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}")


def measured(target, *command):
    before = target.spans()
    usage = Usage(*command)
    usage.spans = target.spans() - before
    return usage


def pair(target, generator, rounds, seconds):
    rows, ratios = {"obsctl": [], "telemetrygen": []}, []
    for _ in range(rounds):
        ours = measured(target, OBSCTL, "loadgen", "-e", f"127.0.0.1:{target.port}", "-s", "telemetrygen",
                        "--max", "-d", f"{seconds}s", "-b", "100", "-o", "json")
        theirs = measured(target, generator, "traces", "--otlp-endpoint", f"127.0.0.1:{target.port}",
                          "--otlp-insecure", "--rate", "0", "--duration", f"{seconds}s", "--workers", "1")
        rows["obsctl"].append(ours)
        rows["telemetrygen"].append(theirs)
        ratios.append((ours.spans / ours.cpu) / (theirs.spans / theirs.cpu))
    for name, runs in rows.items():
        print(f"{target.name:12} {name:13} {median(r.spans / seconds for r in runs):>13,.0f} spans/s "
              f"{median(r.spans / r.cpu for r in runs):>13,.0f} spans/CPU-s "
              f"{median(r.rss for r in runs) / 1e6:>7.1f} MB resident")
    print(f"{target.name:12} ratio of spans per CPU second: median {statistics.median(ratios):.0f}x, "
          f"rounds {', '.join(f'{r:.0f}x' for r in ratios)}")


def median(values):
    return statistics.median(values)


def bare_write(total, size):
    """CPU seconds of writing `total` bytes in blocks of `size` to a loopback socket that is read elsewhere."""
    listener = socket.create_server(("127.0.0.1", 0))
    reader = os.fork()
    if reader == 0:
        accepted, _ = listener.accept()
        buffer = bytearray(1 << 18)
        while accepted.recv_into(buffer):
            pass
        os._exit(0)
    sender = socket.create_connection(listener.getsockname())
    block = os.urandom(size)
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(total // size):
        sender.sendall(block)
    after = resource.getrusage(resource.RUSAGE_SELF)
    sender.close()
    os.waitpid(reader, 0)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def against_bare(target, rounds):
    """Few requests in flight keep their bytes in the cache but wake up for each; many do the opposite."""
    spans = 5_000_000
    for batch in (100, 1000):
        for streams in (4, 16, 64):
            ratios = []
            for _ in range(rounds):
                run = Usage(OBSCTL, "loadgen", "-e", f"127.0.0.1:{target.port}", "-s", "telemetrygen", "--max",
                            "-n", str(spans), "-b", str(batch), "--streams", str(streams), "-o", "json")
                report = json.loads(run.out)
                size = report["signals"]["traces"]["body_bytes"]
                ratios.append(report["generator_cpu_seconds"] / bare_write(size, size // (spans // batch)))
            print(f"bare write   {batch:4} spans a request, {streams:2} in flight: {statistics.median(ratios):.2f}x "
                  f"the CPU of writing the same bytes to a socket ({min(ratios):.2f}x to {max(ratios):.2f}x)")


def steady(target, generator, seconds):
    run = measured(target, OBSCTL, "loadgen", "-e", f"127.0.0.1:{target.port}", "-s", "telemetrygen", "-r", "50k/s",
                   "-d", f"{seconds}s", "-b", "100", "-o", "json")
    report = json.loads(run.out)
    asked = 50_000 * seconds
    print(f"steady       obsctl: {run.spans:,} of {asked:,} spans received ({abs(run.spans - asked) / asked:.4%} off), "
          f"lateness p50 {report['schedule_lateness']['p50_ns'] / 1e3:.0f} us, p99 "
          f"{report['schedule_lateness']['p99_ns'] / 1e3:.0f} us, {run.rss / 1e6:.1f} MB resident, "
          f"{run.cpu:.2f} CPU s, {report['late_by_generator']} late requests")
    # telemetrygen counts traces of two spans here, and has no schedule whose jitter could be measured.
    length = min(seconds, 20)
    theirs = measured(target, generator, "traces", "--otlp-endpoint", f"127.0.0.1:{target.port}", "--otlp-insecure",
                      "--rate", "50000", "--duration", f"{length}s", "--workers", "1")
    print(f"steady       telemetrygen --rate 50000 for {length} s: {theirs.spans:,} spans received "
          f"({theirs.spans / length:,.0f}/s), {theirs.rss / 1e6:.1f} MB resident, {theirs.cpu:.2f} CPU s")


def compression(target):
    for name in ("none", "gzip", "zstd"):
        run = Usage(OBSCTL, "loadgen", "-e", f"127.0.0.1:{target.port}", "-s", "shop", "--signals", "traces", "--max",
                    "-n", "500k", "-b", "100", "--compression", name, "-o", "json")
        report = json.loads(run.out)
        traces = report["signals"]["traces"]
        print(f"compression  {name:5} {report['items_per_cpu_second']:>13,.0f} spans/CPU-s, "
              f"{traces['body_bytes'] / traces['sent']:.0f} B/span encoded, "
              f"{traces['wire_out_bytes'] / traces['sent']:.0f} B/span on the wire")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--steady", type=int, default=60, help="seconds of the 50,000 spans/s run, 0: skip")
    options = parser.parse_args()
    generator = telemetrygen()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} CPUs, load average {load:.1f}; telemetrygen {telemetrygen_version(generator)}; "
          f"{options.rounds} paired rounds of {options.seconds} s")
    with tempfile.TemporaryDirectory() as folder:
        sink = Sink()
        try:
            pair(sink, generator, options.rounds, options.seconds)
            against_bare(sink, options.rounds)
            compression(sink)
        finally:
            sink.stop()
        collector = Collector(folder)
        try:
            pair(collector, generator, options.rounds, options.seconds)
            if options.steady:
                steady(collector, generator, options.steady)
        finally:
            collector.stop()


if __name__ == "__main__":
    main()
