# SPDX-License-Identifier: Apache-2.0
"""A real collector of its own for one test, and the product's load generator against it."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

import requests

BINARY = os.environ.get("OBSCTL", "")


def free_ports(number: int) -> list:
    """Different ports of this machine that nobody listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running(*command):
    """A program that runs as long as this is open."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_there(url: str) -> bool:
    return requests.get(url, timeout=2).status_code == 200


class Collector:
    """A collector with file exporters, or with `exporter` (YAML of an exporter named `out`) instead.

    `processors` is YAML; `use` names those of the traces pipeline.
    """

    def __init__(self, folder: pathlib.Path, processors: str = "", use: str = "", exporter: str = ""):
        self.grpc, self.http, self.metrics = free_ports(3)
        self.out = {name: folder / f"{name}.jsonl" for name in ("traces", "metrics", "logs")}
        config = folder / "collector.yaml"
        exporters = exporter or "\n".join(f"  file/{name}: {{path: {path}}}"
                                          for name, path in self.out.items())
        pipelines = "\n".join(
            f"    {name}: {{receivers: [otlp], processors: [{use if name == 'traces' else ''}], "
            f"exporters: [{'otlp_grpc/out' if exporter else f'file/{name}'}]}}" for name in self.out)
        config.write_text(f"""receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{self.grpc}"}}
      http: {{endpoint: "127.0.0.1:{self.http}"}}
{processors}
exporters:
{exporters}
service:
  telemetry:
    logs: {{level: warn}}
    metrics:
      level: detailed
      readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {self.metrics}}}}}}}}}]
  pipelines:
{pipelines}
""", encoding="utf-8")
        self.process = subprocess.Popen(["otelcol", "--config", str(config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.grpc), 0.2).close()
                urllib.request.urlopen(self.ledger, timeout=1).close()
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the collector did not start: {self.process.stderr.read()}")

    @property
    def ledger(self) -> str:
        return f"http://127.0.0.1:{self.metrics}/metrics"

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)

    def lines(self, signal: str):
        with open(self.out[signal], encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


class Sink:
    """`obsctl loadgen sink` on free ports."""

    def __init__(self, *flags: str):
        self.process = subprocess.Popen(
            [BINARY, "loadgen", "sink", "--grpc-port=0", "--http-port=0", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.grpc, self.http = map(int, re.search(r"gRPC port (\d+), HTTP port (\d+)", line).groups())

    @property
    def counts(self) -> str:
        return f"http://127.0.0.1:{self.http}/counts"

    def stop(self) -> dict:
        self.process.terminate()
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out)


def loadgen(*flags: str, code: int = 0, seconds: float = 300) -> dict:
    done = subprocess.run([BINARY, "loadgen", "-o", "json", *flags], capture_output=True, text=True,
                          timeout=seconds, check=False)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise AssertionError(f"exit {done.returncode}\n{done.stderr}\n{done.stdout[:3000]}") from None
    shown = {key: report.get(key) for key in ("signals", "causes", "verdicts", "ledger", "sampling", "sink",
                                              "search", "certificate")}
    assert done.returncode == code, f"exit {done.returncode}\n{done.stderr}\n{json.dumps(shown, indent=1)}"
    return report
