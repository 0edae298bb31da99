# SPDX-License-Identifier: Apache-2.0
"""A generated stack on a real engine: its directory, its containers and its endpoints.

Exists so that tests read ports, services and sampling settings from what was generated, never
from numbers typed a second time, and so that every stack is removed again with its volumes.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess

import yaml

import given
from collector import free_ports
from labenv import COMPONENTS, LAB
from backends import Jaeger, Loki, Prometheus, Tempo, VictoriaLogs, wait_for
from telemetry import Sender

UP_SECONDS = 240
TRACES = {"jaeger": (Jaeger, 16686), "tempo": (Tempo, 3200)}
LOGS = {"loki": (Loki, 3100), "victorialogs": (VictoriaLogs, 9428)}


class CommandFailed(AssertionError):
    """A command of the product or of the engine failed; the message carries its output."""


def run(command: list, cwd: pathlib.Path | None = None, timeout: int = 300,
        may_fail: bool = False) -> subprocess.CompletedProcess:
    result = subprocess.run([str(part) for part in command], cwd=cwd, timeout=timeout, text=True,
                            capture_output=True, check=False)
    if result.returncode != 0 and not may_fail:
        raise CommandFailed(f"{' '.join(map(str, command))}\nexit {result.returncode}\n"
                            f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
    return result


def generate(directory: pathlib.Path, *options: str) -> pathlib.Path:
    """Writes a stack with the product, or copies OBSCTL_LAB_STACK while debugging one by hand."""
    ready_made = os.environ.get("OBSCTL_LAB_STACK")
    if ready_made:
        shutil.copytree(ready_made, directory, dirs_exist_ok=True)
        return directory
    run([os.environ["OBSCTL"], "init", "--tier", "small", "--dir", directory, *options])
    return directory


def use_free_ports(directory: pathlib.Path, *options: str) -> None:
    """Of a stack that was generated with these options: publishes every port on one that nobody listens on,
    so that stacks run side by side."""
    services = yaml.safe_load((directory / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    published = {(name, int(str(port).rpartition(":")[2]))
                 for name, service in services.items() for port in service.get("ports", [])}
    names = [port["name"] for service, number in sorted(published) for port in ports_of(service)
             if port["number"] == number]
    assert len(names) == len(published) > 0, (names, published)
    flags = [f"--port={name}={number}" for name, number in zip(names, free_ports(len(names)))]
    run([os.environ["OBSCTL"], "init", "--dir", directory, *options, *flags])


def ports_of(component: str) -> list:
    """The ports that a component's own data names."""
    for root in (COMPONENTS, LAB / "own/components"):
        path = root / component / "component.yaml"
        if path.exists():
            return yaml.safe_load(path.read_text(encoding="utf-8"))["ports"]
    raise AssertionError(f"no component '{component}'")


@dataclasses.dataclass(frozen=True)
class Sampling:
    """The tail-sampling settings of a generated collector config."""

    keep_all_spans: float        # spans per second up to which all traces are kept
    keep: float                  # share of ordinary traces beyond
    slow_seconds: float
    decision_seconds: float


class Stack:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self._model = None

    # -- what was generated ------------------------------------------------------------------

    def model(self) -> dict:
        """The compose file as compose itself understands it."""
        if self._model is None:
            self._model = json.loads(self.compose("config", "--format", "json").stdout)
        return self._model

    def forget(self) -> None:
        """The files have been generated again."""
        self._model = None

    def services(self) -> dict:
        return self.model()["services"]

    def absent(self) -> list:
        """Services that cannot run here because their program is not given."""
        return [name for name in given.absent() if name in self.services()]

    def stores(self) -> list:
        """The services that keep data and can run here."""
        known = [*TRACES, "prometheus", "victoriametrics", *LOGS]
        return [name for name in known if name in self.services() and name not in self.absent()]

    def address(self, service: str, port: int) -> str:
        """host:port on this machine for a container port that the stack publishes."""
        for row in self.services()[service].get("ports", []):
            if int(row["target"]) == port:
                return f"{row.get('host_ip') or '127.0.0.1'}:{row['published']}"
        raise AssertionError(f"{service} does not publish port {port}")

    def config(self, relative: str) -> dict:
        return yaml.safe_load((self.directory / "configs" / relative).read_text(encoding="utf-8"))

    def sampling(self) -> Sampling:
        section = self.config("otel-collector/config.yaml")["processors"]["tail_sampling"]
        policies = {row["type"]: row[row["type"]] for row in section["policies"]
                    if row["type"] in ("rate_limiting", "probabilistic", "latency")}
        return Sampling(
            keep_all_spans=float(policies["rate_limiting"]["spans_per_second"]),
            keep=float(policies["probabilistic"]["sampling_percentage"]) / 100,
            slow_seconds=float(policies["latency"]["threshold_ms"]) / 1000,
            decision_seconds=float(str(section["decision_wait"]).removesuffix("s")),
        )

    # -- containers --------------------------------------------------------------------------

    def compose(self, *arguments: str, timeout: int = 300,
                may_fail: bool = False) -> subprocess.CompletedProcess:
        return run(["docker", "compose", *arguments], self.directory, timeout, may_fail)

    def containers(self) -> dict:
        """Service -> its container's row of `compose ps`."""
        lines = self.compose("ps", "-a", "--format", "json").stdout.splitlines()
        return {row["Service"]: row for row in map(json.loads, lines)}

    def up(self) -> None:
        without = [f"--scale={name}=0" for name in self.absent()]
        result = self.compose("up", "-d", "--pull", "never", *without, timeout=UP_SECONDS,
                              may_fail=True)
        if result.returncode != 0:
            raise CommandFailed(f"compose up failed:\n{result.stderr[-2000:]}\n{self.why()}")
        try:
            wait_for(self.is_healthy, UP_SECONDS, "every container healthy")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.why()}") from error

    def is_healthy(self) -> bool:
        """Long-running services run (and are healthy where they say so), one-shots ended well."""
        rows = self.containers()
        wanted = set(self.services()) - set(self.absent())
        return set(rows) == wanted and all(map(_is_fine, rows.values()))

    def why(self) -> str:
        """The state of all containers and the last words of those that are not fine."""
        parts = []
        for name, row in self.containers().items():
            parts.append(f"{name}: {row['State']} {row.get('Health', '')} exit {row['ExitCode']}")
            if not _is_fine(row):
                logs = self.compose("logs", "--no-color", "--tail", "8", name, may_fail=True)
                parts.append(logs.stdout)
        return "\n".join(parts)

    def down(self, volumes: bool = False) -> None:
        # Nobody has to write down what goes away with its volume.
        options = ["--timeout", "1", "-v"] if volumes else ["--timeout", "20"]
        self.compose("down", *options, may_fail=True)

    def process_id(self, service: str) -> int:
        container = self.containers()[service]["ID"]
        return int(run(["docker", "inspect", "--format", "{{.State.Pid}}", container]).stdout)

    # -- clients -----------------------------------------------------------------------------

    def sender(self, protocol: str, **options) -> Sender:
        if protocol == "grpc":
            return Sender("grpc", self.address("otel-collector", 4317), **options)
        scheme = "https" if options.get("ca_file") else "http"
        return Sender("http", f"{scheme}://{self.address('otel-collector', 4318)}", **options)

    def jaeger(self) -> Jaeger:
        return Jaeger(f"http://{self.address('jaeger', 16686)}")

    def prometheus(self) -> Prometheus:
        return Prometheus(f"http://{self.address('prometheus', 9090)}")

    def loki(self) -> Loki:
        return Loki(f"http://{self.address('loki', 3100)}")

    def traces(self) -> Jaeger | Tempo:
        """The store of traces that this stack has."""
        return self._store(TRACES)

    def logs(self) -> Loki | VictoriaLogs:
        """The store of logs that this stack has."""
        return self._store(LOGS)

    def _store(self, known: dict):
        name = next(name for name in known if name in self.services())
        reader, port = known[name]
        return reader(f"http://{self.address(name, port)}")


def _is_fine(row: dict) -> bool:
    if row["State"] == "exited":
        return row["ExitCode"] == 0
    return row["State"] == "running" and row.get("Health", "") in ("", "healthy")
